"""When a video's pictures could not be decoded, or only in part.

What follows a damaged picture is built on it, down to the next key frame, and decoders do not tell of that. So a
damaged stretch reaches to the next key frame that is whole.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from vdup.types import BoolArray, Intervals, TimeArray

_JOINED_SECONDS = 1.0
"""Damage that lies no farther apart is told as one stretch."""


@dataclass
class DamagedMoments:
    """Collects them while a video is decoded."""

    _moments: list[float] = field(default_factory=list)
    _whole_keys: list[float] = field(default_factory=list)

    def note(self, seconds: float | None) -> None:
        """Adds a moment on the video's own clock; one that is not known does not count."""
        if seconds is not None:
            self._moments.append(seconds)

    def note_whole_key(self, seconds: float | None) -> None:
        """Adds the moment of a key frame that was decoded whole: what follows is built on it."""
        if seconds is not None:
            self._whole_keys.append(seconds)

    def intervals(self, origin_seconds: float, end_seconds: float) -> Intervals:
        """Start and end of every damaged stretch, in order, from 0 where the clock shows ``origin_seconds``.

        A stretch ends at the next key frame that is whole, or with the video.

        Args:
            origin_seconds: what the video's own clock shows at its first frame.
            end_seconds: length of the video.
        """
        keys = sorted(key - origin_seconds for key in self._whole_keys)
        found: list[tuple[float, float]] = []
        for moment in sorted(max(0.0, moment - origin_seconds) for moment in self._moments):
            following = bisect_right(keys, moment)
            end = max(moment, keys[following] if following < len(keys) else end_seconds)
            if found and moment - found[-1][1] <= _JOINED_SECONDS:
                found[-1] = found[-1][0], max(end, found[-1][1])
            else:
                found.append((moment, end))
        return tuple(found)


def without_damaged(searchable: BoolArray, times_seconds: TimeArray, damaged: Intervals) -> BoolArray:
    """Frames that are worth looking for: of those that show something, the ones outside all damaged stretches.

    Where nothing else is left, damaged frames are better than none.

    Args:
        searchable: False for blank frames, bool [N].
        times_seconds: of the frames, float64 [N].
        damaged: start and end of each damaged stretch.
    """
    whole = searchable.copy()
    for start, end in damaged:
        whole &= (times_seconds < start) | (times_seconds >= end)
    return whole if whole.any() else searchable


def told_damage(stretches: Intervals) -> str:
    """Where a video is damaged, in words."""
    first, last = stretches[0][0], stretches[-1][1]
    return f"damaged from {first:.1f} to {last:.1f} s" if last - first >= 0.05 else f"damaged at {first:.1f} s"
