"""Which frames are on screen at evenly spaced moments, decided by presentation time alone.

Frame counts and nominal frame rates play no part, so variable frame rate and 30000/1001 frames a second need no special
care: tick ``k`` is the moment ``k / frames_per_second``, and its frame is the last one that began no later.
"""

import math

import numpy as np

from vdup.types import RowArray, TimeArray

TIME_TOLERANCE_SECONDS = 1e-6
"""A frame that begins this little after a tick counts as shown at it: rounding, far below a frame's length."""


def first_tick_at(time_seconds: float, frames_per_second: float) -> int:
    """Number of the first tick at or after a moment, never negative."""
    return max(0, math.ceil((time_seconds - TIME_TOLERANCE_SECONDS) * frames_per_second))


class TickClock:
    """Decides, as frames arrive in order, which of them are shown at a tick.

    A frame's end is known only when the next one arrives, so the caller asks about a frame together with its end.
    """

    def __init__(self, frames_per_second: float, start_seconds: float = 0.0) -> None:
        check_rate(frames_per_second)
        self._frames_per_second = frames_per_second
        self._tick = first_tick_at(start_seconds, frames_per_second)

    @property
    def next_tick_seconds(self) -> float:
        """Moment of the next tick that has no frame yet."""
        return self._tick / self._frames_per_second

    def shows(self, end_seconds: float) -> bool:
        """Whether the frame on screen until ``end_seconds`` is shown at a tick that no earlier frame had.

        Ticks up to ``end_seconds`` are used up by the call.
        """
        following = first_tick_at(end_seconds, self._frames_per_second)
        if following <= self._tick:
            return False
        self._tick = following
        return True


def frames_at_ticks(
    times_seconds: TimeArray, end_seconds: float, frames_per_second: float, start_seconds: float = 0.0
) -> RowArray:
    """Rows of the frames shown at the ticks, each at most once.

    Args:
        times_seconds: when each frame begins, float64 [N], increasing, the first one 0.
        end_seconds: when the last frame leaves the screen.
        frames_per_second: ticks a second.
        start_seconds: ticks before this moment are left out.

    Returns:
        Increasing rows into ``times_seconds``, int64 [M].

    Raises:
        ValueError: ``frames_per_second`` is not a positive number.
    """
    check_rate(frames_per_second)
    if len(times_seconds) == 0:
        return np.zeros(0, dtype=np.int64)
    ticks = np.arange(
        first_tick_at(start_seconds, frames_per_second),
        max(first_tick_at(end_seconds, frames_per_second), 1 if start_seconds <= 0 else 0),
    )
    moments = ticks / frames_per_second + TIME_TOLERANCE_SECONDS
    rows = np.searchsorted(times_seconds, moments, side="right") - 1
    return np.unique(rows[rows >= 0]).astype(np.int64)


def check_rate(frames_per_second: float) -> None:
    """Refuse a rate that gives no ticks.

    Raises:
        ValueError: ``frames_per_second`` is zero, negative, infinite or not a number.
    """
    if not (math.isfinite(frames_per_second) and frames_per_second > 0):
        raise ValueError(f"frames_per_second must be a positive number, got {frames_per_second}")
