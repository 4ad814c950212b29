"""Where the picture of a reference lies in the picture of a query: one rectangle for a whole stretch of time.

Both sides are what changes in their pictures (:mod:`vdup.movies.changes`). The reference is mirrored, turned and scaled
in steps, and for each the best position is where the normalised cross-correlation, summed over all moments, is largest.
A singular value decomposition of the query leaves a few pictures in place of all moments: the correlation over time is
the sum of theirs. Coarse first, at half the resolution; then the best few finely.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from vdup.types import FloatArray

_COMPONENTS = 8
_COARSE_SIDE = 16
_SCALES = tuple(float(scale) for scale in np.geomspace(0.25, 2.6, 11))
_LARGEST_STRETCH = 1.85
"""The two sides may be scaled by factors that differ by so much."""
_TURNED_SCALES = (0.4, 1.7)
_UPRIGHT_IS_CLEAR = 0.6
"""Turned placements are not tried where an upright one correlates by more than this."""
_FINE_STEPS = (0.92, 1.0, 1.087)
_KEPT_COARSE = 5
_LEAST_AREA = 0.35
"""Least part of the smaller of the two pictures that must overlap."""
_LEAST_ENERGY = 0.12
"""Least part of what changes, on either side, that must lie in the overlap."""


@dataclass(frozen=True)
class Placement:
    """A rectangle that the reference's picture fills, in sides of the query's picture; it may reach beyond it."""

    top: float
    left: float
    height: float
    width: float
    mirrored: bool
    quarter_turns: int
    """Counter-clockwise, after the mirroring."""

    @classmethod
    def whole(cls) -> "Placement":
        """The same picture on both sides."""
        return cls(0.0, 0.0, 1.0, 1.0, mirrored=False, quarter_turns=0)

    def place(self, pictures: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pictures of the reference as they lie in the query's picture.

        Args:
            pictures: float32 [N, S, S].

        Returns:
            float32 [N, S, S], 0 where the reference does not reach; and the share of each pixel that it covers, float32
            [S, S].
        """
        side = pictures.shape[-1]
        turned = _turned(pictures, self.mirrored, self.quarter_turns)
        rows = _placing(side, self.top, self.height)
        columns = _placing(side, self.left, self.width)
        placed: FloatArray = rows @ turned @ columns.T
        covered: FloatArray = np.outer(rows.sum(axis=1), columns.sum(axis=1))
        return placed, covered


@dataclass(frozen=True)
class _Shape:
    """A way to turn and scale the reference, to be tried at all positions; heights and widths in pixels."""

    mirrored: bool
    quarter_turns: int
    height: int
    width: int


@dataclass(frozen=True)
class Found:
    """A placement, how well it correlates (-1 to 1), and which of the shifts of the reference it was found at."""

    placement: Placement
    correlation: float
    shift: int


def find_placement(query: FloatArray, references: Sequence[FloatArray]) -> Found:
    """The placement at which what changes in the query and in the reference correlates most.

    Args:
        query: changes at N moments, float32 [N, 32, 32].
        references: the same of the reference, each at other shifts in time, float32 [N, 32, 32].

    Returns:
        The best one; a correlation of -1 where nothing overlaps enough.
    """
    small_query = _halved(query)
    small = [_halved(reference) for reference in references]
    upright = _shapes(_COARSE_SIDE, _SCALES, turns=(0,))
    coarse = _search(small_query, small, upright)[:_KEPT_COARSE]
    if not coarse or coarse[0].correlation < _UPRIGHT_IS_CLEAR:
        scales = [scale for scale in _SCALES if _TURNED_SCALES[0] < scale < _TURNED_SCALES[1]]
        coarse = coarse + _search(small_query, small, _shapes(_COARSE_SIDE, scales, turns=(1, 2, 3)))[:_KEPT_COARSE]
        coarse = sorted(coarse, key=lambda found: -found.correlation)[:_KEPT_COARSE]
    best = Found(Placement.whole(), -1.0, 0)
    by_shift: dict[int, set[_Shape]] = {}
    side = query.shape[-1]
    for found in coarse:
        place = found.placement
        for tall in _FINE_STEPS:
            for wide in _FINE_STEPS:
                height, width = round(side * place.height * tall), round(side * place.width * wide)
                shape = _Shape(place.mirrored, place.quarter_turns, height, width)
                by_shift.setdefault(found.shift, set()).add(shape)
    for shift, shapes in by_shift.items():
        order = sorted(shapes, key=lambda shape: (shape.mirrored, shape.quarter_turns, shape.height, shape.width))
        for found in _search(query, [references[shift]], order)[:1]:
            if found.correlation > best.correlation:
                best = Found(found.placement, found.correlation, shift)
    return best


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


