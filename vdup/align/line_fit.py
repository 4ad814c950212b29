"""Where in a reference a query runs: the line of reference time over query time that explains its codes best.

Between two stored frames the reference passes from one code to the next, bit by bit, at times that nobody knows:
half-way, each of the bits in which they differ is either, with even chances. What it is expected to show at a share s
of the way is the mix r = (1 - s) a + s b of their signs, which is the shorter the more is open. The cosine of a query
frame and r says how far r explains the frame, and is largest at the right s. (The distance to the mix alone is smallest
at one of the two stored frames, wherever the query lies, and would draw every offset to half a sampling step.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.align.track import ReferenceTrack
from vdup.types import CODE_BITS, BoolArray, FloatArray, RowArray, TimeArray

BitCounts = NDArray[np.int32]

_OFFSETS_SECONDS = np.arange(-1.5, 1.5001, 0.125)
_DRIFTS_SECONDS = np.arange(-1.5, 1.5001, 0.25)
"""Lines tried round a given one: shifted, and turned so that they drift this far over the stretch."""

_TURN_COST_PER_LOG_SPEED = 2.0
"""Likelihood that a speed must bring for each unit of |log speed|: without motion, every speed fits alike, and 1 is the
likeliest."""

_INDEPENDENT_BITS = 8.0
"""What the bits of a frame count for: they hang together, and so do neighbouring frames. Chosen on generated copies."""

_MOST_EXPLAINED = 0.97
"""A frame counts no more than one of which this share is explained: it may be there by chance."""

_SHORTEST = 64.0
"""Least squared length of a mix, in bits: two stored frames of nothing in common have a mix of length nearly 0."""


@dataclass(frozen=True)
class Line:
    """Reference time as a function of query time."""

    speed: float
    intercept_seconds: float
    """Reference time at query time 0; may lie outside the video."""

    def reference_at(self, query_seconds: TimeArray) -> TimeArray:
        """Reference times for query times."""
        return self.intercept_seconds + self.speed * query_seconds

    def query_at(self, reference_seconds: float) -> float:
        """Query time for a reference time."""
        return (reference_seconds - self.intercept_seconds) / self.speed


@dataclass(frozen=True)
class Distances:
    """How far query frames are from the rows of a reference, and each row from the next."""

    to_rows: FloatArray
    """Bits, float32 [N, M]; half of all bits, which says nothing, where either is blank."""
    between_rows: FloatArray
    """Bits from row m to row m + 1, float32 [M], the last of them 0."""

    @classmethod
    def of(cls, to_rows: BitCounts, known: BoolArray, between_rows: BitCounts) -> "Distances":
        """Takes measured distances.

        Args:
            to_rows: bits, int32 [N, M].
            known: neither the frame nor the row is blank, bool [N, M].
            between_rows: bits from each row to the next, int32 [M - 1].
        """
        known_bits = np.where(known, to_rows, CODE_BITS / 2).astype(np.float32)
        return cls(known_bits, np.append(between_rows, 0).astype(np.float32))


def best_line(
    near: Line,
    stretch_seconds: tuple[float, float],
    times_seconds: TimeArray,
    distances: Distances,
    track: ReferenceTrack,
    speed_limits: tuple[float, float],
) -> Line:
    """The line near another that explains a stretch of the query best.

    Args:
        near: where to look.
        stretch_seconds: start and end of the stretch.
        times_seconds: times of the query frames, float64 [N].
        distances: of these frames and the rows of the reference.
        track: times of the reference rows.
        speed_limits: least and greatest speed allowed.

    Returns:
        The best of a grid of shifted and turned lines.
    """
    start, end = stretch_seconds
    inside = np.flatnonzero((times_seconds >= start - 1e-6) & (times_seconds <= end + 1e-6))
    times = times_seconds[inside]
    middle, length = (start + end) / 2, max(end - start, 1.0)
    speeds = np.clip(near.speed + _DRIFTS_SECONDS / length, 0.8 * near.speed, 1.25 * near.speed)
    speeds = np.clip(speeds, *speed_limits)
    speeds = np.unique(np.append(speeds, 1.0) if abs(near.speed - 1) * length < 2 else speeds)
    offsets = near.intercept_seconds + near.speed * middle + _OFFSETS_SECONDS
    # Reference times of all lines at all frames: [speeds, offsets, frames].
    at = offsets[None, :, None] + speeds[:, None, None] * (times - middle)[None, None, :]
    explained = explained_shares(inside, at, distances, track)
    # The likelihood of a linear regression, against that without the reference.
    total = -_INDEPENDENT_BITS / 2 * np.log1p(-np.minimum(explained, _MOST_EXPLAINED)).sum(axis=2)
    total -= _TURN_COST_PER_LOG_SPEED * np.abs(np.log(speeds))[:, None]
    total -= 1e-3 * np.abs(_OFFSETS_SECONDS)[None]  # of equal lines the nearest one
    best_speed, best_offset = np.unravel_index(int(np.argmax(total)), total.shape)
    speed = float(speeds[best_speed])
    return Line(speed=speed, intercept_seconds=float(offsets[best_offset]) - speed * middle)


def explained_shares(frames: RowArray, at: TimeArray, distances: Distances, track: ReferenceTrack) -> TimeArray:
    """Squared cosine of query frames and what the reference is expected to show; 0 outside of the reference.

    Args:
        frames: rows of ``distances.to_rows``, int64 [K].
        at: reference time at which each is held to be, float64 [..., K].
        distances: of the frames and the rows of the reference.
        track: times of the reference rows.

    Returns:
        0 to 1, float64 [..., K].
    """
    before, after = track.neighbours(at)
    gap = np.maximum(track.starts_seconds[after] - track.ends_seconds[before], 1e-9)
    share = np.clip((at - track.ends_seconds[before]) / gap, 0.0, 1.0)
    to_rows = distances.to_rows
    mixed = (1 - share) * to_rows[frames, before] + share * to_rows[frames, after]
    # Bits in which the two rows differ are worth 1 - 2 s in the mix, the others 1.
    squared_length = CODE_BITS - 4 * share * (1 - share) * distances.between_rows[before]
    cosine = (CODE_BITS - 2 * mixed) / np.sqrt(CODE_BITS * np.maximum(squared_length, _SHORTEST))
    shares: TimeArray = np.where(track.contains(at), np.clip(cosine, 0.0, 1.0) ** 2, 0.0)
    return shares
