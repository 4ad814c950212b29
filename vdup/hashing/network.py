"""The hash network: a 3D convolutional network and one fully connected layer, from a clip to as many values as bits.

The networks are those of Tran et al., "A closer look at spatiotemporal convolutions for action recognition" (CVPR
2018), as torchvision has them; the fully connected layer takes the place of the divide-and-encode module of Lai et al.,
"Simultaneous feature learning and hash coding with deep neural networks" (CVPR 2015). Its values are normalised over
the batch, without parameters of their own, as Hoe et al. do ("One loss for all: deep hashing with a single cosine
similarity based learning objective", NeurIPS 2021): every bit is set for about half of the clips, and a loss over
distances cannot be lowered by shrinking all values together, which is what random weights do first. Once trained, that
is a shift and a scale, part of the same linear layer.

A file of weights is a safetensors file with the tensors ``trunk.*``, ``projection.*`` and ``balance.*`` in float32,
and the metadata key ``vdup`` holding JSON: ``format`` (``hash-network-2``), ``network``, ``bits``, ``frames``,
``side_pixels``, and ``training``, which only informs.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import video as architectures

from vdup.errors import WeightsError

_FORMAT = "hash-network-2"
_KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
_KINETICS_STD = (0.22803, 0.22145, 0.216989)
_TRAIN = "train one with: python -m vdup.train +experiment=c3d_hash data.root=DIR output=FILE"

BITS = (16, 32, 48, 64)
"""Lengths that a code may have."""

_NETWORKS = {
    "r3d_18": (architectures.r3d_18, architectures.R3D_18_Weights.KINETICS400_V1),
    "mc3_18": (architectures.mc3_18, architectures.MC3_18_Weights.KINETICS400_V1),
    "r2plus1d_18": (architectures.r2plus1d_18, architectures.R2Plus1D_18_Weights.KINETICS400_V1),
}


@dataclass(frozen=True)
class HashShape:
    """What a hash network is and takes."""

    network: str
    """r3d_18, mc3_18 or r2plus1d_18."""
    bits: int
    """16, 32, 48 or 64."""
    frames: int
    """Of a clip."""
    side_pixels: int
    """Width and height of what the network sees."""

    def __post_init__(self) -> None:
        if self.network not in _NETWORKS or self.bits not in BITS:
            raise ValueError(f"network={self.network}, bits={self.bits}: known are {', '.join(_NETWORKS)} and {BITS}")
        if self.frames < 1 or self.side_pixels < 16:
            raise ValueError(f"frames={self.frames}, side_pixels={self.side_pixels}: at least 1 and 16 are needed")

    @property
    def decoded_side_pixels(self) -> int:
        """Width and height of decoded clips, an eighth more or a little less, of which the network sees a part."""
        return self.side_pixels * 8 // 7

    @property
    def code_bytes(self) -> int:
        """Bytes of a packed code."""
        return self.bits // 8


class HashNetwork(nn.Module):
    """Clips to values whose signs are the code. Weights are random until some are loaded."""

    def __init__(self, shape: HashShape) -> None:
        super().__init__()
        make, _ = _NETWORKS[shape.network]
        trunk = make(weights=None)
        width = int(trunk.fc.in_features)
        trunk.fc = nn.Identity()
        self.shape = shape
        self.trunk = trunk
        self.projection = nn.Linear(width, shape.bits)
        self.balance = nn.BatchNorm1d(shape.bits, affine=False)
        self.register_buffer("mean", torch.tensor(_KINETICS_MEAN)[:, None, None, None] * 255, persistent=False)
        self.register_buffer("std", torch.tensor(_KINETICS_STD)[:, None, None, None] * 255, persistent=False)

    def forward(self, clips: Tensor) -> Tensor:
        """Values of clips.

        Args:
            clips: RGB, uint8 [B, F, S, S, 3].

        Returns:
            float [B, bits]. Their signs are the code; training squashes them with tanh.
        """
        values: Tensor = self.balance(self.projection(self.features(clips)))
        return values

    def features(self, clips: Tensor) -> Tensor:
        """What the trunk gives, float [B, 512], for clips, uint8 [B, F, S, S, 3]."""
        pixels = clips.permute(0, 4, 1, 2, 3).float()
        features: Tensor = self.trunk((pixels - self.get_buffer("mean")) / self.get_buffer("std"))
        return features

    def digest(self) -> str:
        """SHA-256 of shape and weights: codes of networks with different digests cannot be compared."""
        total = hashlib.sha256(json.dumps(asdict(self.shape), sort_keys=True).encode())
        for name, tensor in sorted(_weights_of(self).items()):
            total.update(name.encode())
            total.update(tensor.numpy().tobytes())
        return total.hexdigest()


def load_kinetics(network: HashNetwork) -> None:
    """Gives the trunk torchvision's Kinetics-400 weights, downloaded on first use.

    Raises:
        WeightsError: they cannot be had.
    """
    _, published = _NETWORKS[network.shape.network]
    try:
        state = published.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # an URLError is an OSError
        raise WeightsError(
            f"cannot download the Kinetics weights from {published.url} ({error}); put that file into "
            f"{torch.hub.get_dir()}/checkpoints, or train from scratch with experiment.pretrained=none"
        ) from error
    network.trunk.load_state_dict({name: tensor for name, tensor in state.items() if not name.startswith("fc.")})


def pack(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Signs of values, float32 [N, bits], as packed codes, uint8 [N, bits / 8]; 0 counts as positive.

    Raises:
        ValueError: values hold NaN, which has no sign.
    """
    if np.isnan(values).any():
        raise ValueError("values hold NaN")
    return np.packbits(values >= 0, axis=1)


