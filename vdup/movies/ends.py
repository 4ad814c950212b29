"""Where two movies stop agreeing along a line, at either end of a stretch or within it; codes say it only roughly."""

import numpy as np

from vdup.movies.agreement import correlations, detail
from vdup.movies.changes import evened, shows_enough
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import LEAST_COVERED, place_pictures
from vdup.movies.storage import PackedMovie
from vdup.types import BoolArray, FloatArray, Placement, RowArray, TimeArray

_STEP_SECONDS = 0.25
_FARTHEST_SECONDS = 1.0
"""An end moves outwards by no more than this."""
_MOST_TRIMMED = 0.3
"""Both ends together move inwards by no more than this part of the stretch."""
_LEAST_AGREEMENT = 0.5
"""Of a moment, as a part of the median over the stretch."""
_PART_SECONDS = 60.0
"""Long stretches are looked at in parts of this length."""
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
    agreements, known, _ = _agreements(query, reference, placement, line, times)
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


def longest_unlike_seconds(
    query: PackedMovie,
    reference: PackedMovie,
    placement: Placement,
    line: tuple[float, float],
    stretch_seconds: tuple[float, float],
) -> float | None:
    """The longest time within a stretch for which the two show different pictures, such as a scene that was replaced.

    A blank picture on one side alone is a different one.

    Args:
        query: movie of the query.
        reference: likewise.
        placement: where the reference lies in the query's picture.
        line: speed and intercept of ``reference = speed * query + intercept``.
        stretch_seconds: start and end in the query.

    Returns:
        None where the pictures agree too little everywhere to tell.

    Raises:
        LibraryDamagedError: a movie is damaged.
    """
    start, end = stretch_seconds
    parts = []
    for first in np.arange(start, end, _PART_SECONDS).tolist():
        last = min(first + _PART_SECONDS, end)
        times: TimeArray = np.arange(first + _STEP_SECONDS / 2, last, _STEP_SECONDS, dtype=np.float64)
        shown = [line[0] * moment + line[1] for moment in (first - 1.0, last + 1.0)]
        if len(times):
            movies = query.between(first - 1.0, last + 1.0), reference.between(shown[0], shown[1])
            parts.append(_agreements(*movies, placement, line, times))
    if not parts:
        return None
    agreements, known, one_blank = (np.concatenate(column) for column in zip(*parts, strict=True))
    median = float(np.median(agreements[known])) if known.any() else 0.0
    if median < _LEAST_MEDIAN:
        return None
    unlike = one_blank | (known & (_median_of_three(agreements) < _LEAST_AGREEMENT * median))
    return longest_run(unlike) * _STEP_SECONDS


def longest_run(marks: BoolArray) -> int:
    """Length of the longest run of True; 0 when there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


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
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """How detail agrees at moments, float32 [N]; where both show enough to tell, and where only one does, bool [N]."""
    speed, intercept_seconds = line
    mine, theirs = query.at(times), reference.at(speed * times + intercept_seconds)
    placed, covered = place_pictures(placement, evened(theirs))
    seen = covered >= LEAST_COVERED
    agreements = correlations(detail(evened(mine))[:, seen], detail(placed)[:, seen])
    shown, other = shows_enough(mine), shows_enough(theirs)
    return agreements, shown & other, shown ^ other


def _median_of_three(values: FloatArray) -> FloatArray:
    """Without single moments that stand out; float32 [N]."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    medians: FloatArray = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0).astype(np.float32)
    return medians
