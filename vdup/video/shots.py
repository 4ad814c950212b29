"""Shot changes between sampled frames.

Bars are decided once for each shot, so what matters here is that a change of bars never goes unseen. A cut between two
shots with the same bars may be missed, and one too many costs only a second look for bars.
"""

import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray

_BLOCKS = 8
"""Blocks of the layout in height and width."""
_SAMPLES = 64
"""Rows and columns that are looked at; a multiple of the blocks."""
_EDGE_CHANGE = 24.0
"""Mean change of a strip along one edge of the frame, in levels of 255, that makes a cut by itself."""
_LAYOUT_CHANGE = 32.0
"""Mean change of the whole layout, in levels of 255, that makes a cut by itself."""
_HISTOGRAM_CHANGE = 0.45
"""Share of pixels that changed their colour bin that makes a cut by itself."""


def _samples(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows = np.arange(_SAMPLES) * image.shape[0] // _SAMPLES
    columns = np.arange(_SAMPLES) * image.shape[1] // _SAMPLES
    sampled: NDArray[np.uint8] = image[rows[:, None], columns]
    return sampled


def _layout(samples: NDArray[np.uint8]) -> FloatArray:
    step = _SAMPLES // _BLOCKS
    means: FloatArray = samples.reshape(_BLOCKS, step, _BLOCKS, step, 3).mean(axis=(1, 3), dtype=np.float32)
    return means


def _histogram(samples: NDArray[np.uint8]) -> FloatArray:
    """Shares of 4 x 4 x 4 colour bins."""
    quarters = samples >> 6
    bins = (quarters[..., 0] << 4) | (quarters[..., 1] << 2) | quarters[..., 2]
    return (np.bincount(bins.ravel(), minlength=64) / bins.size).astype(np.float32)


def is_cut(previous: NDArray[np.uint8], current: NDArray[np.uint8]) -> bool:
    """Whether another shot begins between two sampled frames, half a second to a second apart.

    Args:
        previous: RGB, uint8 [H, W, 3].
        current: RGB, uint8 [H, W, 3], of any size.

    Returns:
        True when the colours, their layout, or a strip along one edge of the frame changed strongly, or when the frame
        changed its size.

    Raises:
        ValueError: an argument is not an RGB image.
    """
    for name, image in (("previous", previous), ("current", current)):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(f"{name} must be uint8 [H, W, 3] with at least one pixel, got {image.dtype} {image.shape}")
    if previous.shape != current.shape:
        return True
    before, after = _samples(previous), _samples(current)
    change = np.abs(_layout(after) - _layout(before)).mean(axis=2)
    if change.mean() > _LAYOUT_CHANGE:
        return True
    edges = (change[0], change[-1], change[:, 0], change[:, -1])
    if max(float(edge.mean()) for edge in edges) > _EDGE_CHANGE:
        return True
    return bool(np.abs(_histogram(after) - _histogram(before)).sum() / 2 > _HISTOGRAM_CHANGE)
