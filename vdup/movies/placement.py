"""Where the picture of a reference lies in the picture of a query: one rectangle for a whole stretch of time.

Both sides are what changes in their pictures (:mod:`vdup.movies.changes`). The reference is mirrored, turned, tilted
and scaled in steps, and for each the best position is where the normalised cross-correlation, summed over all moments,
is largest. A singular value decomposition of the query leaves a few pictures in place of all moments: the correlation
over time is the sum of theirs. Coarse first, at half the resolution; then the best few finely.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from vdup.movies.placed_pictures import LEAST_COVERED, place_pictures, scaling_rows, turned
from vdup.movies.tilt import tilted
from vdup.types import USUAL_SHAPE, BoolArray, FloatArray, Placement, Rectangle

_COARSE_COMPONENTS = 6
_FINE_COMPONENTS = 8
_SHAPES_AT_ONCE = 32
_COARSE_SIDE = 16
_SCALES = tuple(float(scale) for scale in np.geomspace(0.25, 2.6, 11))
_LARGEST_STRETCH = 1.85
"""The two sides may be scaled by factors that differ by so much."""
_TURNED_SCALES = (0.4, 1.7)
_UPRIGHT_IS_CLEAR = 0.5
"""Turned placements are not tried where an upright one correlates by more than this."""
_WHOLE_IS_CLEAR = 0.8
"""No other placement is tried where the whole picture correlates by more than this."""

# Correlation that a less simple placement must bring for itself: chance finds one of many.
_ODDS_PLACED = 0.08
_ODDS_MIRRORED = 0.06
_ODDS_TURNED = 0.12
_ODDS_TILTED = 0.05
_ODDS_STRETCHED = 0.1
"""For each doubling of the proportions."""
_ODDS_CUT_OFF = 0.3
"""For all of the smaller picture beyond the edge of the other: a copy mostly lies within the query, or goes beyond it
on all sides."""
_LIKELY_BONUS = 0.1
"""Correlation that a likely part is given for itself."""
_SAME_PART = 0.65
"""Likeness of two rectangles that are taken for the same part."""

_FINE_STEPS = (0.92, 1.0, 1.087)
_TILTS_DEGREES = (-18.0, -12.0, -6.0, 6.0, 12.0, 18.0)
"""Tried coarsely,"""
_FINE_TILTS_DEGREES = (-3.0, 0.0, 3.0)
"""and beside the best few of those, finely."""
_TILTED_SCALES = (0.8, 1.0, 1.2, 1.45, 1.75)
"""Of both sides: a picture that hides its black corners is enlarged by up to 1.6."""
_KEPT_TILTED = 3
_STRAIGHT_IS_CLEAR = 0.8
"""Tilted placements are not tried where a straight one correlates by more than this."""
_STANDING_BONUS = 0.3
"""For a tilt at which what stands agrees as well, by its correlation: the detail of what stands tells a tilt of a few
degrees, what changes hardly does. On 60 tilted and filmed copies of real clips this found one more."""
_KEPT_COARSE = 5
_LEAST_AREA = 0.5
"""Least part of the smaller of the two pictures that must overlap."""
_LEAST_ENERGY = 0.2
"""Least part of what changes, on either side, that must lie in the overlap."""


@dataclass(frozen=True)
class _Shape:
    """A way to turn and scale the reference, to be tried at all positions; heights and widths in pixels."""

    mirrored: bool
    quarter_turns: int
    height: int
    width: int
    tilt_degrees: float = 0.0
    proportions: float = USUAL_SHAPE
    """Width over height of the reference's frames, where it is tilted."""

    @property
    def way(self) -> tuple[bool, int, float]:
        """How it is turned, whatever its size."""
        return self.mirrored, self.quarter_turns, self.tilt_degrees

    def turn(self, pictures: FloatArray) -> FloatArray:
        """Pictures of the reference turned in this way."""
        return tilted(turned(pictures, self.mirrored, self.quarter_turns), self.tilt_degrees, self.proportions)


