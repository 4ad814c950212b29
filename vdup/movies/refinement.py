"""A placement made finer, and the part of the query's picture in which the reference is really seen.

The search for a placement (:mod:`vdup.movies.placement`) goes in steps of a pixel and of a twelfth of the size, for
every segment that might be a copy. Of those that are told, edges are moved until the reference explains most of the
query. What is compared is what changes and, as edges of standing content tell the place as well, the detail of the mean
picture.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vdup.movies.changes import changes_at, evened
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import place_pictures
from vdup.movies.rectangles import WHOLE, clipped, of_placement
from vdup.types import USUAL_SHAPE, FloatArray, Placement, Rectangle, TimeArray

_BLUR_SECONDS = 0.3
_DETAIL_REACH_PIXELS = 2
_DETAIL_WEIGHT = 0.5
"""Of the detail of the mean picture, against the changes at every moment."""
_COMPONENTS = 8
"""Of the query's changes over time, which are compared in place of all moments."""
_STEPS = (1 / 16, 1 / 32, 1 / 64, 1 / 128)
"""By which edges are moved, in sides of the query's picture."""
_TILT_DEGREES = 60.0
"""A tilt is changed by so much times the step: what moves the corners about as far."""
_ROUNDS = 3
_LEAST_SIDE = 0.12
_PLAIN_BONUS = 0.03
"""Correlation that any other placement than the whole picture, or a whole panel, must bring for itself."""
_DISTURBED = 0.15
"""An edge moved by so much of the rectangle's side tells how well its place is known."""
_TRIM_GAIN = 0.25
"""A part of the query's picture must explain so much more than all of it, as a share, to be taken for the window."""
_UNEXPLAINED = 0.02


@dataclass(frozen=True)
class Refined:
    """A placement, and how sure it is."""

    placement: Placement
    window: Rectangle
    """The part of the query's picture in which the reference is seen."""
    correlation: float
    """Of query and reference within the window, -1 to 1."""
    explained: float
    """Share of what the query's picture holds that the reference explains, 0 to 1."""
    sharpness: float
    """How much worse the picture fits when that edge is moved that matters least: log of what is left unexplained."""


@dataclass(frozen=True)
class Pictures:
    """What is compared: the same mixtures of moments of both sides, float32 [K, 32, 32] each."""

    query: FloatArray
    reference: FloatArray
    proportions: float = USUAL_SHAPE
    """Width over height of the reference's frames."""


def pictures_to_compare(
    query: Movie, reference: Movie, times_seconds: TimeArray, speed: float, intercept_seconds: float
) -> Pictures:
    """Changes, and the detail of the mean picture, of both movies at moments of a line.

    Raises:
        ValueError: a movie has no picture.
    """
    line = speed * times_seconds + intercept_seconds
    sides = ((query, times_seconds, 1.0), (reference, line, speed))
    changes = [changes_at(movie, times, _BLUR_SECONDS * rate) for movie, times, rate in sides]
    details = [_detail(evened(movie.at(times)).mean(axis=0)) for movie, times, _ in sides]
    moments = len(times_seconds)
    mixtures = np.linalg.svd(changes[0].reshape(moments, -1), full_matrices=False)[0][:, :_COMPONENTS].T
    weight = np.float32(_DETAIL_WEIGHT * math.sqrt(moments))
    query_side, reference_side = (
        np.concatenate([np.tensordot(mixtures, change, axes=1), weight * detail[None]]).astype(np.float32)
        for change, detail in zip(changes, details, strict=True)
    )
    return Pictures(query_side, reference_side, reference.shape)


