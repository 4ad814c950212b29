"""Hamming distance of packed codes."""

import numpy as np

from vdup.types import CODE_BYTES, CodeArray

_CHUNK_PAIRS = 1 << 18
"""Pairs whose XOR is held at once: 32 MiB for 128-byte codes."""


def _words(codes: CodeArray, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    if codes.ndim != 2 or codes.shape[1] != CODE_BYTES or codes.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 [N, {CODE_BYTES}], got {codes.dtype} {codes.shape}")
    words: np.ndarray[tuple[int, int], np.dtype[np.uint64]] = np.ascontiguousarray(codes).view(np.uint64)
    return words


def hamming_distances(a: CodeArray, b: CodeArray) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Distance of every code of one set to every code of another.

    Args:
        a: packed codes, uint8 [N, 128].
        b: packed codes, uint8 [M, 128].

    Returns:
        Number of differing bits, int32 [N, M].

    Raises:
        ValueError: an array is not of packed codes.
    """
    left, right = _words(a, "a"), _words(b, "b")
    distances = np.empty((len(left), len(right)), dtype=np.int32)
    columns_at_once = max(1, min(len(right), _CHUNK_PAIRS))
    rows_at_once = _CHUNK_PAIRS // columns_at_once
    for top in range(0, len(left), rows_at_once):
        rows = slice(top, top + rows_at_once)
        for first in range(0, len(right), columns_at_once):
            columns = slice(first, first + columns_at_once)
            differing = np.bitwise_count(left[rows, None] ^ right[None, columns])
            distances[rows, columns] = differing.sum(axis=2, dtype=np.int32)
    return distances


def paired_hamming(a: CodeArray, b: CodeArray) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Distance of codes row by row.

    Args:
        a: packed codes, uint8 [N, 128].
        b: packed codes, uint8 [N, 128].

    Returns:
        Number of differing bits, int32 [N].

    Raises:
        ValueError: an array is not of packed codes, or the two differ in length.
    """
    left, right = _words(a, "a"), _words(b, "b")
    if len(left) != len(right):
        raise ValueError(f"a has {len(left)} codes and b {len(right)}; they are compared row by row")
    distances: np.ndarray[tuple[int], np.dtype[np.int32]] = np.bitwise_count(left ^ right).sum(axis=1, dtype=np.int32)
    return distances