@dataclass(frozen=True)
class Found:
    """A placement, how well it correlates (-1 to 1), and which of the shifts of the reference it was found at."""

    placement: Placement
    correlation: float
    shift: int

    @property
    def merit(self) -> float:
        """The correlation, less what chance brings to placements that are less simple."""
        placed = self.placement
        odds = _ODDS_MIRRORED * placed.mirrored + _ODDS_TURNED * (placed.quarter_turns > 0)
        odds += _ODDS_STRETCHED * abs(math.log2(placed.width / placed.height))
        odds += _ODDS_CUT_OFF * (1 - placed.within) + _ODDS_TILTED * (placed.tilt_degrees != 0)
        at_its_place = (placed.top, placed.left, placed.height, placed.width) == (0.0, 0.0, 1.0, 1.0)
        odds += _ODDS_PLACED * (placed.mirrored or placed.quarter_turns > 0 or not at_its_place)
        return self.correlation - odds


def find_placement(
    query: FloatArray,
    references: Sequence[FloatArray],
    proportions: float = USUAL_SHAPE,
    likely: Sequence[Rectangle] = (),
) -> Found:
    """The placement at which what changes in the query and in the reference correlates most.

    Args:
        query: changes at several moments, and last the detail of what stands, float32 [N, 32, 32].
        references: the same of the reference, each at other shifts in time, float32 [N, 32, 32].
        proportions: width over height of the reference's frames.
        likely: parts of the query's picture that all of the reference's may well fill: panels, or all of the frame but
            for bars that one side has lost and the other has not.

    Returns:
        The best one; a correlation of -1 where nothing overlaps enough.
    """
    whole = _whole(query, references)
    if whole.correlation > _WHOLE_IS_CLEAR:
        return whole
    halves = (_halved(query), [_halved(reference) for reference in references])
    straight = max(whole, _straight(query, references, halves), key=lambda found: found.merit)
    filling = _filling(query, references, likely)
    if filling is not None and filling.correlation + _LIKELY_BONUS > straight.merit:
        straight = filling
    if straight.correlation > _STRAIGHT_IS_CLEAR or straight.placement.quarter_turns:
        return straight
    tilted_one = _tilted(query, references, halves, straight.placement.mirrored, proportions)

    def with_standing(found: Found) -> float:
        placed, covered = place_pictures(found.placement, references[found.shift][-1:])
        return found.merit + _STANDING_BONUS * _correlation(query[-1], placed[0], covered >= LEAST_COVERED)

    return max(straight, tilted_one, key=with_standing)


def _straight(
    query: FloatArray, references: Sequence[FloatArray], halves: tuple[FloatArray, Sequence[FloatArray]]
) -> Found:
    """The best placement that is not tilted; ``halves`` are both sides at half the resolution."""
    coarse = _search(*halves, _shapes(_COARSE_SIDE, _SCALES, turns=(0,)), _COARSE_COMPONENTS)
    if not coarse or coarse[0].correlation < _UPRIGHT_IS_CLEAR:
        scales = [scale for scale in _SCALES if _TURNED_SCALES[0] < scale < _TURNED_SCALES[1]]
        coarse += _search(*halves, _shapes(_COARSE_SIDE, scales, turns=(1, 2, 3)), _COARSE_COMPONENTS)
    coarse = sorted(coarse, key=lambda found: -found.merit)[:_KEPT_COARSE]
    side = query.shape[-1]
    by_shift: dict[int, set[_Shape]] = {}
    for found in coarse:
        place = found.placement
        for tall in _FINE_STEPS:
            for wide in _FINE_STEPS:
                height, width = round(side * place.height * tall), round(side * place.width * wide)
                shape = _Shape(place.mirrored, place.quarter_turns, height, width)
                by_shift.setdefault(found.shift, set()).add(shape)
    return _finest(query, references, by_shift)


def _filling(query: FloatArray, references: Sequence[FloatArray], likely: Sequence[Rectangle]) -> Found | None:
    """The best placement of the whole reference in one of the likely parts, straight or mirrored."""
    if not likely:
        return None
    side = query.shape[-1]
    by_shift = {
        len(references) // 2: {
            _Shape(mirrored, 0, max(2, round(side * part.height * tall)), max(2, round(side * part.width * wide)))
            for part in likely
            for mirrored in (False, True)
            for tall in _FINE_STEPS
            for wide in _FINE_STEPS
        }
    }
    found = _finest(query, references, by_shift)
    place = found.placement
    rectangle = Rectangle(place.top, place.left, place.height, place.width)
    return found if any(rectangle.likeness(part) > _SAME_PART for part in likely) else None


