"""From a stream to a segment: the best line near it, and where the evidence along it begins and ends."""

from dataclasses import dataclass

import numpy as np

from vdup.align.line_fit import Distances, Line, best_line
from vdup.align.stream import Stream
from vdup.align.track import ReferenceTrack
from vdup.types import FloatArray, RowArray, TimeArray

_MOST_FITS = 3
"""A line is fitted to the stretch that the line before it led to, this often at the most."""

_EXTRAPOLATE_SECONDS = 8.0
"""How far outside the stream its line is followed: opening needs a good frame, belonging does not."""


_REACH_STEPS = 0.75
"""How long before its run begins a stored frame may stand for a query frame."""


@dataclass(frozen=True)
class Segment:
    """A stretch of the query on a line through the reference, with the evidence along it."""

    line: Line
    query_start_seconds: float
    query_end_seconds: float
    reference_start_seconds: float
    reference_end_seconds: float
    query_rows: RowArray
    """Rows of the query's frames inside, int64 [K]."""
    reference_rows: RowArray
    """Row of the reference that each was compared with, int64 [K]."""
    evidence: FloatArray
    """Log-likelihood ratio of each pair, float32 [K]."""

    @property
    def total_evidence(self) -> float:
        """Sum over the frames."""
        return float(self.evidence.sum())


def best_segment(
    stream: Stream,
    times_seconds: TimeArray,
    evidence: FloatArray,
    distances: Distances,
    track: ReferenceTrack,
    speed_limits: tuple[float, float],
    query_duration_seconds: float,
) -> Segment | None:
    """The segment that a stream leads to.

    A line is fitted to the stream and followed beyond its ends, then fitted again to the whole stretch that belongs:
    the longer the stretch, the better its speed is known.

    Args:
        stream: where to look.
        times_seconds: times of the query frames, float64 [N].
        evidence: log-likelihood ratio of every query frame against every reference row, float32 [N, M].
        distances: of the same.
        track: times of the reference rows.
        speed_limits: least and greatest speed allowed.
        query_duration_seconds: length of the query.

    Returns:
        The segment, or None when no frame has evidence for a copy.
    """
    core = (stream.query_start_seconds, stream.query_end_seconds)
    line, stretch = Line(stream.speed, stream.reference_at(0.0)), core
    best: Segment | None = None
    for _ in range(_MOST_FITS):
        line = best_line(line, stretch, times_seconds, distances, track, speed_limits)
        segment = cut_segment(line, core, times_seconds, evidence, distances, track, query_duration_seconds)
        if segment is None or (best is not None and segment.total_evidence <= best.total_evidence):
            break
        best, stretch = segment, (segment.query_start_seconds, segment.query_end_seconds)
    return best


def cut_segment(
    line: Line,
    core_seconds: tuple[float, float],
    times_seconds: TimeArray,
    evidence: FloatArray,
    distances: Distances,
    track: ReferenceTrack,
    query_duration_seconds: float,
) -> Segment | None:
    """The stretch of a line with the highest sum of evidence, its ends placed between samples.

    An end lies half-way between the last frame that belongs and the first that does not, and never outside either
    video: where the reference begins or ends, the line says exactly when the query must.

    Args:
        line: the line.
        core_seconds: query times of the stream; the stretch may begin and end up to 8 s outside.
        times_seconds: times of the query frames, float64 [N].
        evidence: log-likelihood ratio of every query frame against every reference row, float32 [N, M].
        distances: of the same.
        track: times of the reference rows.
        query_duration_seconds: length of the query.

    Returns:
        The segment, or None when no frame has evidence for a copy.
    """
    half = track.step_seconds / 2
    at = line.reference_at(times_seconds)
    usable = (times_seconds >= core_seconds[0] - _EXTRAPOLATE_SECONDS) & (
        times_seconds <= core_seconds[1] + _EXTRAPOLATE_SECONDS
    )
    usable &= (at >= -half / 2) & (at <= track.duration_seconds + half / 2)
    frames = np.flatnonzero(usable)
    if not len(frames):
        return None
    rows = _rows_along(frames, at[frames], distances, track)
    values = evidence[frames, rows]
    first, last = _maximum_sum(values)
    if values[first : last + 1].sum() <= 0:
        return None
    start = _boundary(times_seconds, frames[first], -1)
    end = _boundary(times_seconds, frames[last], +1)
    start = max(start, line.query_at(0.0), 0.0)
    end = min(end, line.query_at(track.duration_seconds), query_duration_seconds)
    if end <= start:
        return None
    limits = np.clip(line.reference_at(np.array([start, end])), 0.0, track.duration_seconds)
    chosen = slice(first, last + 1)
    return Segment(
        line=line,
        query_start_seconds=start,
        query_end_seconds=end,
        reference_start_seconds=float(limits[0]),
        reference_end_seconds=float(limits[1]),
        query_rows=frames[chosen],
        reference_rows=rows[chosen],
        evidence=values[chosen],
    )


def _rows_along(frames: RowArray, at: TimeArray, distances: Distances, track: ReferenceTrack) -> RowArray:
    """Row that each frame on the line is compared with: the nearer of the two samples round its reference time.

    The nearer one by their codes and not by evidence, which is cut off: of two near samples it could not tell.
    """
    before, after = track.neighbours(at)
    reaches = track.starts_seconds[after] - at <= _REACH_STEPS * track.step_seconds
    nearer = distances.to_rows[frames, after] < distances.to_rows[frames, before]
    return np.where(reaches & nearer, after, before)


def _maximum_sum(values: FloatArray) -> tuple[int, int]:
    """First and last position of the contiguous stretch with the highest sum (Kadane)."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    lowest = np.minimum.accumulate(sums[:-1])
    last = int(np.argmax(sums[1:] - lowest))
    # Of equal stretches the shortest: frames without evidence do not belong.
    first = int(np.flatnonzero(sums[: last + 1] == lowest[last])[-1])
    return first, last


def _boundary(times_seconds: TimeArray, frame: int, direction: int) -> float:
    """Half-way from a frame to its neighbour; at the query's first and last frame a whole step beyond.

    A frame stands for what is shown until the next one is sampled, and behind the last one there is nothing else.
    """
    neighbour = frame + direction
    if 0 <= neighbour < len(times_seconds):
        return float((times_seconds[frame] + times_seconds[neighbour]) / 2)
    if len(times_seconds) == 1:
        return float(times_seconds[frame])
    inner = frame - direction
    return float(2 * times_seconds[frame] - times_seconds[inner])