def _search(query: FloatArray, references: Sequence[FloatArray], shapes: Sequence[_Shape]) -> list[Found]:
    """The best position of each shape at each shift, best first."""
    side = query.shape[-1]
    left, sizes, right = np.linalg.svd(query.reshape(len(query), -1), full_matrices=False)
    count = min(_COMPONENTS, len(sizes))
    components = (sizes[:count, None] * right[:count]).reshape(count, side, side)
    moments = left[:, :count].T
    # What the reference shows at the moments of each component, and its energy.
    stacked = np.stack([np.tensordot(moments, reference, axes=1) for reference in references])
    energies = np.stack([(reference**2).sum(axis=0) for reference in references])
    own_energy = (query**2).sum(axis=0)
    found: list[Found] = []
    by_size: dict[int, list[_Shape]] = {}
    for shape in shapes:
        reach = side + max(shape.height, shape.width)
        by_size.setdefault(2 * side if reach <= 2 * side else 4 * side, []).append(shape)
    for padded, group in by_size.items():
        found += _search_padded(components, own_energy, stacked, energies, padded, group)
    return sorted(found, key=lambda item: -item.correlation)


def _search_padded(
    components: FloatArray,
    own_energy: FloatArray,
    stacked: FloatArray,
    energies: FloatArray,
    padded: int,
    shapes: Sequence[_Shape],
) -> list[Found]:
    side = components.shape[-1]
    size = (padded, padded)
    query_spectrum = torch.fft.rfft2(torch.from_numpy(components), s=size)
    energy_spectrum = torch.fft.rfft2(torch.from_numpy(own_energy), s=size)
    inside_spectrum = torch.fft.rfft2(torch.ones(side, side), s=size)
    total = float(own_energy.sum())
    both = np.concatenate([stacked, energies[:, None]], axis=1)
    turned: Mapping[tuple[bool, int], FloatArray] = {
        key: _turned(both, *key) for key in {(shape.mirrored, shape.quarter_turns) for shape in shapes}
    }
    found: list[Found] = []
    for shape in shapes:
        source = turned[shape.mirrored, shape.quarter_turns]
        scaled = _scaling(side, shape.height) @ source @ _scaling(side, shape.width).T
        spectrum = torch.fft.rfft2(torch.from_numpy(scaled), s=size).conj()
        window = _window_spectrum(shape.height, shape.width, padded)
        products = torch.cat(
            [
                (query_spectrum * spectrum[:, :-1]).sum(dim=1),
                inside_spectrum * spectrum[:, -1],
                (energy_spectrum * window)[None],
                (inside_spectrum * window)[None],
            ]
        )
        maps = torch.fft.irfft2(products, s=size)
        shifts = len(source)
        shared, theirs = maps[:shifts], maps[shifts : 2 * shifts]
        own, area = maps[-2], maps[-1]
        enough = (area >= _LEAST_AREA * min(side * side, shape.height * shape.width)) & (own >= _LEAST_ENERGY * total)
        least = torch.from_numpy(scaled[:, -1].sum(axis=(1, 2))) * _LEAST_ENERGY
        enough = enough & (theirs >= least[:, None, None])
        correlation = torch.where(enough, shared / (own * theirs).clamp(min=1e-6).sqrt(), torch.tensor(-1.0))
        values, places = correlation.reshape(shifts, -1).max(dim=1)
        for shift, (value, place) in enumerate(zip(values.tolist(), places.tolist(), strict=True)):
            top, left = (step - padded if step > padded // 2 else step for step in divmod(place, padded))
            placement = Placement(
                top / side,
                left / side,
                shape.height / side,
                shape.width / side,
                mirrored=shape.mirrored,
                quarter_turns=shape.quarter_turns,
            )
            found.append(Found(placement, value, shift))
    return found


@lru_cache(maxsize=4096)
def _window_spectrum(height: int, width: int, padded: int) -> torch.Tensor:
    return torch.fft.rfft2(torch.ones(height, width), s=(padded, padded)).conj()


@lru_cache(maxsize=256)
def _scaling(side: int, length: int) -> FloatArray:
    """Scales ``side`` pixels to ``length``: float32 [length, side], rows that add up to 1."""
    scaled = _placing_rows(length, side, 0.0, float(length))
    return scaled / scaled.sum(axis=1, keepdims=True)


def _placing(side: int, start: float, length: float) -> FloatArray:
    """Scales ``side`` pixels and puts them into as many; see :func:`_placing_rows`."""
    return _placing_rows(side, side, start * side, length * side)


def _placing_rows(pixels: int, source: int, start: float, length: float) -> FloatArray:
    """Triangle filter, as wide as the coarser of the two grids: float32 [pixels, source].

    Rows add up to the share of the pixel that the source covers, 1 well inside.
    """
    scale = length / source
    centres = (np.arange(pixels) + 0.5 - start) / scale - 0.5
    reach = max(1.0, 1.0 / scale)
    places = np.arange(source)
    weights = np.clip(1 - np.abs(centres[:, None] - places) / reach, 0, None)
    total = weights.sum(axis=1, keepdims=True)
    edges = np.arange(pixels)
    covered = np.clip(np.minimum(edges + 1, start + length) - np.maximum(edges, start), 0, 1)
    rows: FloatArray = np.where(total > 0, weights / np.maximum(total, 1e-9), 0) * covered[:, None]
    return rows.astype(np.float32)


def _halved(pictures: FloatArray) -> FloatArray:
    """Means over two by two pixels."""
    count, height, width = pictures.shape
    halved: FloatArray = pictures.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return halved


def _turned(pictures: FloatArray, mirrored: bool, quarter_turns: int) -> FloatArray:
    flipped = pictures[..., ::-1] if mirrored else pictures
    return np.ascontiguousarray(np.rot90(flipped, quarter_turns, axes=(-2, -1)))
