"""How a movie is stored: a cosine transform over space and time, coarse numbers, and zlib.

Eight pictures make a block. Of its transform the low frequencies are kept: 209 a plane of the time axis, without the
mean of the plane, which :mod:`vdup.movies.registration` takes off anyway. The plane that does not change within the
block is stored as its difference to that of the block before, at up to 255 levels; the seven that change have their own
scale each and 7 levels. Where nothing changes all numbers are 0, and zlib makes nearly nothing of them.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vdup.movies.movie import MOVIE_SIDE_PIXELS, Movie
from vdup.types import FloatArray, RowArray

BLOCK_PICTURES = 8
PART_BLOCKS = 30
"""Blocks in one part: a minute at four pictures a second. Parts can be read one by one."""

_FREQUENCIES = 20
"""Kept are those whose numbers along both axes add up to less than this."""
_STILL_LEVELS = 127
_MOVING_LEVELS = 3
_MOVING_SHARE = 0.98
"""So many of the numbers of a plane are within the levels; the few larger ones are cut."""
_LEAST_STEP = 0.5
"""Grey levels in the transform: below it is the rounding of the pictures."""
_STEPS_IN_A_DOUBLING = 8

_HEADER = struct.Struct("<BfH")
"""Version, pictures a second, pictures."""
_VERSION = 1
_MOST_PICTURES = BLOCK_PICTURES * PART_BLOCKS


def _cosines(size: int) -> NDArray[np.float32]:
    """Orthonormal type-II cosine transform as a matrix, float32 [size, size], one row a frequency."""
    place = (np.arange(size) + 0.5) / size
    rows = np.cos(np.pi * np.arange(size)[:, None] * place) * np.sqrt(2 / size)
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


_IN_TIME = _cosines(BLOCK_PICTURES)
_IN_SPACE = _cosines(MOVIE_SIDE_PIXELS)
_SUM = np.add.outer(np.arange(MOVIE_SIDE_PIXELS), np.arange(MOVIE_SIDE_PIXELS))
_KEPT = np.flatnonzero((_SUM < _FREQUENCIES) & (_SUM > 0))
_NUMBERS = BLOCK_PICTURES * len(_KEPT)


def pack_movie(movie: Movie) -> Iterator[bytes]:
    """The parts of a movie, in order; the last picture is repeated to fill the last block."""
    for first in range(0, len(movie), _MOST_PICTURES):
        yield _pack(movie.pictures[first : first + _MOST_PICTURES], movie.pictures_per_second)


def unpack_movie(parts: Sequence[bytes]) -> Movie:
    """The movie of consecutive parts.

    Raises:
        ValueError: a part is damaged, or they are of different rates, or there is none.
    """
    if not parts:
        raise ValueError("no part of a movie was given")
    unpacked = [_unpack(part) for part in parts]
    rates = {rate for _, rate in unpacked}
    if len(rates) > 1:
        raise ValueError(f"parts of movies with {sorted(rates)} pictures a second do not belong together")
    return Movie(np.concatenate([pictures for pictures, _ in unpacked]), rates.pop())


def smooth(movie: Movie) -> Movie:
    """A movie without the frequencies that storing would drop, so that it is comparable with a stored one."""
    padded = _padded(movie.pictures)
    kept = np.zeros((len(padded) // BLOCK_PICTURES, BLOCK_PICTURES, MOVIE_SIDE_PIXELS**2), dtype=np.float32)
    kept[:, :, _KEPT] = _transform(padded)
    return Movie(_back(kept)[: len(movie)], movie.pictures_per_second)


def _padded(pictures: FloatArray) -> FloatArray:
    missing = -len(pictures) % BLOCK_PICTURES
    padded: FloatArray = np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)])
    return padded.astype(np.float32, copy=False)


def _transform(pictures: FloatArray) -> FloatArray:
    """Kept numbers of whole blocks, float32 [blocks, 8, kept]."""
    blocks = pictures.reshape(-1, BLOCK_PICTURES, MOVIE_SIDE_PIXELS, MOVIE_SIDE_PIXELS)
    in_space = _IN_SPACE @ blocks @ _IN_SPACE.T
    flat = in_space.reshape(len(blocks), BLOCK_PICTURES, -1)[:, :, _KEPT]
    return np.einsum("ft,btk->bfk", _IN_TIME, flat)


def _back(numbers: FloatArray) -> FloatArray:
    """Pictures of a whole transform, float32 [blocks * 8, 32, 32]."""
    side = MOVIE_SIDE_PIXELS
    in_time = np.einsum("ft,bfk->btk", _IN_TIME, numbers).reshape(-1, side, side)
    pictures: FloatArray = _IN_SPACE.T @ in_time @ _IN_SPACE
    return pictures


def _pack(pictures: FloatArray, pictures_per_second: float) -> bytes:
    numbers = _transform(_padded(pictures))
    # The rows of the moving planes; the still one comes from the differences below.
    moving = numbers[:, 1:]
    steps = np.empty(numbers.shape[:2], dtype=np.uint8)
    levels = np.empty(numbers.shape, dtype=np.int8)
    steps[:, 1:] = _step_of(np.quantile(np.abs(moving), _MOVING_SHARE, axis=2) / _MOVING_LEVELS)
    scaled = np.rint(moving / _size(steps[:, 1:])[:, :, None])
    levels[:, 1:] = np.clip(scaled, -_MOVING_LEVELS, _MOVING_LEVELS)
    before = np.zeros(len(_KEPT), dtype=np.float32)
    for block, still in enumerate(numbers[:, 0]):
        steps[block, 0] = _step_of(np.abs(still - before).max() / _STILL_LEVELS)
        size = _size(steps[block, 0])
        levels[block, 0] = np.clip(np.rint((still - before) / size), -_STILL_LEVELS, _STILL_LEVELS)
        before = before + levels[block, 0] * size
    # Numbers of one frequency stand together over the blocks: they are alike.
    body = steps.tobytes() + np.ascontiguousarray(levels.transpose(1, 0, 2)).tobytes()
    return _HEADER.pack(_VERSION, pictures_per_second, len(pictures)) + zlib.compress(body, 9)


def _unpack(part: bytes) -> tuple[FloatArray, float]:
    if len(part) < _HEADER.size:
        raise ValueError(f"a part of a movie has {len(part)} bytes, less than its header")
    version, rate, count = _HEADER.unpack_from(part)
    if version != _VERSION or not 0 < rate < 1000 or not 0 < count <= _MOST_PICTURES:
        raise ValueError(f"a part of a movie begins with {version}, {rate}, {count}")
    blocks = -(-count // BLOCK_PICTURES)
    size = blocks * (BLOCK_PICTURES + _NUMBERS)
    opened = zlib.decompressobj()
    try:
        body = opened.decompress(part[_HEADER.size :], size)  # a forged part must not fill the memory
    except zlib.error as error:
        raise ValueError(f"a part of a movie is damaged: {error}") from error
    if len(body) != size or opened.decompress(opened.unconsumed_tail, 1):
        raise ValueError(f"a part of a movie unpacks to another size than {size} bytes")
    steps = np.frombuffer(body, dtype=np.uint8, count=blocks * BLOCK_PICTURES).reshape(blocks, BLOCK_PICTURES)
    levels = np.frombuffer(body, dtype=np.int8, offset=steps.size).reshape(BLOCK_PICTURES, blocks, len(_KEPT))
    numbers = np.zeros((blocks, BLOCK_PICTURES, MOVIE_SIDE_PIXELS**2), dtype=np.float32)
    values = levels.transpose(1, 0, 2) * _size(steps)[:, :, None]
    values[:, 0] = np.cumsum(values[:, 0], axis=0)
    numbers[:, :, _KEPT] = values
    return _back(numbers)[:count], float(rate)


def _step_of(wanted: FloatArray | float) -> NDArray[np.uint8]:
    """Number of the smallest step that is at least so large."""
    ratio = np.maximum(np.asarray(wanted, dtype=np.float64) / _LEAST_STEP, 1.0)
    return np.minimum(np.ceil(np.log2(ratio) * _STEPS_IN_A_DOUBLING - 1e-6), 255).astype(np.uint8)


def _size(steps: NDArray[np.uint8] | RowArray) -> FloatArray:
    """Size of numbered steps."""
    sizes: FloatArray = _LEAST_STEP * np.exp2(np.asarray(steps, dtype=np.float32) / _STEPS_IN_A_DOUBLING)
    return sizes
