"""Where two movies stop agreeing along a line, at either end of a stretch: codes say it only to half a second."""

import numpy as np

from vdup.movies.agreement import correlations, detail
from vdup.movies.changes import evened, shows_enough
from vdup.movies.lines import LEAST_COVERED
from vdup.movies.movie import Movie
from vdup.movies.placement import place_pictures
from vdup.types import BoolArray, FloatArray, Placement, RowArray, TimeArray

_STEP_SECONDS = 0.25
_FARTHEST_SECONDS = 1.0
"""An end moves outwards by no more than this."""
_MOST_TRIMMED = 0.3
"""Both ends together move inwards by no more than this part of the stretch."""
_LEAST_AGREEMENT = 0.5
"""Of a moment, as a part of the median over the stretch."""
_LEAST_MEDIAN = 0.4
"""Where even the pictures within a stretch agree less in detail, they do not tell its ends."""


def agreeing_stretch(
    query: Movie,
    reference: Movie,
    placement: Placement,
    line: tuple[float, float],
    stretch_seconds: tuple[float, float],
    limits_seconds: tuple[float, float],
) -> tuple[float, float]:
    """The stretch of the query, about a given one, in which the pictures of both agree in detail.

    An end moves outwards while the moments agree, and inwards past moments that do not. Moments at which a side shows
    next to nothing say nothing: ends do not move over them.

    Args:
        query: the query, a few seconds beyond the stretch at both ends.
        reference: likewise.
        placement: where the reference lies in the query's picture.
        line: speed and intercept of ``reference = speed * query + intercept``.
        stretch_seconds: start and end in the query.
        limits_seconds: first and last moment of the query at which both videos show something.

    Returns:
        Start and end in the query, in seconds.
    """
    start, end = stretch_seconds
    first = max(start - _FARTHEST_SECONDS, limits_seconds[0])
    last = min(end + _FARTHEST_SECONDS, limits_seconds[1])
    times: TimeArray = first + (np.arange(int((last - first) / _STEP_SECONDS), dtype=np.float64) + 0.5) * _STEP_SECONDS
    within = np.flatnonzero((times > start) & (times < end))
    if not len(within):
        return stretch_seconds
    agreements, known = _agreements(query, reference, placement, line, times)
    inside = within[known[within]]
    median = float(np.median(agreements[inside])) if len(inside) else 0.0
    if median < _LEAST_MEDIAN:
        return stretch_seconds
    agree = known & (_median_of_three(agreements) >= _LEAST_AGREEMENT * median)
    begin = _end(agree, known, within)
    finish = len(times) - 1 - _end(agree[::-1], known[::-1], len(times) - 1 - within[::-1])
    found_start = start if begin == within[0] else float(times[begin]) - _STEP_SECONDS / 2
    found_end = end if finish == within[-1] else float(times[finish]) + _STEP_SECONDS / 2
    trimmed = max(found_start - start, 0.0) + max(end - found_end, 0.0)
    return (found_start, found_end) if trimmed <= _MOST_TRIMMED * (end - start) else stretch_seconds


def _end(agree: BoolArray, known: BoolArray, within: RowArray) -> int:
    """The first moment of the stretch, moved inwards past those that do not agree, or else outwards while they do."""
    place, last = int(within[0]), int(within[-1])
    if known[place] and not agree[place]:
        while place < last and known[place] and not agree[place]:
            place += 1
        return place
    while place > 0 and agree[place - 1]:
        place -= 1
    return place


def _agreements(
    query: Movie, reference: Movie, placement: Placement, line: tuple[float, float], times: TimeArray
) -> tuple[FloatArray, BoolArray]:
    """How the detail of both agrees at moments, float32 [N], and where both show enough to tell, bool [N]."""
    speed, intercept_seconds = line
    mine, theirs = query.at(times), reference.at(speed * times + intercept_seconds)
    placed, covered = place_pictures(placement, evened(theirs))
    seen = covered >= LEAST_COVERED
    agreements = correlations(detail(evened(mine))[:, seen], detail(placed)[:, seen])
    return agreements, shows_enough(mine) & shows_enough(theirs)


def _median_of_three(values: FloatArray) -> FloatArray:
    """Without single moments that stand out; float32 [N]."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    medians: FloatArray = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0).astype(np.float32)
    return medians
