"""Generated alignments: a noisy excerpt of an edited copy, the original that holds it, and another video."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vdup.types import FloatArray, RowArray

from ..config.lamv import LAMVExperiment
from .recordings import COPY_LAG_FRAMES, Recordings

NEAR_FRAMES = 1.0
"""Offsets this near to the true one are right."""


@dataclass(frozen=True)
class Alignments:
    """B excerpts and what they are compared with. Offsets are frames, the excerpt's number minus the other's."""

    excerpts: Tensor
    """Float32 [B, L, d], zeros behind the end of the shorter ones."""
    lengths: Tensor
    """Frames of each excerpt, int64 [B]."""
    originals: Tensor
    """Float32 [B, K, d]; longer than the excerpts."""
    others: Tensor
    """Videos of other scenes, float32 [B, K, d]."""
    offsets: Tensor
    """True offset from the original, float64 [B]."""

    @property
    def grid(self) -> Tensor:
        """All whole offsets at which the longest excerpt overlaps the other video, float64 [G], increasing."""
        device = self.offsets.device
        return torch.arange(1 - self.originals.shape[1], self.excerpts.shape[1], dtype=torch.float64, device=device)

    @property
    def overlapping(self) -> Tensor:
        """Whether each excerpt overlaps the other video at an offset of the grid, bool [B, G]."""
        return self.grid[None] < self.lengths[:, None]

    @property
    def far(self) -> Tensor:
        """Whether an offset of the grid is wrong: more than a frame from the true one, bool [B, G]."""
        return (self.grid[None] - self.offsets[:, None]).abs() > NEAR_FRAMES

    def to(self, device: torch.device) -> "Alignments":
        """The same on a device."""
        parts = (self.excerpts, self.lengths, self.originals, self.others, self.offsets)
        return Alignments(*(part.to(device) for part in parts))


def draw_alignments(
    recordings: Recordings, clips: RowArray, among: RowArray, settings: LAMVExperiment, rng: np.random.Generator
) -> Alignments:
    """Draws an alignment for each of some clips.

    Args:
        recordings: features of all clips.
        clips: numbers of those to draw from, int64 [B]; a number may come more than once.
        among: numbers of the clips that the other videos are taken from.
        settings: lengths and noise.
        rng: source of all randomness.

    Raises:
        ValueError: all of ``among`` are of the scene of a clip.
    """
    frames = recordings.frames
    least, most = max(2, round(settings.shortest * frames)), max(2, round(settings.longest * frames))
    excerpts = np.zeros((len(clips), most, recordings.features.shape[3]), np.float32)
    lengths, starts, strangers = (np.empty(len(clips), np.int64) for _ in range(3))
    for row, clip in enumerate(clips.tolist()):
        lengths[row] = rng.integers(least, most + 1)
        starts[row] = rng.integers(frames - lengths[row] + 1)
        copy = 1 + rng.integers(recordings.copies)
        chosen = recordings.features[clip, copy, starts[row] : starts[row] + lengths[row]].astype(np.float32)
        excerpts[row, : lengths[row]] = with_noise(chosen, float(rng.uniform(0, settings.noise)), rng)
        elsewhere = among[recordings.scenes[among] != recordings.scenes[clip]]
        if len(elsewhere) == 0:
            raise ValueError("all clips are of one scene")
        strangers[row] = rng.choice(elsewhere)
    return Alignments(
        torch.from_numpy(excerpts),
        torch.from_numpy(lengths),
        torch.from_numpy(recordings.features[clips, 0].astype(np.float32)),
        torch.from_numpy(recordings.features[strangers, 0].astype(np.float32)),
        -(torch.from_numpy(starts).double() + COPY_LAG_FRAMES),
    )


def with_noise(features: FloatArray, noise: float, rng: np.random.Generator) -> FloatArray:
    """Features [N, d] with something of the given length added to each in a random direction, at length 1 again."""
    directions = rng.standard_normal(features.shape, dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    summed = features + np.float32(noise) * directions
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12), dtype=np.float32)
