"""Two movies held against each other along a segment: where the picture lies, on which line, how well they agree."""

import math
from dataclasses import dataclass

import numpy as np

from vdup.movies.changes import changes_at
from vdup.movies.lines import LineTables
from vdup.movies.movie import Movie
from vdup.movies.placement import find_placement, place_pictures
from vdup.types import Placement, TimeArray

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
_PLAIN_BONUS = 0.02
"""Correlation that a change of speed must bring for itself."""
_UNEXPLAINED = 0.02
"""Left unexplained at a correlation of 1: no copy is perfect."""

STILL = 0.03
"""Motion of a side below which nothing is said to move, in deviations of a picture."""

_ELSEWHERE_SECONDS = 1.0
"""Lines shifted by more than this tell how well other moments fit."""


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

    @property
    def contrast(self) -> float:
        """Log-likelihood ratio a moment of this line against others near it: of what the two leave unexplained."""
        left, left_elsewhere = (
            1 + _UNEXPLAINED - max(correlation, 0.0) for correlation in (self.correlation, self.elsewhere)
        )
        return math.log(left_elsewhere / left)


def register(
    query: Movie,
    reference: Movie,
    query_span_seconds: tuple[float, float],
    speed: float,
    intercept_seconds: float,
    speed_limits: tuple[float, float],
) -> Registration:
    """Registers two movies along a line that may be off by half a second.

    Args:
        query: the query, without the frequencies that storing drops.
        reference: the reference.
        query_span_seconds: start and end of the segment in the query.
        speed: of the line ``reference = speed * query + intercept``.
        intercept_seconds: of the same.
        speed_limits: slowest and fastest playback.

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
    placement = find_placement(of_query, shifted).placement
    span = (line[0] - _REACH_SECONDS, line[-1] + _REACH_SECONDS)
    tables = LineTables.of(query, times, reference, span, placement)
    middle = float((start + end) / 2)
    at_middle = speed * middle + intercept_seconds
    offsets = np.arange(-_SEARCH_SECONDS, _SEARCH_SECONDS + 1e-9, _STEP_SECONDS)
    speeds = np.unique(np.clip(np.append(speed * _SPEED_FACTORS, 1.0), *speed_limits))
    grid_speeds, grid_offsets = (axis.ravel() for axis in np.meshgrid(speeds, offsets, indexing="ij"))
    correlations = tables.correlations(grid_speeds, at_middle + grid_offsets - grid_speeds * middle)
    merit = correlations - _PLAIN_BONUS * (np.abs(grid_speeds - 1) > 1e-6)
    best = int(np.argmax(merit))
    speed, at_middle = float(grid_speeds[best]), at_middle + float(grid_offsets[best])
    away = np.arange(-_REACH_SECONDS, _REACH_SECONDS + 1e-9, 0.125)
    away = away[np.abs(away) > _ELSEWHERE_SECONDS]
    same = np.full(len(away), speed)
    others = at_middle + away - speed * middle
    fits = tables.correlations(same, others)[tables.shown(same, others) > 0.9]
    _, covered = place_pictures(placement, np.ones((1, *of_query.shape[1:]), dtype=np.float32))
    return Registration(
        placement,
        speed,
        at_middle - speed * middle,
        float(correlations[best]),
        float(np.quantile(fits, 0.9)) if len(fits) else 0.0,
        float(np.sqrt((of_query**2).mean())),
        float(np.sqrt((shifted[len(shifted) // 2] ** 2).mean())),
        float(covered.mean()),
        moments,
    )
