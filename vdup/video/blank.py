"""Frames with nothing to recognise: black, white, one colour, or nearly so."""

import numpy as np
from numpy.typing import NDArray

BLOCK_PIXELS = 4
"""Pixels in height and width that are averaged, so that coding noise is no structure."""
_MAX_SPREAD = 20.0
"""Range of the block means of one channel, its outermost hundredths left out, that still counts as one colour."""
_COARSE_STEP = 8
_COARSE_SPREAD = 64
"""Range of the levels of single pixels, their outermost fiftieths left out, that no blank frame has."""
_EDGE_LEVELS = 8.0
"""Step between neighbouring blocks that counts as an edge, in levels of 255."""
_MAX_EDGE_SHARE = 0.004
"""Pairs of neighbouring blocks with an edge in a frame that is still blank."""


def is_blank(image: NDArray[np.uint8]) -> bool:
    """Whether a frame is near-uniform and would match any other such frame.

    Text on a plain ground and dark scenes with visible structure are content, not blank.

    Args:
        image: RGB, uint8 [H, W, 3].

    Returns:
        True when every channel keeps to a narrow range of levels and next to no edges are seen.

    Raises:
        ValueError: ``image`` is not an RGB image.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be uint8 [H, W, 3] with at least one pixel, got {image.dtype} {image.shape}")
    # A coarse look settles most frames: no coding noise reaches this far.
    coarse = np.sort(image[::_COARSE_STEP, ::_COARSE_STEP].reshape(-1, 3), axis=0)
    tail = len(coarse) // 50
    if int((coarse[len(coarse) - 1 - tail] - coarse[tail]).max()) > _COARSE_SPREAD:
        return False
    rows, columns = max(1, image.shape[0] // BLOCK_PIXELS), max(1, image.shape[1] // BLOCK_PIXELS)
    row_pixels, column_pixels = min(BLOCK_PIXELS, image.shape[0]), min(BLOCK_PIXELS, image.shape[1])
    cells = image[: rows * row_pixels, : columns * column_pixels]
    blocks = cells.reshape(rows, row_pixels, columns, column_pixels, 3).mean(axis=(1, 3), dtype=np.float32)
    low, high = np.percentile(blocks.reshape(-1, 3), (1, 99), axis=0)
    if float((high - low).max()) > _MAX_SPREAD:
        return False
    down = np.abs(np.diff(blocks, axis=0)).max(axis=2) > _EDGE_LEVELS
    across = np.abs(np.diff(blocks, axis=1)).max(axis=2) > _EDGE_LEVELS
    pairs = down.size + across.size
    return bool(down.sum() + across.sum() <= _MAX_EDGE_SHARE * pairs)