def refine(
    pictures: Pictures, starts: Sequence[Placement], plain: Sequence[Placement], *, cuts: bool = True
) -> Refined:
    """The best of some placements, made finer.

    Args:
        pictures: what is compared.
        starts: placements to begin with, one or more.
        plain: those that are likely in themselves; they are also tried as they are, with a tilt made finer, and others
            must fit clearly better.
        cuts: look for the part of the query's picture in which the reference is seen; where little agrees, chance would
            cut one out.
    """
    found = [(_refined(pictures, start, cuts), 0.0) for start in dict.fromkeys(starts)]
    found += [(_with_finer_tilt(pictures, start), _PLAIN_BONUS) for start in plain]
    return max(found, key=lambda one: math.sqrt(one[0].explained) + one[1])[0]


def _detail(mean: FloatArray) -> FloatArray:
    """What a pixel differs by from the mean of those around it, float32 [32, 32]."""
    reach = _DETAIL_REACH_PIXELS
    width = 2 * reach + 1
    padded = np.pad(mean, ((reach + 1, reach), (reach + 1, reach)), mode="edge")
    sums = padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    around = sums[width:, width:] - sums[:-width, width:] - sums[width:, :-width] + sums[:-width, :-width]
    detail: FloatArray = (mean - around / width**2).astype(np.float32)
    return detail


def _refined(pictures: Pictures, start: Placement, cuts: bool) -> Refined:
    # The window first: what lies beyond it would pull at the edges.
    window = _window(pictures, start) if cuts else WHOLE
    placement = start
    for _ in range(2):
        mask = _mask(window, pictures.query.shape[-1])
        for step in _STEPS:
            placement = _moved(pictures, placement, mask, step, _neighbours)
        window = _window(pictures, placement) if cuts else WHOLE
    return _judged(pictures, placement, window)


def _with_finer_tilt(pictures: Pictures, placement: Placement) -> Refined:
    mask = _mask(WHOLE, pictures.query.shape[-1])
    for step in _STEPS if placement.tilt_degrees else ():
        placement = _moved(pictures, placement, mask, step, _tilts)
    return _judged(pictures, placement, WHOLE)


def _judged(pictures: Pictures, placement: Placement, window: Rectangle) -> Refined:
    mask = _mask(window, pictures.query.shape[-1])
    fit = _fit(pictures, placement, mask)
    energy = float((pictures.query**2 * mask).sum())
    correlation = fit / max(energy, 1e-9) ** 0.5
    total = float((pictures.query**2).sum())
    disturbed = max(_fit(pictures, other, mask) for other in _disturbed(placement, window)) / max(energy, 1e-9) ** 0.5
    left, left_disturbed = (1 + _UNEXPLAINED - max(value, 0.0) for value in (correlation, disturbed))
    explained = max(fit, 0.0) ** 2 / max(total, 1e-9)
    return Refined(placement, window, correlation, explained, math.log(left_disturbed / left))


def _moved(
    pictures: Pictures,
    placement: Placement,
    mask: FloatArray,
    step: float,
    neighbours: Callable[[Placement, float], list[Placement]],
) -> Placement:
    """The placement moved by steps, as long as that brings something."""
    best, value = placement, _fit(pictures, placement, mask)
    for _ in range(_ROUNDS):
        before = value
        for other in [moved for sign in (-step, step) for moved in neighbours(best, sign)]:
            fit = _fit(pictures, other, mask)
            if fit > value:
                best, value = other, fit
        if value <= before:
            break
    return best


def _neighbours(placed: Placement, step: float) -> list[Placement]:
    """One edge moved, or two that lie opposite."""
    moves = (
        {"top": placed.top + step, "height": placed.height - step},
        {"height": placed.height + step},
        {"left": placed.left + step, "width": placed.width - step},
        {"width": placed.width + step},
        {"top": placed.top + step},
        {"left": placed.left + step},
        {"top": placed.top - step, "left": placed.left - step, "height": placed.height + 2 * step}
        | {"width": placed.width + 2 * step},
    )
    moved = [replace(placed, **move) for move in moves]  # type: ignore[arg-type]
    return [other for other in moved if min(other.height, other.width) >= _LEAST_SIDE] + _tilts(placed, step)


