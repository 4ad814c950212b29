"""Pictures put where they belong, on scenes and figures of which it is known."""

from dataclasses import replace

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.placed_pictures import place_pictures, scaling_rows, turned
from vdup.types import Placement


def test_pictures_are_placed_tilted() -> None:
    scene = Blobs(4)
    placed, covered = place_pictures(replace(Placement.whole(), tilt_degrees=10.0, shape=1.5), scene.draw(0.0)[None])
    expected = scene.draw(0.0, tilt_degrees=10.0, shape=1.5)
    inside = covered > 0.99
    assert 0.7 < inside.mean() < 0.95
    assert np.abs(placed[0] - expected)[inside].max() < 6, "of a range of 180; pixels are mixed of four"
    assert (placed[0][covered == 0] == 0).all()


def test_placing_keeps_the_mean_and_covers_what_it_says() -> None:
    pictures = np.full((2, 32, 32), 7.0, dtype=np.float32)
    placed, covered = place_pictures(Placement(0.25, 0.5, 0.5, 0.25, mirrored=False, quarter_turns=0), pictures)
    expected = np.zeros((32, 32))
    expected[8:24, 16:24] = 1
    np.testing.assert_allclose(covered, expected, atol=1e-5)
    np.testing.assert_allclose(placed[0], 7 * expected, atol=1e-4)
    assert Placement(0.25, 0.5, 0.5, 0.25, mirrored=False, quarter_turns=0).within == pytest.approx(1)
    assert Placement(0.75, 0.0, 0.5, 1.0, mirrored=False, quarter_turns=0).within == pytest.approx(0.5)
    assert Placement(2.0, 0.0, 0.5, 1.0, mirrored=False, quarter_turns=0).within == 0


def test_turns_are_anticlockwise_after_mirroring() -> None:
    picture = np.array([[[1, 2], [3, 4]]], dtype=np.float32)
    np.testing.assert_array_equal(turned(picture, False, 1)[0], [[2, 4], [1, 3]])
    np.testing.assert_array_equal(turned(picture, True, 0)[0], [[2, 1], [4, 3]])
    np.testing.assert_array_equal(turned(picture, True, 1)[0], [[1, 3], [2, 4]])


@pytest.mark.parametrize("length", [5, 16, 32, 77])
def test_scaling_keeps_plain_pictures_and_slopes(length: int) -> None:
    rows = scaling_rows(32, length)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    slope = rows @ ((np.arange(32) + 0.5) / 32)
    inner = slice(length // 8, length - length // 8)
    np.testing.assert_allclose(slope[inner], ((np.arange(length) + 0.5) / length)[inner], atol=0.02)