def _tilted(
    query: FloatArray,
    references: Sequence[FloatArray],
    halves: tuple[FloatArray, Sequence[FloatArray]],
    mirrored: bool,
    proportions: float,
) -> Found:
    """The best placement that is turned by some degrees: of as many proportions as the reference, perhaps mirrored."""
    shapes = [
        _Shape(flipped, 0, round(_COARSE_SIDE * scale), round(_COARSE_SIDE * scale), tilt, proportions)
        for flipped in sorted({False, mirrored})
        for tilt in _TILTS_DEGREES
        for scale in _TILTED_SCALES
    ]
    side = query.shape[-1]
    by_shift: dict[int, set[_Shape]] = {}
    for found in _search(*halves, shapes, _COARSE_COMPONENTS)[:_KEPT_TILTED]:
        place = found.placement
        for scale in _FINE_STEPS:
            length = round(side * place.height * scale)
            for more in _FINE_TILTS_DEGREES:
                shape = _Shape(place.mirrored, 0, length, length, place.tilt_degrees + more, proportions)
                by_shift.setdefault(found.shift, set()).add(shape)
    return _finest(query, references, by_shift)


def _finest(query: FloatArray, references: Sequence[FloatArray], by_shift: Mapping[int, set[_Shape]]) -> Found:
    """The best of some shapes at the best position, each at one shift of the reference."""
    best = Found(Placement.whole(), -1.0, 0)
    for shift, shapes in by_shift.items():
        order = sorted(shapes, key=lambda shape: (*shape.way, shape.height, shape.width))
        for found in _search(query, [references[shift]], order, _FINE_COMPONENTS):
            if found.merit > best.merit:
                best = replace(found, shift=shift)
    return best


def _whole(query: FloatArray, references: Sequence[FloatArray]) -> Found:
    """The best shift with both pictures as they are."""
    best = Found(Placement.whole(), -1.0, 0)
    for shift, reference in enumerate(references):
        energy = float((query**2).sum() * (reference**2).sum())
        correlation = float((query * reference).sum()) / max(energy, 1e-12) ** 0.5
        if correlation > best.correlation:
            best = Found(Placement.whole(), correlation, shift)
    return best


def _correlation(first: FloatArray, second: FloatArray, seen: BoolArray) -> float:
    """Of two pictures where they are seen, -1 to 1; 0 where one is empty."""
    one, other = first[seen], second[seen]
    energy = float((one**2).sum()) * float((other**2).sum())
    return float((one * other).sum()) / math.sqrt(max(energy, 1e-12))


def _shapes(side: int, scales: Iterable[float], turns: Sequence[int]) -> list[_Shape]:
    steps = list(scales)
    return [
        _Shape(mirrored, turn, max(2, round(side * tall)), max(2, round(side * wide)))
        for mirrored in (False, True)
        for turn in turns
        for tall in steps
        for wide in steps
        if 1 / _LARGEST_STRETCH < wide / tall < _LARGEST_STRETCH
    ]


