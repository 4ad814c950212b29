"""Movies as bytes: what is kept, how much space it takes, and what happens to damaged ones."""

import math
import struct
import zlib

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.errors import LibraryDamagedError
from vdup.movies.movie import Movie
from vdup.movies.storage import BLOCK_PICTURES, PART_BLOCKS, PackedMovie, pack_movie
from vdup.types import FloatArray, TimeArray

PART_PICTURES = BLOCK_PICTURES * PART_BLOCKS


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / math.sqrt((a**2).sum() * (b**2).sum()))


@pytest.mark.parametrize("count", [1, 7, 8, 9, 64])
def test_what_was_packed_comes_back_nearly_as_it_was(count: int) -> None:
    movie = Blobs(3).movie(np.arange(count) / 4)
    parts = list(pack_movie(movie))
    assert len(parts) == 1
    packed = PackedMovie(parts)
    found = packed.between(0, 1e9)
    assert packed.pictures_per_second == 4.0
    assert found.pictures.shape == movie.pictures.shape
    for mine, original in zip(found.pictures, movie.pictures, strict=True):
        assert _correlation(mine, original) > 0.98


def test_what_changes_is_kept_and_not_only_the_scene() -> None:
    movie = Blobs(4).movie(np.arange(80) / 4)
    found = PackedMovie(list(pack_movie(movie))).between(0, 20).pictures
    # The mean of a picture is not kept, and no comparison looks at it.
    found, original = (pictures - pictures.mean(axis=(1, 2), keepdims=True) for pictures in (found, movie.pictures))
    assert _correlation(found - found.mean(axis=0), original - original.mean(axis=0)) > 0.98


def test_a_cut_does_not_take_away_what_moves_after_it() -> None:
    """A small movement in a picture of high contrast, at the beginning and behind a cut."""

    def stirring(seed: int) -> FloatArray:
        still, moving = Blobs(seed).draw(0.0), Blobs(seed + 50).movie(np.arange(16) / 4).pictures
        stirred: FloatArray = 2 * still + 0.03 * (moving - moving.mean(axis=0))
        return stirred

    pictures = np.concatenate([stirring(1), stirring(2)])
    found = PackedMovie(list(pack_movie(Movie(pictures, 4.0)))).between(0, 20).pictures
    for first in (0, 8, 16, 24):
        mine, original = (part[first : first + 8] for part in (found, pictures))
        mine, original = (part - part.mean(axis=(1, 2), keepdims=True) for part in (mine, original))
        assert _correlation(mine - mine.mean(axis=0), original - original.mean(axis=0)) > 0.9


def test_movies_with_one_step_a_block_can_still_be_read() -> None:
    movie = Blobs(8).movie(np.arange(20) / 4)
    part = _packed_with_one_step(movie.pictures)
    found = PackedMovie([part]).between(0, 20).pictures
    assert found.shape == movie.pictures.shape
    for mine, original in zip(found, movie.pictures, strict=True):
        assert _correlation(mine, original) > 0.98


def _packed_with_one_step(pictures: FloatArray) -> bytes:
    """As movies were stored before: version 1, a step for all numbers of a block; written out as plain sums."""
    count = len(pictures)
    padded = np.concatenate([pictures, np.repeat(pictures[-1:], -count % 8, axis=0)]).astype(np.float64)

    def cosine(size: int, frequency: int) -> TimeArray:
        wave = np.cos(math.pi * frequency * (np.arange(size) + 0.5) / size)
        cosine: TimeArray = wave * math.sqrt((1 if frequency == 0 else 2) / size)
        return cosine

    kept = [(row, column) for row in range(32) for column in range(32) if 0 < row + column < 20]
    steps, levels, before = [], [], np.zeros(len(kept))
    for first in range(0, len(padded), 8):
        block = padded[first : first + 8]
        planes = np.array(
            [
                [
                    np.einsum("t,y,x,tyx->", cosine(8, time), cosine(32, row), cosine(32, column), block)
                    for row, column in kept
                ]
                for time in range(8)
            ]
        )
        planes[0] -= before
        step = min(255, math.ceil(math.log2(max(0.6 * math.sqrt((planes**2).mean()) / 0.5, 1.0)) * 8))
        size = 0.5 * 2 ** (step / 8)
        steps.append(step)
        levels.append(np.clip(np.rint(planes / size), -127, 127).astype(np.int8))
        before = before + levels[-1][0] * size
    body = bytes(steps) + np.stack(levels, axis=1).tobytes()
    return struct.pack("<BfH", 1, 4.0, count) + zlib.compress(body)


def test_stretches_of_a_long_movie_are_unpacked_by_themselves() -> None:
    count = 2 * PART_PICTURES + 10
    movie = Blobs(5).movie(np.arange(count) / 4)
    packed = PackedMovie(list(pack_movie(movie)))
    whole = packed.between(-5, 1e9)
    assert len(whole) == count
    part_seconds = PART_PICTURES / 4
    middle = packed.between(part_seconds + 1, part_seconds + 2)
    assert middle.first_seconds == part_seconds
    np.testing.assert_array_equal(middle.pictures, whole.pictures[PART_PICTURES : 2 * PART_PICTURES])
    behind = packed.between(1e6, 2e6)
    np.testing.assert_array_equal(behind.pictures, whole.pictures[2 * PART_PICTURES :])


def test_still_pictures_take_nearly_no_space() -> None:
    still = Movie(np.repeat(Blobs(6).draw(0.0)[None], PART_PICTURES, axis=0), 4.0)
    moving = Blobs(6).movie(np.arange(PART_PICTURES) / 4)
    seconds = PART_PICTURES / 4
    assert len(next(pack_movie(still))) / seconds < 20
    assert len(next(pack_movie(moving))) / seconds < 400


def test_damaged_parts_are_named() -> None:
    part = next(pack_movie(Blobs(7).movie(np.arange(20) / 4)))
    body = zlib.decompress(part[7:])
    bad = {
        "header": part[:4],
        "begins with 9": b"\x09" + part[1:],
        "damaged": part[:-20] + bytes(20),
        "another size": part[:7] + zlib.compress(body + b"\0"),
        "begins with 2, nan": part[:1] + b"\0\0\xc0\x7f" + part[5:],
    }
    for message, damaged in bad.items():
        with pytest.raises(LibraryDamagedError, match=message):
            PackedMovie([damaged], "clip.mp4").check()
    short = part[:7] + zlib.compress(body[:-1])
    with pytest.raises(LibraryDamagedError, match=r"clip\.mp4 is damaged.*another size.*index the video again"):
        PackedMovie([part, short], "clip.mp4").between(0, 1e9)
    with pytest.raises(ValueError, match="no part"):
        PackedMovie([])
    PackedMovie([part]).check()
