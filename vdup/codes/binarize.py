"""Real values to packed bits and back."""

import numpy as np

from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, FloatArray


def binarize(values: FloatArray) -> CodeArray:
    """Signs of values as packed bits; 0 counts as positive.

    Args:
        values: refined features, float32 [N, 1024].

    Returns:
        Codes, uint8 [N, 128]; the first value is the most significant bit of the first byte.

    Raises:
        ValueError: ``values`` has another shape, or holds NaN, which has no sign.
    """
    if values.ndim != 2 or values.shape[1] != CODE_BITS:
        raise ValueError(f"values must be [N, {CODE_BITS}], got {values.shape}")
    if np.isnan(values).any():
        raise ValueError("values hold NaN")
    return np.packbits(values >= 0, axis=1)


def signs(codes: CodeArray) -> FloatArray:
    """Codes as vectors of unit length, so that an inner product is 1 - 2 * Hamming distance / 1024.

    Args:
        codes: packed codes, uint8 [N, 128].

    Returns:
        float32 [N, 1024], each value +-1/32.

    Raises:
        ValueError: ``codes`` has another shape.
    """
    if codes.ndim != 2 or codes.shape[1] != CODE_BYTES:
        raise ValueError(f"codes must be [N, {CODE_BYTES}], got {codes.shape}")
    bits = np.unpackbits(codes, axis=1).astype(np.float32)
    return (2 * bits - 1) / np.float32(np.sqrt(CODE_BITS))