def _search(
    query: FloatArray, references: Sequence[FloatArray], shapes: Sequence[_Shape], most_components: int
) -> list[Found]:
    """The best position of each shape at each shift, best first."""
    side = query.shape[-1]
    left, sizes, right = np.linalg.svd(query.reshape(len(query), -1), full_matrices=False)
    count = min(most_components, len(sizes))
    components = (sizes[:count, None] * right[:count]).reshape(count, side, side)
    moments = left[:, :count].T
    # What the reference shows at the moments of each component, and its energy.
    stacked = np.stack([np.tensordot(moments, reference, axes=1) for reference in references])
    # It changes little from shift to shift.
    energy = (references[len(references) // 2] ** 2).sum(axis=0)
    own_energy = (query**2).sum(axis=0)
    found: list[Found] = []
    by_size: dict[int, list[_Shape]] = {}
    for shape in shapes:
        reach = side + max(shape.height, shape.width)
        by_size.setdefault(max(2 * side, -(-2 * reach // side) * side // 2), []).append(shape)
    for padded, group in by_size.items():
        found += _search_padded(components, own_energy, stacked, energy, padded, group)
    return sorted(found, key=lambda item: -item.merit)


def _search_padded(
    components: FloatArray,
    own_energy: FloatArray,
    stacked: FloatArray,
    energy: FloatArray,
    padded: int,
    shapes: Sequence[_Shape],
) -> list[Found]:
    side = components.shape[-1]
    size = (padded, padded)
    query_spectrum = torch.fft.rfft2(torch.from_numpy(components), s=size)
    energy_spectrum = torch.fft.rfft2(torch.from_numpy(own_energy), s=size)
    inside_spectrum = torch.fft.rfft2(torch.ones(side, side), s=size)
    total = float(own_energy.sum())
    shifts, count = stacked.shape[:2]
    pictures = np.concatenate([stacked.reshape(-1, side, side), energy[None]])
    by_way = {way: shape.turn(pictures) for way, shape in {shape.way: shape for shape in shapes}.items()}
    found: list[Found] = []
    for first in range(0, len(shapes), _SHAPES_AT_ONCE):
        group = shapes[first : first + _SHAPES_AT_ONCE]
        scaled = torch.zeros(len(group), len(pictures), padded, padded)
        for number, shape in enumerate(group):
            source = by_way[shape.way]
            of_shape = scaling_rows(side, shape.height) @ source @ scaling_rows(side, shape.width).T
            scaled[number, :, : shape.height, : shape.width] = torch.from_numpy(of_shape)
        spectra = torch.fft.rfft2(scaled).conj()
        windows = torch.stack([_window_spectrum(shape.height, shape.width, padded) for shape in group])
        moments = spectra[:, :-1].reshape(len(group), shifts, count, *spectra.shape[2:])
        products = torch.empty(len(group), shifts + 3, *spectra.shape[2:], dtype=spectra.dtype)
        products[:, :shifts] = (query_spectrum * moments).sum(dim=2)
        products[:, -3] = inside_spectrum * spectra[:, -1]
        products[:, -2] = energy_spectrum * windows
        products[:, -1] = inside_spectrum * windows
        maps = torch.fft.irfft2(products, s=size)
        shared, theirs, own, area = maps[:, :shifts], maps[:, -3], maps[:, -2], maps[:, -1]
        areas = torch.tensor([min(side * side, shape.height * shape.width) for shape in group])[:, None, None]
        energies = scaled[:, -1].sum(dim=(1, 2))[:, None, None]
        enough = (area >= _LEAST_AREA * areas) & (own >= _LEAST_ENERGY * total) & (theirs >= _LEAST_ENERGY * energies)
        scale = torch.where(enough, (own * theirs).clamp(min=1e-6).rsqrt(), torch.tensor(0.0))
        correlation = shared * scale[:, None]
        merit = correlation - _ODDS_CUT_OFF * (1 - area / areas)[:, None]
        places = merit.reshape(len(group), shifts, -1).argmax(dim=2, keepdim=True)
        values = correlation.reshape(len(group), shifts, -1).gather(2, places)[..., 0]
        for shape, of_shifts, at in zip(group, values.tolist(), places[..., 0].tolist(), strict=True):
            for shift, (value, place) in enumerate(zip(of_shifts, at, strict=True)):
                found.append(Found(_placement(shape, place, side, padded), value, shift))
    return found


def _placement(shape: _Shape, place: int, side: int, padded: int) -> Placement:
    """The placement of a shape at a position of the padded map."""
    top, left = (step - padded if step >= side else step for step in divmod(place, padded))
    return Placement(
        top / side,
        left / side,
        shape.height / side,
        shape.width / side,
        mirrored=shape.mirrored,
        quarter_turns=shape.quarter_turns,
        tilt_degrees=shape.tilt_degrees,
        shape=shape.proportions,
    )


@lru_cache(maxsize=4096)
def _window_spectrum(height: int, width: int, padded: int) -> torch.Tensor:
    spectrum: torch.Tensor = torch.fft.rfft2(torch.ones(height, width), s=(padded, padded)).conj()
    return spectrum


def _halved(pictures: FloatArray) -> FloatArray:
    """Means over two by two pixels."""
    count, height, width = pictures.shape
    halved: FloatArray = pictures.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return halved