def centre_crop(clips: NDArray[np.uint8], side_pixels: int) -> NDArray[np.uint8]:
    """The middle of clips: [..., S, S, 3] to [..., side, side, 3]."""
    top = (clips.shape[-3] - side_pixels) // 2
    left = (clips.shape[-2] - side_pixels) // 2
    return clips[..., top : top + side_pixels, left : left + side_pixels, :]


def save_hash_network(path: Path, network: HashNetwork, training: Mapping[str, object]) -> None:
    """Writes a file of weights.

    Args:
        path: ``.safetensors`` file to write.
        network: its weights.
        training: how it was trained, plain JSON values.
    """
    header = {"format": _FORMAT, **asdict(network.shape), "training": dict(training)}
    header["torchvision"] = torchvision.__version__
    save_file(_weights_of(network), str(path), metadata={"vdup": json.dumps(header, sort_keys=True)})


def load_hash_network(path: Path) -> HashNetwork:
    """Reads a file of :func:`save_hash_network`; the network is in evaluation mode.

    Raises:
        WeightsError: the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise WeightsError(f"weights file {path} does not exist: check hash.weights, or {_TRAIN}")
    try:
        with safe_open(str(path), framework="pt") as source:
            header = json.loads((source.metadata() or {}).get("vdup", "null"))
            tensors = {name: source.get_tensor(name) for name in source.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as weights ({error}); {_TRAIN}") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise WeightsError(f"{path} is not a hash network of format {_FORMAT}: check hash.weights, or {_TRAIN}")
    try:
        shape = HashShape(**{name: header[name] for name in ("network", "bits", "frames", "side_pixels")})
        network = HashNetwork(shape)
        missing, unknown = network.load_state_dict(tensors, strict=False)
        # The counter of training steps is left out of the file; it has no effect on the output.
        if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
            raise ValueError(f"tensors do not fit the network, such as {[*unknown, *missing][0]}")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold the network that it names ({error}); {_TRAIN}") from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError(f"{path}: its weights hold NaN or infinity; {_TRAIN}")
    return network.eval().requires_grad_(False)


def _weights_of(network: HashNetwork) -> dict[str, Tensor]:
    return {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
