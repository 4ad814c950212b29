"""Two movies held against each other along a segment: where the picture lies, on which line, how well they agree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vdup.movies.agreement import Agreement, agreement, detail
from vdup.movies.changes import changes_at, evened
from vdup.movies.lines import LineTables
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import LEAST_COVERED, place_pictures
from vdup.movies.placement import find_placement
from vdup.types import FloatArray, Placement, Rectangle, TimeArray

_MOMENTS_A_SECOND = 4.0
_LEAST_MOMENTS = 8
_MOST_MOMENTS = 32
_BLUR_SECONDS = 0.5
"""Pictures are means over so long while the place is searched for."""
_SHIFTS_SECONDS = (-0.4, 0.0, 0.4)
"""Errors of the line that the search for the place allows for."""

_MARGIN_SECONDS = 0.4
_MARGIN_SHARE = 0.12
"""So much at either end is left out: ends are uncertain, and what lies beyond them would count as change."""

_REACH_SECONDS = 8.0
"""The reference is looked at so far before and after the segment."""
_SEARCH_SECONDS = 1.5
_STEP_SECONDS = 0.05
_SPEED_FACTORS = np.geomspace(0.75, 1.3333, 33)
_PLAIN_BONUS = 0.12
"""What a change of speed must bring for itself: the logarithm of what the plain line leaves unexplained over what it
leaves. On 299 excerpts and generated copies the speed was right in 0.84 of those that play at another one when 0.02 of
the correlation was asked for in its place, and in 0.92 with 0.1; 0.05 and 0.2 were worse on the whole."""
_UNEXPLAINED = 0.02
"""Left unexplained at a correlation of 1: no copy is perfect."""

_STANDING = 0.4
"""Energy of what stands, against what changes, while the place is searched for."""

STILL = 0.03
"""Motion of a side below which nothing is said to move, in deviations of a picture."""

_ELSEWHERE_SECONDS = 1.0
"""Lines shifted by more than this tell how well other moments fit,"""
_ELSEWHERE_STEP_SECONDS = 0.125
_LEAST_SHOWN = 0.9
"""if they lie within the reference for so much of the segment."""


@dataclass(frozen=True)
class Registration:
    """How two movies agree along a segment."""

    placement: Placement
    speed: float
    intercept_seconds: float
    """The line ``reference = speed * query + intercept`` on which they agree most."""
    correlation: float
    """Of what changes, along that line, -1 to 1."""
    elsewhere: float
    """The 90 % quantile of the same along lines that are shifted by more than a second."""
    motion: float
    """How much changes in the query: root of the mean square, in deviations of a picture."""
    reference_motion: float
    covered: float
    """Share of the query's picture that the reference fills."""
    moments: int
    """Moments that were compared."""
    agreement: Agreement
    """How the pictures agree, beyond what changes most."""
    quick: float
    """Correlation of what changes quickly, -1 to 1."""
    quick_elsewhere: float
    """The 90 % quantile of the same along shifted lines."""
    quick_at_best_elsewhere: float
    """The largest of them."""
    independent_moments: float
    """How many moments of the query change in ways of their own, 1 to ``moments``: a single cut between two still
    pictures counts for one, however long both stand."""

    @property
    def contrast(self) -> float:
        """Log-likelihood ratio a moment of this line against others near it: of what the two leave unexplained."""
        return _contrast(self.correlation, self.elsewhere)

    @property
    def quick_contrast(self) -> float:
        """The same of what changes quickly."""
        return _contrast(self.quick, self.quick_elsewhere)

    @property
    def quick_margin(self) -> float:
        """The same against the best of the other lines."""
        return _contrast(self.quick, self.quick_at_best_elsewhere)


def _contrast(correlation: float, elsewhere: float) -> float:
    left, left_elsewhere = (1 + _UNEXPLAINED - max(value, 0.0) for value in (correlation, elsewhere))
    return math.log(left_elsewhere / left)


