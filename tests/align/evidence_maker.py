"""Made-up evidence: what a query that shows a reference would measure against every row of it."""

from dataclasses import dataclass

import numpy as np

from vdup.align.line_fit import Distances
from vdup.align.stream import Stream, StreamMatcher, StreamRules
from vdup.align.track import ReferenceTrack
from vdup.types import CODE_BITS, FloatArray, TimeArray

HIGHEST, LOWEST = 4.0, -2.0

RULES = StreamRules(
    min_speed=0.5,
    max_speed=2.0,
    max_gap_seconds=4.0,
    open_evidence=0.25 * HIGHEST,
    keep_evidence=0.6 * HIGHEST,
    give_up_below_peak=2.0 * HIGHEST,
)


@dataclass(frozen=True)
class Shown:
    """The query shows the reference from ``start`` to ``end``, at ``speed`` x query time + ``intercept``."""

    start: float
    end: float
    intercept: float
    speed: float = 1.0

    def reference_at(self, query_seconds: float) -> float:
        return self.intercept + self.speed * query_seconds


def plain_track(rows: int, step_seconds: float = 1.0) -> ReferenceTrack:
    """A reference without runs."""
    times = np.arange(rows, dtype=np.float64) * step_seconds
    return ReferenceTrack(times, times, rows * step_seconds, step_seconds)


def make_evidence(times: TimeArray, track: ReferenceTrack, *copies: Shown) -> FloatArray:
    """Evidence falls from the highest to the lowest over 1.5 s between what is shown and what a row stands for."""
    evidence = np.full((len(times), len(track)), LOWEST, dtype=np.float32)
    for frame, time in enumerate(times):
        for row in range(len(track)):
            for copy in copies:
                if copy.start <= time < copy.end:
                    at = copy.reference_at(time)
                    away = max(track.starts_seconds[row] - at, at - track.ends_seconds[row], 0.0)
                    evidence[frame, row] = max(evidence[frame, row], HIGHEST - away * (HIGHEST - LOWEST) / 1.5)
    return evidence


def make_distances(evidence: FloatArray, track: ReferenceTrack) -> Distances:
    """The distances behind such evidence: they grow from 0 to half of the bits over the same 1.5 s."""
    to_rows = (HIGHEST - evidence) / (HIGHEST - LOWEST) * CODE_BITS / 2
    gaps = np.append(track.starts_seconds[1:] - track.ends_seconds[:-1], 0.0)
    return Distances(to_rows.astype(np.float32), (np.minimum(gaps / 1.5, 1) * CODE_BITS / 2).astype(np.float32))


def follow(times: TimeArray, evidence: FloatArray, track: ReferenceTrack, rules: StreamRules = RULES) -> list[Stream]:
    """All streams of a query, best first."""
    matcher = StreamMatcher(track, rules)
    for time, row in zip(times, evidence, strict=True):
        matcher.push(float(time), row)
    return matcher.finish()
