"""The reference side of an alignment: which stored rows a video shows at a time."""

from dataclasses import dataclass

import numpy as np

from vdup.types import FloatArray, RowArray, TimeArray


@dataclass(frozen=True)
class ReferenceTrack:
    """Times of the rows of one reference video, in order."""

    starts_seconds: TimeArray
    """First sampled time of each row's run, shape [M], increasing."""
    ends_seconds: TimeArray
    """Last sampled time of each row's run, shape [M]."""
    duration_seconds: float
    """Length of the video."""
    step_seconds: float
    """Sampling step of the library; a sample speaks for half a step on either side."""

    def __post_init__(self) -> None:
        if len(self.starts_seconds) == 0:
            raise ValueError("a reference without rows cannot be aligned")
        if self.step_seconds <= 0:
            raise ValueError(f"step_seconds={self.step_seconds} must be above 0")

    def __len__(self) -> int:
        return len(self.starts_seconds)

    def contains(self, times_seconds: TimeArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether each time lies in the video."""
        inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (times_seconds >= 0.0) & (
            times_seconds <= self.duration_seconds
        )
        return inside

    def neighbours(self, times_seconds: TimeArray) -> tuple[RowArray, RowArray]:
        """Rows shown at or before, and after, each time; equal at the ends of the video."""
        before = np.clip(np.searchsorted(self.starts_seconds, times_seconds, side="right") - 1, 0, len(self) - 1)
        after = np.minimum(before + 1, len(self) - 1)
        return before, after

    def look_up(
        self, times_seconds: TimeArray, evidence: FloatArray, reach_seconds: float
    ) -> tuple[FloatArray, TimeArray]:
        """Best evidence near each time.

        A row counts when its run comes within ``reach_seconds`` of the time; the row before always does, since it is
        what the video was last seen to show.

        Args:
            times_seconds: reference times, float64 [S].
            evidence: evidence of one query frame for every row, float32 [M].
            reach_seconds: how far after a time the next run may begin to be considered.

        Returns:
            Best evidence, float32 [S], and the time nearest to the asked one that the row with this evidence stands
            for, float64 [S].
        """
        before, after = self.neighbours(times_seconds)
        first, second = evidence[before], evidence[after]
        takes_second = (second > first) & (self.starts_seconds[after] - times_seconds <= reach_seconds)
        rows = np.where(takes_second, after, before)
        half = self.step_seconds / 2
        nearest = np.clip(times_seconds, self.starts_seconds[rows] - half, self.ends_seconds[rows] + half)
        return np.where(takes_second, second, first), nearest
