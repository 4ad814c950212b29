"""Where pictures lie and their colours: how they are taken, stored and read again."""

import numpy as np
import pytest

from vdup.errors import LibraryDamagedError
from vdup.movies.picture_track import (
    PictureTrack,
    PictureTrackMaker,
    colours_of,
    pack_picture_track,
    unpack_picture_track,
)
from vdup.types import FloatArray, FrameBatch

RNG = np.random.default_rng(4)


def _batch(times: list[float], boxes: FloatArray | None = None) -> FrameBatch:
    images = RNG.integers(0, 256, (len(times), 32, 32, 3), dtype=np.uint8)
    return FrameBatch(images, np.array(times), np.ones(len(times), dtype=np.bool_), boxes=boxes)


def _track(count: int) -> PictureTrack:
    boxes = RNG.random((count, 4), dtype=np.float32)
    colours = RNG.integers(-127, 128, (count, 4, 4, 2)).astype(np.int8)
    return PictureTrack(np.arange(count, dtype=np.float64) * 2.04, boxes, colours)


def test_colours_are_means_over_cells() -> None:
    picture = RNG.integers(0, 256, (32, 48, 3), dtype=np.uint8)
    found = colours_of(picture, 4)
    for row in range(4):
        for column in range(4):
            cell = picture[row * 8 : row * 8 + 8, column * 12 : column * 12 + 12].reshape(-1, 3).mean(axis=0)
            luma = 0.299 * cell[0] + 0.587 * cell[1] + 0.114 * cell[2]
            expected = (cell[2] - luma) / 1.772, (cell[0] - luma) / 1.402
            assert np.abs(found[row, column] - expected).max() <= 1
    assert not colours_of(np.full((8, 8, 3), 77, np.uint8), 4).any()


def test_moments_are_as_far_apart_as_asked() -> None:
    maker = PictureTrackMaker(4, 2.0)
    maker.take(_batch([0.0, 1.0, 2.0, 3.0]))
    boxes = np.tile(np.array([0.25, 0, 0.5, 1], np.float32), (3, 1))
    maker.take(_batch([4.0, 5.5, 6.5], boxes))
    track = maker.track()
    assert track.times_seconds.tolist() == [0.0, 2.0, 4.0, 6.5]
    assert track.boxes.tolist() == [[0, 0, 1, 1]] * 2 + [[0.25, 0, 0.5, 1]] * 2
    every = PictureTrackMaker(16)
    every.take(_batch([0.0, 0.1]))
    assert every.track().colours.shape == (2, 16, 16, 2)
    assert len(PictureTrackMaker(4).track()) == 0


def test_the_usual_box_is_a_median() -> None:
    boxes = np.array([[0, 0, 1, 1], [0.1, 0, 0.8, 1], [0.1, 0, 0.8, 1], [0, 0, 1, 1]], np.float32)
    track = PictureTrack(np.arange(4, dtype=np.float64), boxes, np.zeros((4, 2, 2, 2), np.int8))
    assert track.box_between(0, 2).tolist() == boxes[1].tolist()
    assert track.box_between(2.6, 2.9).tolist() == [0, 0, 1, 1]
    assert PictureTrackMaker(4).track().box_between(0, 9).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_stored_and_read_again(count: int) -> None:
    track = _track(count)
    read = unpack_picture_track(pack_picture_track(track))
    np.testing.assert_allclose(read.times_seconds, track.times_seconds, atol=0.0006)
    np.testing.assert_allclose(read.boxes, track.boxes, atol=0.5 / 255 + 1e-6)
    assert np.abs(read.colours.astype(int) - track.colours).max(initial=0) <= 1


def test_what_stands_still_costs_little() -> None:
    still = PictureTrack(
        np.arange(900, dtype=np.float64) * 2.0, np.ones((900, 4), np.float32), np.full((900, 4, 4, 2), 30, np.int8)
    )
    assert len(pack_picture_track(still)) < 300


def test_damage_is_named() -> None:
    data = pack_picture_track(_track(10))
    damaged = [b"", data[:9], data[:-1], b"\x09" + data[1:], data[:2] + b"\xff\xff\xff\xff" + data[6:]]
    for broken in [*damaged, data[:2] + b"\x05" + data[3:], data[:20] + b"xxxx" + data[24:]]:
        with pytest.raises(LibraryDamagedError, match="the track of a is damaged"):
            unpack_picture_track(broken, "the track of a")


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        PictureTrack(np.zeros(2), np.zeros((1, 4), np.float32), np.zeros((2, 4, 4, 2), np.int8))
    with pytest.raises(ValueError, match="do not fit"):
        PictureTrack(np.zeros(2), np.zeros((2, 4), np.float32), np.zeros((2, 4, 2), np.int8))
