"""Pairs of videos whose offset is known: a noisy excerpt and the video it was taken from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from vdup.train.lamv.alignments import with_noise

from vdup.types import FloatArray, FrameFeatures

NOISE_LEVELS = (1.0, 2.0, 4.0)
"""Lengths of the noise added to a feature of length 1."""

_LEAST_FRAMES = 30
"""Of an excerpt."""

_LEAST_VARIETY = 0.1
"""A stretch of a still picture fits wherever the picture is seen, to any method: such excerpts are not drawn."""

_TRIES = 20

_UNITS_A_SECOND = 15
"""Timestamps are in fifteenths of a second, whatever the frame rate: the published periods are in this unit."""


class TemporalModel(Protocol):
    """What the models of ``vdup.temporal`` have in common."""

    def single_fv(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """Descriptors of videos."""
        ...

    def score_pair(self, fv_a: Tensor, fv_b: Tensor, offsets: Tensor) -> Tensor:
        """Scores at offsets."""
        ...


@dataclass(frozen=True)
class Case:
    """An excerpt and the video to find it in."""

    excerpt: Tensor
    """Float32 [Ta, d]."""
    whole: Tensor
    """Float32 [Tb, d]; cases of one video share it."""
    offset_frames: int
    """Frame number in the excerpt minus frame number in the whole of the same moment."""
    frame_units: float
    """Distance of two frames in the unit of the timestamps."""


def draw_cases(
    videos: Sequence[FrameFeatures], count: int, noise: float, seed: int, *, foreign: bool = False
) -> list[Case]:
    """Draws cases; equal seeds give equal excerpts whatever the noise.

    Args:
        videos: features of unit length, float32 [N, d], at a steady frame rate.
        count: number of cases.
        noise: length of what is added to each feature in a random direction; the sum is scaled back to length 1.
        seed: of everything drawn.
        foreign: put as much footage of another video before the excerpt, as far as that reaches.

    Raises:
        ValueError: fewer than two videos are long and varied enough.
    """
    usable = [
        video for video in videos if len(video) >= 2 * _LEAST_FRAMES and variety(video.features) >= _LEAST_VARIETY
    ]
    if len(usable) < 2:
        raise ValueError(f"{len(usable)} of {len(videos)} videos are long and varied enough; at least two are needed")
    wholes = [torch.from_numpy(video.features) for video in usable]
    cases = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        chosen = int(rng.integers(len(usable)))
        video, other = usable[chosen], usable[(chosen + 1 + int(rng.integers(len(usable) - 1))) % len(usable)]
        start, length = _draw_stretch(video.features, rng)
        before = other.features[:length] if foreign else other.features[:0]
        excerpt = with_noise(np.concatenate((before, video.features[start : start + length])), noise, rng)
        # The mean: frames of a video of another rate are the nearest ones, at uneven distances.
        step_seconds = float(video.times_seconds[-1] - video.times_seconds[0]) / (len(video) - 1)
        frame_units = step_seconds * _UNITS_A_SECOND
        cases.append(Case(torch.from_numpy(excerpt), wholes[chosen], len(before) - start, frame_units))
    return cases


def _draw_stretch(features: FloatArray, rng: np.random.Generator) -> tuple[int, int]:
    """Start and length of a third to two thirds of a video in which something happens."""
    least = max(_LEAST_FRAMES, len(features) // 3)
    stretches = []
    for _ in range(_TRIES):
        length = int(rng.integers(least, max(least, 2 * len(features) // 3) + 1))
        start = int(rng.integers(len(features) - length + 1))
        stretches.append((start, length))
        if variety(features[start : start + length]) >= _LEAST_VARIETY:
            return start, length
    return max(stretches, key=lambda stretch: variety(features[stretch[0] : sum(stretch)]))


def variety(features: FloatArray) -> float:
    """1 - cosine of two frames, mean over all pairs, of unit vectors [N, d]: near 0 for a still picture."""
    return 1.0 - float(np.square(features.mean(axis=0)).sum())


@torch.inference_mode()
def share_found(model: TemporalModel, cases: Sequence[Case]) -> float:
    """Share of the cases whose best offset, of all at which the videos overlap, is within one frame of the true one."""
    described: dict[int, Tensor] = {}
    found = 0
    for case in cases:
        if id(case.whole) not in described:
            described[id(case.whole)] = _describe(model, case.whole, case.frame_units)
        frames = torch.arange(1 - len(case.whole), len(case.excerpt))
        fv_a, fv_b = _describe(model, case.excerpt, case.frame_units), described[id(case.whole)]
        scores = model.score_pair(fv_a, fv_b, frames[None] * case.frame_units)
        found += abs(int(frames[scores[0].argmax()]) - case.offset_frames) <= 1
    return found / len(cases)


def _describe(model: TemporalModel, features: Tensor, frame_units: float) -> Tensor:
    return model.single_fv(features[None], torch.arange(len(features))[None] * frame_units)
