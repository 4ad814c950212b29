"""Videos to codes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.config import SamplingConfig
from vdup.errors import VideoError
from vdup.hashing.clip_sampling import clip_pool, read_clip
from vdup.hashing.network import HashNetwork, HashShape, centre_crop, load_hash_network, pack

_CLIPS_AT_ONCE = 8


class VideoHasher:
    """Gives every video one short code."""

    def __init__(self, network: HashNetwork, sampling: SamplingConfig, device: torch.device | None = None) -> None:
        """Takes a network.

        Args:
            network: its weights; it is moved to the device and set to evaluation.
            sampling: decoding processes and their time limits.
            device: where to compute; none: the CPU.
        """
        self._device = device or torch.device("cpu")
        self._network = network.to(self._device).eval()
        self._sampling = sampling
        self.fingerprint = network.digest()
        """Of everything that shapes a code. Codes of hashers with different fingerprints cannot be compared."""

    @classmethod
    def open(cls, weights: Path, sampling: SamplingConfig, device: torch.device | None = None) -> "VideoHasher":
        """A hasher from a file of weights.

        Raises:
            WeightsError: the file is missing, damaged or of another kind.
        """
        return cls(load_hash_network(weights), sampling, device)

    @property
    def shape(self) -> HashShape:
        """Length of the codes, and what the network takes."""
        return self._network.shape

    def hash_video(self, path: Path) -> NDArray[np.uint8]:
        """Packed code of one video, uint8 [bits / 8].

        Raises:
            VideoError: the file cannot be read.
        """
        [(_, code)] = self.hash_videos([path])
        if isinstance(code, VideoError):
            raise code
        return code

    def hash_videos(self, paths: Sequence[Path]) -> Iterator[tuple[Path, NDArray[np.uint8] | VideoError]]:
        """Packed code of every video, uint8 [bits / 8], in order; the error in place of one that cannot be read."""
        with clip_pool(self._sampling, self.shape.frames, self.shape.decoded_side_pixels) as pool:
            for path, video in zip(paths, pool.videos(paths), strict=True):
                try:
                    yield path, self.hash_clips(read_clip(video)[None])[0]
                except VideoError as error:
                    yield path, error

    def hash_clips(self, clips: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Packed codes, uint8 [N, bits / 8], of decoded clips, uint8 [N, frames, side, side, 3]."""
        return pack(clip_values(self._network, clips, self._device))


@torch.inference_mode()
def clip_values(network: HashNetwork, clips: NDArray[np.uint8], device: torch.device) -> NDArray[np.float32]:
    """What a network gives for decoded clips before the signs are taken.

    Args:
        network: in evaluation mode, on the device.
        clips: uint8 [N, frames, S, S, 3] with S at least the network's side; the middle is looked at.
        device: where to compute.

    Returns:
        float32 [N, bits].
    """
    parts = [np.empty((0, network.shape.bits), dtype=np.float32)]
    for first in range(0, len(clips), _CLIPS_AT_ONCE):
        seen = centre_crop(clips[first : first + _CLIPS_AT_ONCE], network.shape.side_pixels)
        parts.append(network(torch.from_numpy(np.ascontiguousarray(seen)).to(device)).float().cpu().numpy())
    return np.concatenate(parts)
