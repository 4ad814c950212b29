"""Pictures of a reference as they lie in the picture of a query: turned, scaled and put where they belong."""

from functools import lru_cache

import numpy as np

from vdup.movies.tilt import reached, tilted
from vdup.types import FloatArray, Placement

LEAST_COVERED = 0.5
"""Pixels of which the reference covers less are left out where pictures are compared."""


def place_pictures(placement: Placement, pictures: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pictures of the reference as they lie in the query's picture.

    Args:
        placement: where.
        pictures: float32 [N, S, S].

    Returns:
        float32 [N, S, S], 0 where the reference does not reach; and the share of each pixel that it covers, float32
        [S, S].
    """
    side = pictures.shape[-1]
    pictures_turned = turned(pictures, placement.mirrored, placement.quarter_turns)
    rows = _placing(side, placement.top, placement.height)
    columns = _placing(side, placement.left, placement.width)
    covered: FloatArray = np.outer(rows.sum(axis=1), columns.sum(axis=1)).astype(np.float32)
    if placement.tilt_degrees:
        pictures_turned = tilted(pictures_turned, placement.tilt_degrees, placement.shape)
        reach = reached(side, placement.tilt_degrees, placement.shape)
        covered = (rows @ reach @ columns.T).astype(np.float32, copy=False)
    placed: FloatArray = (rows @ pictures_turned @ columns.T).astype(np.float32, copy=False)
    return placed, covered


def turned(pictures: FloatArray, mirrored: bool, quarter_turns: int) -> FloatArray:
    """Pictures, float32 [..., S, S], mirrored left to right and then turned anticlockwise by quarters."""
    flipped = pictures[..., ::-1] if mirrored else pictures
    return np.ascontiguousarray(np.rot90(flipped, quarter_turns, axes=(-2, -1)))


@lru_cache(maxsize=256)
def scaling_rows(side: int, length: int) -> FloatArray:
    """Scales ``side`` pixels to ``length``: float32 [length, side], rows that add up to 1."""
    scaled = _placing_rows(length, side, 0.0, float(length))
    even: FloatArray = scaled / scaled.sum(axis=1, keepdims=True)
    return even


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