def _tilts(placed: Placement, step: float) -> list[Placement]:
    """Tilted by a little more; what is straight stays straight."""
    return [replace(placed, tilt_degrees=placed.tilt_degrees + _TILT_DEGREES * step)] if placed.tilt_degrees else []


def _disturbed(placed: Placement, window: Rectangle) -> list[Placement]:
    """Each edge moved outwards and inwards by a part of what is seen."""
    seen = clipped(of_placement(placed), window)
    tall, wide = _DISTURBED * max(seen.height, 0.1), _DISTURBED * max(seen.width, 0.1)
    moved = []
    for sign in (-1, 1):
        high, broad = sign * tall, sign * wide
        moved += [
            replace(placed, top=placed.top + high, height=placed.height - high),
            replace(placed, height=placed.height + high),
            replace(placed, left=placed.left + broad, width=placed.width - broad),
            replace(placed, width=placed.width + broad),
        ]
    return moved


def _fit(pictures: Pictures, placement: Placement, mask: FloatArray) -> float:
    """Root of what the placed reference explains of the query within the mask; below 0 where it is the opposite."""
    placed, _ = place_pictures(placement, pictures.reference)
    shown = placed * mask
    energy = float((shown * placed).sum())
    return float((pictures.query * shown).sum()) / math.sqrt(max(energy, 1e-9))


def _window(pictures: Pictures, placement: Placement) -> Rectangle:
    """The rectangle in which the reference explains most; all that it fills where that is nearly as good."""
    side = pictures.query.shape[-1]
    placed, covered = place_pictures(placement, pictures.reference)
    shared = (pictures.query * placed).sum(axis=0)
    energy = (placed**2).sum(axis=0)
    rows, columns = (np.flatnonzero((covered > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return WHOLE
    bounds = full = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    gains = np.zeros_like(shared)
    for _ in range(3):
        top, bottom, left, right = bounds
        inside = energy[top:bottom, left:right].sum()
        factor = shared[top:bottom, left:right].sum() / max(float(inside), 1e-9)
        gains = 2 * factor * shared - factor**2 * energy
        bounds = _largest_sum(gains, full)
    top, bottom, left, right = bounds
    everything = float(gains[full[0] : full[1], full[2] : full[3]].sum())
    if float(gains[top:bottom, left:right].sum()) < everything + _TRIM_GAIN * abs(everything):
        return WHOLE
    # Edges of the window that are those of the placement are no edges of the window.
    edges = [own if own != all_ else None for own, all_ in zip(bounds, full, strict=True)]
    low_row, high_row, low_column, high_column = (
        fallback if edge is None else edge / side for edge, fallback in zip(edges, (0.0, 1.0, 0.0, 1.0), strict=True)
    )
    return Rectangle(low_row, low_column, high_row - low_row, high_column - low_column)


def _largest_sum(values: FloatArray, full: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the rectangle within ``full`` whose values add up to most."""
    top, bottom, left, right = full
    sums = np.zeros((bottom - top + 1, right - left + 1))
    sums[1:, 1:] = values[top:bottom, left:right].cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    best, bounds = -np.inf, full
    for low in range(bottom - top):
        for high in range(low + 1, bottom - top + 1):
            band = sums[high] - sums[low]
            lowest = np.minimum.accumulate(band)[:-1]
            gains = band[1:] - lowest
            end = int(gains.argmax())
            if gains[end] > best:
                best = float(gains[end])
                start = int(band[: end + 1].argmin())
                bounds = (top + low, top + high, left + start, left + end + 1)
    return bounds


def _mask(window: Rectangle, side: int) -> FloatArray:
    """The share of each pixel that lies in the window, float32 [side, side]."""
    pixels = np.arange(side)

    def along(start: float, length: float) -> FloatArray:
        ends = np.minimum(pixels + 1, (start + length) * side) - np.maximum(pixels, start * side)
        shares: FloatArray = np.clip(ends, 0, 1).astype(np.float32)
        return shares

    mask: FloatArray = np.outer(along(window.top, window.height), along(window.left, window.width))
    return mask
