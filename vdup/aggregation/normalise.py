"""Layer maxima made comparable, frame by frame, and video vectors made comparable by cosine."""

from collections.abc import Sequence

import numpy as np

from vdup.types import FloatArray

_LEAST_LENGTH = 1e-12


def unit_layers(maxima: FloatArray, widths: Sequence[int]) -> FloatArray:
    """Scales every layer of every frame to unit length: early layers have values many times those of late ones.

    Args:
        maxima: float32 [N, D].
        widths: channels of each layer, adding up to D.

    Returns:
        float32 [N, D]; a layer of zeros stays zero.

    Raises:
        ValueError: the widths do not add up to D.
    """
    if maxima.ndim != 2 or maxima.shape[1] != sum(widths):
        raise ValueError(f"maxima must be [N, {sum(widths)}], got {list(maxima.shape)}")
    parts = np.split(maxima, np.cumsum(widths)[:-1], axis=1)
    scaled = [part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), _LEAST_LENGTH) for part in parts]
    return np.concatenate(scaled, axis=1, dtype=np.float32)


def centred_units(vectors: FloatArray) -> FloatArray:
    """Takes each vector's own mean away and scales it to unit length, float32 [N, D]; a constant one becomes zero."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return unit_rows(centred)


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Scales rows to unit length, float32 [N, D]; rows of zeros stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: FloatArray = (vectors / np.maximum(lengths, _LEAST_LENGTH)).astype(np.float32)
    return units
