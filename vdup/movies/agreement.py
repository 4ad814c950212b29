"""How two movies agree along a line in ways that chance does not: in detail, all over the picture, and quickly.

Another take of a scene may well agree in the one thing that changes most: a camera that pans, a head that turns, a cut
between two cameras. It does not agree in the detail of each picture, nor in what changes in that, nor in all parts of
the picture, nor in what changes within a second.
"""

import math
from dataclasses import dataclass

import numpy as np

from vdup.types import BoolArray, FloatArray

_DETAIL_REACH_PIXELS = 2
"""Detail is what a pixel differs by from the mean of those within so many of it."""
_PART_PIXELS = 4
"""Sides of a part of the picture."""
_LEAST_PIXELS = 8
"""Pixels of a part that must be seen."""
_LEAST_DETAIL = 0.01
"""Change of the detail that counts as none, in deviations of a picture."""
_LEAST_CHANGE = 0.03
"""Root of the mean square of what changes in a part, on the side where more does, below which nothing is said to."""


@dataclass(frozen=True)
class Agreement:
    """How pictures agree at the same moments of a line, each of them -1 to 1."""

    detail: float
    """Correlation of the detail of two pictures: the median over the moments."""
    spread: float
    """Correlation of what changes in a part of the picture: the mean over the parts in which something does."""
    parts: int
    """How many these are, of 64."""
    changing_detail: float
    """Correlation of what changes in the detail, over all moments at once; 0 where nothing does."""


def agreement(query: FloatArray, reference: FloatArray, seen: BoolArray) -> Agreement:
    """Compares pictures that show the same moments.

    Args:
        query: evened pictures, float32 [N, 32, 32].
        reference: the same of the reference, where they lie in the query's picture.
        seen: pixels that the reference covers, bool [32, 32].
    """
    details = [detail(side)[:, seen] for side in (query, reference)]
    of_detail = correlations(*details)
    spread = _of_parts(query - query.mean(axis=0), reference - reference.mean(axis=0), seen)
    mean_spread = float(spread.mean()) if len(spread) else 0.0
    return Agreement(float(np.median(of_detail)), mean_spread, len(spread), _of_changes(*details))


def detail(pictures: FloatArray) -> FloatArray:
    """What pixels differ by from what is round them; float32 [N, H, W] as given."""
    reach = _DETAIL_REACH_PIXELS
    padded = np.pad(pictures, ((0, 0), (reach + 1, reach), (reach + 1, reach)), mode="edge")
    sums = padded.cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    width = 2 * reach + 1
    around = sums[:, width:, width:] - sums[:, :-width, width:] - sums[:, width:, :-width] + sums[:, :-width, :-width]
    finer: FloatArray = (pictures - around / width**2).astype(np.float32)
    return finer


def correlations(first: FloatArray, second: FloatArray) -> FloatArray:
    """Of each row, float32 [N]; 0 where a side is empty."""
    energy = (first**2).sum(axis=1) * (second**2).sum(axis=1)
    found: FloatArray = (first * second).sum(axis=1) / np.sqrt(np.maximum(energy, 1e-9))
    return found


def _of_changes(query: FloatArray, reference: FloatArray) -> float:
    """Correlation of what changes in either, float32 [N, K], over all of it; less where hardly anything does."""
    if not query.size:
        return 0.0
    own, other = query - query.mean(axis=0), reference - reference.mean(axis=0)
    energy = math.sqrt(float((own**2).mean()) * float((other**2).mean()))
    return float((own * other).mean()) / (energy + _LEAST_DETAIL**2)


def _of_parts(query: FloatArray, reference: FloatArray, seen: BoolArray) -> FloatArray:
    """Correlation of each part in which something changes, float32 [K]."""
    shared, own, other = (_sums(product * seen) for product in (query * reference, query**2, reference**2))
    pixels = _sums(seen[None].astype(np.float32))
    moments = np.maximum(pixels * len(query), 1)
    changing = (pixels >= _LEAST_PIXELS) & (np.maximum(own, other) / moments >= _LEAST_CHANGE**2)
    found: FloatArray = shared[changing] / np.sqrt(np.maximum(own * other, 1e-9))[changing]
    return found


def _sums(values: FloatArray) -> FloatArray:
    """Sums over all moments and the pixels of each part, float32 [8, 8]."""
    count, height, width = values.shape
    parts = values.reshape(count, height // _PART_PIXELS, _PART_PIXELS, width // _PART_PIXELS, _PART_PIXELS)
    sums: FloatArray = parts.sum(axis=(0, 2, 4))
    return sums
