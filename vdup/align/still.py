"""Copies in which nothing moves: what is seen is known, and the moment is not.

A still picture fits wherever the reference shows it. The line of the codes is chance then, at any speed, so the answer
is the plainest one: once, at 1.00x, with the stretch of the reference that fits equally.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.segments import overlap_share
from vdup.codes.hamming import hamming_distances
from vdup.codes.runs import RUN_RADIUS_BITS
from vdup.movies.registration import STILL
from vdup.types import VideoCodes

_MOST_SHARED = 0.5


def settle_still(segments: Sequence[ScoredSegment], reference: VideoCodes, step_seconds: float) -> list[ScoredSegment]:
    """Gives segments of a query that stands still one plain answer each part of it, and the stretch that fits equally.

    Args:
        segments: of one query and one reference, verified.
        reference: its codes.
        step_seconds: distance of its sampled frames; a row stands for what is shown until the next one.

    Returns:
        The segments that move, as they are; of those that do not the likeliest of each part of the query.
    """
    kept: list[ScoredSegment] = []
    for segment in sorted(segments, key=lambda item: -item.score):
        if not is_still(segment):
            kept.append(segment)
            continue
        mine = segment.intervals()[0]
        if not any(is_still(other) and overlap_share(mine, other.intervals()[0]) > _MOST_SHARED for other in kept):
            kept.append(_placed_plainly(segment, reference, step_seconds))
    return kept


def is_still(segment: ScoredSegment) -> bool:
    """Whether nothing moves in the query's part of a segment, as far as its movie tells."""
    return segment.registration is not None and segment.registration.motion < STILL


def _placed_plainly(scored: ScoredSegment, reference: VideoCodes, step_seconds: float) -> ScoredSegment:
    segment = scored.segment
    middle = (segment.reference_start_seconds + segment.reference_end_seconds) / 2
    first, last = _same_picture(reference, middle, step_seconds)
    length = segment.query_end_seconds - segment.query_start_seconds
    # Within the stretch, or, where that is shorter, round its middle; within the reference in any case.
    start = (
        min(max(middle - length / 2, first), last - length) if last - first >= length else (first + last - length) / 2
    )
    start = min(max(start, 0.0), max(reference.duration_seconds - length, 0.0))
    end = min(start + length, reference.duration_seconds)
    line = Line(1.0, start - segment.query_start_seconds)
    plain = replace(
        segment,
        line=line,
        query_end_seconds=segment.query_start_seconds + end - start,
        reference_start_seconds=start,
        reference_end_seconds=end,
    )
    return replace(scored, segment=plain, fits_equally_seconds=(first, last))


def _same_picture(reference: VideoCodes, moment: float, step_seconds: float) -> tuple[float, float]:
    """The stretch round a moment in which a video shows the same picture, by its codes."""
    row = int(np.clip(np.searchsorted(reference.starts_seconds, moment, side="right") - 1, 0, len(reference) - 1))
    codes = np.asarray(reference.codes)
    near = hamming_distances(codes[row : row + 1], codes)[0] <= RUN_RADIUS_BITS
    first, last = row, row
    while first > 0 and near[first - 1]:
        first -= 1
    while last + 1 < len(near) and near[last + 1]:
        last += 1
    begin = float(reference.starts_seconds[first])
    return begin, max(begin, min(float(reference.ends_seconds[last]) + step_seconds, reference.duration_seconds))