def register(
    query: Movie,
    reference: Movie,
    query_span_seconds: tuple[float, float],
    speed: float,
    intercept_seconds: float,
    speed_limits: tuple[float, float],
    likely: Sequence[Rectangle] = (),
) -> Registration:
    """Registers two movies along a line that may be off by half a second.

    Args:
        query: the query, without the frequencies that storing drops.
        reference: the reference.
        query_span_seconds: start and end of the segment in the query.
        speed: of the line ``reference = speed * query + intercept``.
        intercept_seconds: of the same.
        speed_limits: slowest and fastest playback.
        likely: parts of the query's picture that all of the reference's may well fill, such as panels.

    Raises:
        ValueError: a movie has no picture.
    """
    start, end = query_span_seconds
    margin = min(_MARGIN_SECONDS, _MARGIN_SHARE * (end - start))
    start, end = start + margin, end - margin
    moments = int(np.clip(round((end - start) * _MOMENTS_A_SECOND), _LEAST_MOMENTS, _MOST_MOMENTS))
    times: TimeArray = start + (np.arange(moments) + 0.5) / moments * (end - start)
    line = speed * times + intercept_seconds
    of_query = changes_at(query, times, _BLUR_SECONDS)
    shifted = [changes_at(reference, line + shift, _BLUR_SECONDS * speed) for shift in _SHIFTS_SECONDS]
    placement = find_placement(
        _with_standing(of_query, query.at(times)),
        [_with_standing(part, reference.at(line)) for part in shifted],
        reference.shape,
        likely,
    ).placement
    span = (line[0] - _REACH_SECONDS, line[-1] + _REACH_SECONDS)
    tables = LineTables.of(query, times, reference, span, placement)
    middle = float((start + end) / 2)
    at_middle = speed * middle + intercept_seconds
    offsets = np.arange(-_SEARCH_SECONDS, _SEARCH_SECONDS + 1e-9, _STEP_SECONDS)
    speeds = np.unique(np.clip(np.append(speed * _SPEED_FACTORS, 1.0), *speed_limits))
    grid_speeds, grid_offsets = (axis.ravel() for axis in np.meshgrid(speeds, offsets, indexing="ij"))
    correlations = tables.correlations(grid_speeds, at_middle + grid_offsets - grid_speeds * middle)
    unexplained = 1 + _UNEXPLAINED - np.maximum(correlations, 0.0)
    merit = -np.log(unexplained) - _PLAIN_BONUS * (np.abs(grid_speeds - 1) > 1e-6)
    best = int(np.argmax(merit))
    speed, at_middle = float(grid_speeds[best]), at_middle + float(grid_offsets[best])
    intercept_seconds = at_middle - speed * middle
    fits, quick, quick_fits = _elsewhere(tables, speed, intercept_seconds)
    pictures, covered = place_pictures(placement, evened(reference.at(speed * times + intercept_seconds)))
    return Registration(
        placement,
        speed,
        intercept_seconds,
        float(correlations[best]),
        float(np.quantile(fits, 0.9)) if len(fits) else 0.0,
        float(np.sqrt((of_query**2).mean())),
        float(np.sqrt((shifted[len(shifted) // 2] ** 2).mean())),
        float(covered.mean()),
        moments,
        agreement(evened(query.at(times)), pictures, covered >= LEAST_COVERED),
        quick,
        float(np.quantile(quick_fits, 0.9)) if len(quick_fits) else 0.0,
        float(quick_fits.max()) if len(quick_fits) else 0.0,
        tables.independent_moments,
    )


def _with_standing(changes: FloatArray, pictures: FloatArray) -> FloatArray:
    """Changes, float32 [N, 32, 32], and as one more picture what stands: both count for as much.

    What stands tells the place where little moves; what moves tells it where a frame or another picture was added.
    """
    standing = detail(evened(pictures).mean(axis=0, keepdims=True))
    energy = float((standing**2).sum())
    share = max(float((changes**2).sum()), 1e-3 * changes.size) / energy if energy > 0 else 0.0
    both: FloatArray = np.concatenate([changes, standing * np.float32(math.sqrt(_STANDING * share))])
    return both


def _elsewhere(tables: LineTables, speed: float, intercept_seconds: float) -> tuple[TimeArray, float, TimeArray]:
    """Correlations along shifted lines; that of quick changes along the line itself, and along shifted ones."""
    shifts = np.arange(-_REACH_SECONDS, _REACH_SECONDS + 1e-9, _ELSEWHERE_STEP_SECONDS)
    shifts = shifts[np.abs(shifts) > _ELSEWHERE_SECONDS]
    lines = np.append(intercept_seconds, intercept_seconds + shifts)
    speeds = np.full(len(lines), speed)
    shown = tables.shown(speeds, lines)[1:] > _LEAST_SHOWN
    quick = tables.quick_correlations(speeds[::2], lines[::2])
    return tables.correlations(speeds, lines)[1:][shown], float(quick[0]), quick[1:][shown[1::2]]
