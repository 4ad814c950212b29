"""Whether a copy has the colours of its reference."""

import math

import numpy as np

from vdup.movies.picture_track import PictureTrack
from vdup.movies.rectangles import WHOLE, clipped, of_placement, turned_over, within
from vdup.types import BoolArray, Colour, FloatArray, Placement, Rectangle, RowArray, TimeArray

_NEAR_SECONDS = 0.3
"""Moments of both sides that lie so near are compared; where none do, the nearest"""
_NEAREST_SECONDS = 1.5
"""within this."""
_LEAST_SEEN = 0.6
"""Share of a cell of the reference that must be seen."""

_COLOURED = 2.0
"""Root mean square of the colour differences, in levels, from which on a reference has colour."""
_GREY_LEVELS = 0.6
_GREY_SHARE = 0.25
"""A copy is grey when its colours are as weak as this, or as this share of those of the reference."""
_TURN_DEGREES = 12.0
_SATURATION = 1.6
_TINT_LEVELS = 8.0
_UNLIKE_SHARE = 0.6
"""Colours are changed when hues are turned by more, saturation is multiplied or divided by more, a tint of more was
added to all, or so much of the colours, and more than the tint, is not explained by those of the reference."""


def compare_colours(
    query: PictureTrack,
    reference: PictureTrack,
    span_seconds: tuple[float, float],
    speed: float,
    intercept_seconds: float,
    placement: Placement,
    window: Rectangle,
) -> Colour | None:
    """Whether a query shows a reference in its own colours.

    Args:
        query: with a fine grid.
        reference: with a coarse one.
        span_seconds: of the query.
        speed: of the line ``reference = speed * query + intercept``.
        intercept_seconds: likewise.
        placement: of the reference's picture in the query's.
        window: the part of the query's picture in which it is seen.

    Returns:
        None where the reference has no colour, or no moment of it can be compared.
    """
    rows, columns = _moments(query.times_seconds, reference.times_seconds, span_seconds, speed, intercept_seconds)
    if not len(rows):
        return None
    areas, seen = _areas(reference.colours.shape[1], query.colours.shape[1], placement, window)
    if not seen.any():
        return None
    # One plane a moment: Cb and Cr as the parts of a complex number, so that a turn of hues is a factor.
    shown = np.einsum("cyx,nyxd->ncd", areas[seen], query.colours[rows].astype(np.float32))
    stored = reference.colours[columns].reshape(len(columns), -1, 2)[:, seen].astype(np.float32)
    return judge_colours(shown.reshape(-1, 2), stored.reshape(-1, 2))


def judge_colours(query: FloatArray, reference: FloatArray) -> Colour | None:
    """The same of colours at the same places.

    Args:
        query: Cb and Cr, float32 [K, 2].
        reference: likewise.
    """
    mine, theirs = (side[:, 0] + 1j * side[:, 1] for side in (query, reference))
    own, stored = (float(np.sqrt((np.abs(side) ** 2).mean())) for side in (mine, theirs))
    if stored < _COLOURED:
        # A grey reference has no colours to keep; one that gets a tint all the same is changed.
        return Colour.changed if own > stored + _TINT_LEVELS else None
    if own < max(_GREY_LEVELS, _GREY_SHARE * stored):
        return Colour.grey
    factor = complex((theirs.conj() * mine).sum() / (np.abs(theirs) ** 2).sum())
    tint = abs(complex(mine.mean() - theirs.mean()))
    left = float(np.sqrt((np.abs(mine - theirs) ** 2).mean()))
    kept = (
        abs(math.degrees(math.atan2(factor.imag, factor.real))) < _TURN_DEGREES
        and 1 / _SATURATION < abs(factor) < _SATURATION
        and tint < _TINT_LEVELS
        and left < max(_UNLIKE_SHARE * stored, _TINT_LEVELS)
    )
    return Colour.kept if kept else Colour.changed


def _moments(
    query: TimeArray, reference: TimeArray, span_seconds: tuple[float, float], speed: float, intercept_seconds: float
) -> tuple[RowArray, RowArray]:
    """Rows of the query and of the reference that show the same moments, int64 [M] each."""
    inside = np.flatnonzero((query >= span_seconds[0]) & (query <= span_seconds[1]))
    if not len(inside) or not len(reference):
        return inside[:0], inside[:0]
    apart = np.abs(speed * query[inside][:, None] + intercept_seconds - reference)
    nearest = apart.argmin(axis=0)
    distances = apart[nearest, np.arange(len(reference))]
    limit = _NEAR_SECONDS if distances.min() <= _NEAR_SECONDS else min(float(distances.min()), _NEAREST_SECONDS)
    columns = np.flatnonzero(distances <= limit)
    return inside[nearest[columns]], columns


def _areas(cells: int, fine: int, placement: Placement, window: Rectangle) -> tuple[FloatArray, BoolArray]:
    """Weights of the query's cells for each cell of the reference, and whether enough of that is seen.

    Returns:
        float32 [cells², fine, fine], those of a cell that is seen add up to 1; bool [cells²].
    """
    areas = np.zeros((cells * cells, fine, fine), dtype=np.float32)
    seen = np.zeros(cells * cells, dtype=np.bool_)
    # Cells of the query at an edge also show what lies beyond it.
    seen_part = clipped(clipped(window, of_placement(placement)), WHOLE)
    inside = _inner(seen_part, 0.5 / fine)
    for number in range(cells * cells):
        row, column = divmod(number, cells)
        cell = Rectangle(row / cells, column / cells, 1 / cells, 1 / cells)
        whole = within(turned_over(cell, placement), of_placement(placement))
        part = clipped(whole, inside)
        if part.area < _LEAST_SEEN * whole.area:
            continue
        area = np.outer(_overlaps(part.top, part.height, fine), _overlaps(part.left, part.width, fine))
        areas[number] = area / area.sum()
        seen[number] = True
    return areas, seen


def _inner(part: Rectangle, rim: float) -> Rectangle:
    """A part of the picture less a rim along those edges that are not the picture's own."""
    top, left = part.top + rim * (part.top > 0), part.left + rim * (part.left > 0)
    bottom, right = part.top + part.height, part.left + part.width
    bottom, right = bottom - rim * (bottom < 1), right - rim * (right < 1)
    return Rectangle(top, left, max(bottom - top, 0.0), max(right - left, 0.0))


def _overlaps(start: float, length: float, cells: int) -> FloatArray:
    """How much of each of some equal parts of a side a stretch covers, float32 [cells]."""
    edges = np.arange(cells + 1) / cells
    shared = np.minimum(edges[1:], start + length) - np.maximum(edges[:-1], start)
    overlaps: FloatArray = np.clip(shared, 0, None).astype(np.float32)
    return overlaps
