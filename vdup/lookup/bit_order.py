"""Which bits of a code make up which key.

faiss cuts the keys of a multi-hash index from consecutive bits, from the first on. Moving bits about changes no
Hamming distance, so the useful ones are put where the keys are: a bit that is nearly always set, or that repeats
another bit of its key, spreads no rows over the buckets.
"""

import numpy as np
from numpy.typing import NDArray

from vdup.types import CODE_BITS, CodeArray, RowArray

_SAMPLE_ROWS = 8192
_SAMPLE_SEED = 0
_ROWS_AT_ONCE = 16_384


def learn_bit_order(codes: CodeArray, keys: int, key_bits: int) -> RowArray:
    """Order of bits in which every key gets balanced, little correlated bits.

    Keys are dealt one bit at a time in turn. A key takes the bit with the least m^2 + sum of r^2, where m is the bit's
    mean as -1/+1 and r its correlation with the bits that the key has. Bits that nobody took come last.

    Args:
        codes: rows to learn from, uint8 [N, 128]; a sample is used.
        keys: number of keys.
        key_bits: bits of a key; keys x key_bits <= 1,024.

    Returns:
        int64 [1024]: the original bit (0 = most significant of byte 0) of each place. Without rows, the order as is.
    """
    if len(codes) == 0:
        return np.arange(CODE_BITS, dtype=np.int64)
    chosen = np.random.default_rng(_SAMPLE_SEED).choice(len(codes), size=min(len(codes), _SAMPLE_ROWS), replace=False)
    signs = np.unpackbits(codes[np.sort(chosen)], axis=1).astype(np.float32) * 2 - 1
    means = signs.mean(axis=0)
    covariance = signs.T @ signs / len(signs) - np.outer(means, means)
    spread = np.sqrt(np.maximum(1 - means**2, 1e-6))
    correlation_squared = (covariance / np.outer(spread, spread)) ** 2
    cost_of_key = np.tile(means.astype(np.float64) ** 2, (keys, 1))
    order = np.full((keys, key_bits), -1, dtype=np.int64)
    for place in range(key_bits):
        for key in range(keys):
            bit = int(np.argmin(cost_of_key[key]))
            order[key, place] = bit
            cost_of_key[:, bit] = np.inf
            cost_of_key[key] += correlation_squared[bit]
    taken = order.reshape(-1)
    return np.concatenate([taken, np.setdiff1d(np.arange(CODE_BITS, dtype=np.int64), taken)])


def reorder_bits(codes: CodeArray, bit_order: RowArray) -> CodeArray:
    """Codes with their bits moved, as faiss reads them: least significant bit of a byte first.

    Args:
        codes: uint8 [N, 128], most significant bit first.
        bit_order: int64 [1024], the original bit of each place.

    Returns:
        uint8 [N, 128].
    """
    moved = np.empty_like(codes)
    for part in _parts(len(codes)):
        bits = np.unpackbits(codes[part], axis=1)
        moved[part] = np.packbits(bits[:, bit_order], axis=1, bitorder="little")
    return moved


def restore_bits(moved: CodeArray, bit_order: RowArray) -> CodeArray:
    """Undoes :func:`reorder_bits`."""
    codes = np.empty_like(moved)
    place_of_bit = np.argsort(bit_order)
    for part in _parts(len(moved)):
        bits: NDArray[np.uint8] = np.unpackbits(moved[part], axis=1, bitorder="little")
        codes[part] = np.packbits(bits[:, place_of_bit], axis=1)
    return codes


def _parts(rows: int) -> list[slice]:
    return [slice(first, first + _ROWS_AT_ONCE) for first in range(0, rows, _ROWS_AT_ONCE)]
