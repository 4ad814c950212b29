"""Frame codes of a video -> descriptors: one for the whole video and one for each stretch of it.

A descriptor is the mean of the frames' codes, read as vectors of +1 and -1 and weighted by the time each lasts, folded
from 1,024 numbers to 256 and scaled to length one.

Folding: multiply number ``j`` by a fixed sign and add up the four whose ``j`` agree modulo 256. The rows of this map
are orthogonal, as each input is used once, and with random signs inner products survive it in the mean (the "hashing
trick": Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009). For two descriptors whose
true cosine is c the error has a standard deviation of about (1 - c^2) / sqrt(256) * sqrt(3/4). Folding is integer
arithmetic, so every machine gets the same numbers; the signs come from SHAKE-256 (FIPS 202), not from a random
generator whose stream might change.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from vdup.errors import StoreError
from vdup.store.base import MAX_ROWS
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, FloatArray, TimeArray, VideoCodes

DESCRIPTOR_DIMENSIONS = 256
"""Width of a descriptor."""

_FOLDS = CODE_BITS // DESCRIPTOR_DIMENSIONS

_SIGNS = np.frombuffer(hashlib.shake_256(b"vdup stretch descriptor 1").digest(CODE_BYTES), dtype=np.uint8)
"""One bit for each bit of a code, packed like a code; a 1 turns the sign. Stored descriptors depend on it."""


def fold_codes(codes: CodeArray) -> NDArray[np.int8]:
    """Fold codes to descriptor width.

    Args:
        codes: packed codes, uint8 [N, 128].

    Returns:
        Sums of four signs, int8 [N, 256], each one of -4, -2, 0, 2, 4.
    """
    bits = np.unpackbits(codes ^ _SIGNS, axis=1).reshape(len(codes), _FOLDS, DESCRIPTOR_DIMENSIONS)
    folded: NDArray[np.int8] = 2 * bits.sum(axis=1, dtype=np.int8) - np.int8(_FOLDS)
    return folded


def pool_codes(codes: VideoCodes, stretch_seconds: float) -> tuple[TimeArray, TimeArray, FloatArray]:
    """Descriptors of a video and of its stretches.

    A row lasts from its start until one sampling step after its end, or until the next row starts if that is earlier.
    Stretches are spread evenly from the start to the end of the video and overlap by half or more. A stretch takes only
    that part of a row's time that lies inside it.

    Args:
        codes: codes of the video; rows that are not searchable have no part in any descriptor.
        stretch_seconds: length of a stretch, above 0.

    Returns:
        Starts and ends in seconds, float64 [N], and unit vectors, float32 [N, 256]. Row 0 is the whole video; it is the
        only one when the video is no longer than one stretch. Stretches without searchable frames are left out. N = 0
        for a video without any, or whose codes cancel out.

    Raises:
        ValueError: ``stretch_seconds`` is not above 0.
        StoreError: the video is too long for stretches of that length.
    """
    if not stretch_seconds > 0:
        raise ValueError(f"stretch_seconds={stretch_seconds} must be above 0")
    if not codes.searchable.any():
        empty = np.empty(0, dtype=np.float64)
        return empty, empty.copy(), np.empty((0, DESCRIPTOR_DIMENSIONS), dtype=np.float32)
    row_ends = _row_ends(codes)
    length = max(codes.duration_seconds, float(row_ends[-1]))
    starts, ends = _windows(length, stretch_seconds)
    sums = _sums_until(codes, row_ends, ends) - _sums_until(codes, row_ends, starts)
    norms = np.linalg.norm(sums, axis=1)
    # A stretch without searchable frames is the difference of two equal sums: nothing, or what rounding left of it.
    kept = norms > 1e-9 * norms.max()
    if not kept[0]:
        kept[:] = False
    vectors: FloatArray = (sums[kept] / norms[kept, None]).astype(np.float32)
    return starts[kept], ends[kept], vectors


def _row_ends(codes: VideoCodes) -> TimeArray:
    """Time until which each row lasts, float64 [N]."""
    gaps = codes.starts_seconds[1:] - codes.ends_seconds[:-1]
    last_end = float(codes.ends_seconds[-1])
    rest = codes.duration_seconds - last_end
    lone_step = rest if rest > 0 else 1.0
    step = float(np.median(gaps)) if len(gaps) else lone_step
    following = np.append(codes.starts_seconds[1:], codes.duration_seconds if rest > 0 else last_end + step)
    row_ends: TimeArray = np.minimum(codes.ends_seconds + step, following)
    return row_ends


def _windows(length: float, stretch_seconds: float) -> tuple[TimeArray, TimeArray]:
    """The whole video, then its stretches."""
    starts, ends = np.zeros(1), np.array([length])
    spare = length - stretch_seconds
    if spare > 0:
        steps = np.ceil(spare / (stretch_seconds / 2))
        # Before any memory is asked for: a damaged record may say that a video lasts for ages.
        if not steps < MAX_ROWS - 1:
            raise StoreError(
                f"a video of {length:.0f} s has too many stretches of {stretch_seconds:g} s: {steps:.0f}, and "
                f"{MAX_ROWS - 2} fit. Give a longer store.stretch_seconds; if no video is that long, restore the "
                "library folder from a backup"
            )
        stretch_starts = np.linspace(0.0, spare, int(steps) + 1)
        starts = np.append(starts, stretch_starts)
        ends = np.append(ends, stretch_starts + stretch_seconds)
    return starts, ends


def _sums_until(codes: VideoCodes, row_ends: TimeArray, times: TimeArray) -> NDArray[np.float64]:
    """Sum of the searchable rows' folded codes times the seconds they last before each time, float64 [T, 256]."""
    folded = fold_codes(codes.codes) * codes.searchable[:, None]
    lasts = row_ends - codes.starts_seconds
    before = np.zeros((len(folded) + 1, DESCRIPTOR_DIMENSIONS))
    np.cumsum(folded * lasts[:, None], axis=0, out=before[1:])
    rows = np.clip(np.searchsorted(codes.starts_seconds, times, side="right") - 1, 0, None)
    inside = np.clip(times - codes.starts_seconds[rows], 0.0, lasts[rows])
    sums: NDArray[np.float64] = before[rows] + folded[rows] * inside[:, None]
    return sums
