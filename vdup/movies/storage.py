"""How a movie is stored: a cosine transform over space and time, coarse numbers, and zlib.

Eight pictures make a block. Of its transform the low frequencies are kept: 209 a plane of the time axis, without the
mean of the plane, which every comparison takes off anyway. Of the plane that does not change within the block the
difference to that of the block before is stored. All numbers of that difference have one step and all others of the
block another, in proportion to the root of their mean square: that leaves the least error for the bytes, and a cut to
another scene does not take away what moves after it. Where nothing changes all numbers are 0, and zlib makes nearly
nothing of them.
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vdup.errors import LibraryDamagedError
from vdup.movies.movie import Movie
from vdup.types import USUAL_SHAPE, FloatArray
from vdup.video.scaling import MOVIE_SIDE_PIXELS

BLOCK_PICTURES = 8
PART_BLOCKS = 30
"""Blocks in one part: a minute at four pictures a second. Parts can be read one by one."""

_FREQUENCIES = 20
"""Kept are those whose numbers along both axes add up to less than this."""
_STEP_SHARES = (0.2, 0.6)
"""Steps of the numbers that tell one block from the next, and of those within a block, as a part of the root of their
mean square. Of eleven pairs these left slow changes least blurred for the bytes: with one step of 0.6 for both, copies
at 1.25x correlated by 0.83 at 227 bytes a second, with these by 0.89 at 321."""
_LEVELS = 127
_LEAST_STEP = 0.5
"""Grey levels in the transform: below it is the rounding of the pictures."""
_STEPS_IN_A_DOUBLING = 8

_HEADER = struct.Struct("<BfH")
"""Version, pictures a second, pictures."""
MOVIE_FORMAT = 1
"""Libraries whose movies are made in another way are not comparable."""
_VERSION = 2
_ONE_STEP_VERSION = 1
"""How movies were stored before: with one step for all numbers of a block. They can still be read."""
_MOST_PICTURES = BLOCK_PICTURES * PART_BLOCKS


Opened = TypeVar("Opened")


def _cosines(size: int) -> NDArray[np.float32]:
    """Orthonormal type-II cosine transform as a matrix, float32 [size, size], one row a frequency."""
    place = (np.arange(size) + 0.5) / size
    rows = np.cos(np.pi * np.arange(size)[:, None] * place) * np.sqrt(2 / size)
    rows[0] /= np.sqrt(2)
    cosines: FloatArray = rows.astype(np.float32)
    return cosines


_IN_TIME = _cosines(BLOCK_PICTURES)
_IN_SPACE = _cosines(MOVIE_SIDE_PIXELS)
_SUM = np.add.outer(np.arange(MOVIE_SIDE_PIXELS), np.arange(MOVIE_SIDE_PIXELS))
_KEPT = np.flatnonzero((_SUM < _FREQUENCIES) & (_SUM > 0))
_NUMBERS = BLOCK_PICTURES * len(_KEPT)


def pack_movie(movie: Movie) -> Iterator[bytes]:
    """The parts of a movie, in order; the last picture is repeated to fill the last block."""
    for first in range(0, len(movie), _MOST_PICTURES):
        yield _pack(movie.pictures[first : first + _MOST_PICTURES], movie.pictures_per_second)


class PackedMovie:
    """A movie as it is stored, of which stretches can be unpacked."""

    def __init__(self, parts: Sequence[bytes], name: str = "a movie", shape: float = USUAL_SHAPE) -> None:
        """Takes all parts, in order, one or more.

        Args:
            parts: as :func:`pack_movie` made them.
            name: for messages.
            shape: width over height of the frames that the pictures were made from.

        Raises:
            ValueError: there is none.
            LibraryDamagedError: the first is damaged.
        """
        if not parts:
            raise ValueError("no part of a movie was given")
        self._parts = list(parts)
        self._name = name
        self.shape = shape
        self.pictures_per_second: float = self._opened(_header, self._parts[0])[0]

    def between(self, start_seconds: float, end_seconds: float) -> Movie:
        """A stretch of the movie, at least as long as asked for as far as there is so much.

        Raises:
            LibraryDamagedError: a part is damaged.
        """
        part_seconds = _MOST_PICTURES / self.pictures_per_second
        last = len(self._parts) - 1
        first = int(np.clip(start_seconds // part_seconds, 0, last))
        end = int(np.clip(end_seconds // part_seconds, first, last))
        pictures = [self._opened(_unpack, part) for part in self._parts[first : end + 1]]
        return Movie(np.concatenate(pictures), self.pictures_per_second, first * part_seconds, self.shape)

    def check(self) -> None:
        """Unpacks every part.

        Raises:
            LibraryDamagedError: one is damaged.
        """
        for part in self._parts:
            self._opened(_unpack, part)

    def _opened(self, what: Callable[[bytes], Opened], part: bytes) -> Opened:
        try:
            return what(part)
        except ValueError as error:
            raise LibraryDamagedError(f"{self._name} is damaged: {error}; index the video again") from error


def _padded(pictures: FloatArray) -> FloatArray:
    missing = -len(pictures) % BLOCK_PICTURES
    padded: FloatArray = np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)])
    return padded


def _transform(pictures: FloatArray) -> FloatArray:
    """Kept numbers of whole blocks, float32 [blocks, 8, kept]."""
    blocks = pictures.reshape(-1, BLOCK_PICTURES, MOVIE_SIDE_PIXELS, MOVIE_SIDE_PIXELS)
    in_space = _IN_SPACE @ blocks @ _IN_SPACE.T
    flat = in_space.reshape(len(blocks), BLOCK_PICTURES, -1)[:, :, _KEPT]
    numbers: FloatArray = np.einsum("ft,btk->bfk", _IN_TIME, flat)
    return numbers


def _back(numbers: FloatArray) -> FloatArray:
    """Pictures of a whole transform, float32 [blocks * 8, 32, 32]."""
    side = MOVIE_SIDE_PIXELS
    in_time = np.einsum("ft,bfk->btk", _IN_TIME, numbers).reshape(-1, side, side)
    pictures: FloatArray = _IN_SPACE.T @ in_time @ _IN_SPACE
    return pictures


def _pack(pictures: FloatArray, pictures_per_second: float) -> bytes:
    numbers = _transform(_padded(pictures))
    steps = np.empty((2, len(numbers)), dtype=np.uint8)
    levels = np.empty(numbers.shape, dtype=np.int8)
    before = np.zeros(len(_KEPT), dtype=np.float32)
    for block, planes in enumerate(numbers):
        planes[0] -= before
        for part, (those, share) in enumerate(zip((planes[:1], planes[1:]), _STEP_SHARES, strict=True)):
            steps[part, block] = _step_of(share * float(np.sqrt((those**2).mean())))
        sizes = _sizes(steps[:, block])
        levels[block] = np.clip(np.rint(planes / sizes[:, None]), -_LEVELS, _LEVELS)
        before = before + levels[block, 0] * sizes[0]
    # Numbers of one frequency in time stand together over the blocks: they are alike.
    body = steps.tobytes() + np.ascontiguousarray(levels.transpose(1, 0, 2)).tobytes()
    return _HEADER.pack(_VERSION, pictures_per_second, len(pictures)) + zlib.compress(body, 6)


def _header(part: bytes) -> tuple[float, int, int]:
    """Pictures a second, pictures, steps of a block."""
    if len(part) < _HEADER.size:
        raise ValueError(f"a part of a movie has {len(part)} bytes, less than its header")
    version, rate, count = _HEADER.unpack_from(part)
    if version not in (_VERSION, _ONE_STEP_VERSION) or not 0 < rate < 1000 or not 0 < count <= _MOST_PICTURES:
        raise ValueError(f"a part of a movie begins with {version}, {rate}, {count}")
    return rate, count, 2 if version == _VERSION else 1


def _unpack(part: bytes) -> FloatArray:
    _, count, steps_of_block = _header(part)
    blocks = -(-count // BLOCK_PICTURES)
    size = blocks * (steps_of_block + _NUMBERS)
    opened = zlib.decompressobj()
    try:
        body = opened.decompress(part[_HEADER.size :], size)  # a forged part must not fill the memory
    except zlib.error as error:
        raise ValueError(f"a part of a movie is damaged: {error}") from error
    if len(body) != size or opened.decompress(opened.unconsumed_tail, 1):
        raise ValueError(f"a part of a movie unpacks to another size than {size} bytes")
    steps = np.frombuffer(body, dtype=np.uint8, count=steps_of_block * blocks).reshape(steps_of_block, blocks)
    levels = np.frombuffer(body, dtype=np.int8, offset=steps.size).reshape(BLOCK_PICTURES, blocks, len(_KEPT))
    numbers = np.zeros((blocks, BLOCK_PICTURES, MOVIE_SIDE_PIXELS**2), dtype=np.float32)
    values = levels.transpose(1, 0, 2) * _sizes(steps).T[:, :, None]
    values[:, 0] = np.cumsum(values[:, 0], axis=0)
    numbers[:, :, _KEPT] = values
    return _back(numbers)[:count]


def _step_of(wanted: float) -> int:
    """Number of the smallest step that is at least so large."""
    return min(255, math.ceil(math.log2(max(wanted / _LEAST_STEP, 1.0)) * _STEPS_IN_A_DOUBLING - 1e-6))


def _sizes(steps: NDArray[np.uint8]) -> FloatArray:
    """Sizes of numbered steps, one for each plane: float32 [8, ...] of uint8 [1 or 2, ...], see ``_VERSION``."""
    planes = np.concatenate([steps[:1], np.repeat(steps[-1:], BLOCK_PICTURES - 1, axis=0)])
    return (_LEAST_STEP * np.exp2(planes / _STEPS_IN_A_DOUBLING)).astype(np.float32)
