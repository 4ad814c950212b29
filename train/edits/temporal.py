"""Edits of time: which moment of the source a copy shows at each of its own moments.

The mapping is a formula, not a list of frames, so the ground truth of a generated copy is exact at any frame rate.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from vdup.types import RowArray, TimeArray

_ROUNDING_FRAMES = 1e-6


@dataclass(frozen=True)
class TimeMapping:
    """Source time as a function of the time in the copy; both count from the start of the copied stretch."""

    speed: float = 1.0
    """Source seconds that pass in one second of the copy."""
    held_frames_per_second: float | None = None
    """When set, only so many frames of each second of the copy are shown, and each is held until the next."""

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError(f"speed={self.speed} must be above 0")
        if self.held_frames_per_second is not None and not self.held_frames_per_second > 0:
            raise ValueError(f"held_frames_per_second={self.held_frames_per_second} must be above 0")

    def source_seconds(self, copy_seconds: TimeArray) -> TimeArray:
        """Moment of the source that is shown at each moment of the copy, float64 [N] to float64 [N]."""
        moments = copy_seconds
        if self.held_frames_per_second is not None:
            moments = np.floor(moments * self.held_frames_per_second + _ROUNDING_FRAMES) / self.held_frames_per_second
        return moments * self.speed

    def source_frames(
        self, count: int, copy_rate: Fraction, source_rate: Fraction, source_start_seconds: float = 0.0
    ) -> RowArray:
        """Number of the source frame on screen for each of the copy's first ``count`` frames.

        Args:
            count: Frames of the copy.
            copy_rate: Frames a second of the copy.
            source_rate: Frames a second of the source.
            source_start_seconds: Where in the source the copied stretch begins.

        Returns:
            int64 [count], not decreasing.
        """
        moments = source_start_seconds + self.source_seconds(np.arange(count) / float(copy_rate))
        return np.floor(moments * float(source_rate) + _ROUNDING_FRAMES).astype(np.int64)


@dataclass(frozen=True)
class TemporalEdit:
    """A named family of time mappings."""

    name: str
    speeds: tuple[float, float] = (1.0, 1.0)
    """Least and greatest speed."""
    held_frames_per_second: tuple[float, float] | None = None
    """Least and greatest rate of the frames that remain; None keeps them all."""

    def draw(self, rng: np.random.Generator) -> TimeMapping:
        """One mapping of the family, for one clip."""
        held = self.held_frames_per_second
        return TimeMapping(
            speed=round(float(rng.uniform(*self.speeds)), 3),
            held_frames_per_second=None if held is None else round(float(rng.uniform(*held)), 2),
        )


FAST = TemporalEdit("fast", speeds=(1.25, 2.0))
SLOW = TemporalEdit("slow", speeds=(0.5, 0.8))
DROPPED_FRAMES = TemporalEdit("fpsdrop", held_frames_per_second=(5.0, 12.0))
