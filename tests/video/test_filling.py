"""Parts of a frame painted over: nothing of them is left, and what surrounds them goes on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.video.filling import filled_smoothly
from vdup.video.panels import Box

HEIGHT, WIDTH = 180, 320
PART = Box(60, 120, 100, 220)
CORNER = Box(0, 50, 250, 320)


def _slope() -> NDArray[np.uint8]:
    """Colours that change evenly over the frame: what surrounds a part tells what is in it."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    return np.stack([40 + across * 0.5, 220 - down * 0.8, 60 + across * 0.2 + down * 0.4], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("parts", [[PART], [CORNER], [PART, CORNER]])
def test_what_surrounds_a_part_goes_on_in_it(parts: list[Box]) -> None:
    slope = _slope()
    covered = slope.copy()
    for part in parts:
        part.cut(covered)[:] = (255, 0, 255)
    filled = filled_smoothly(covered, parts)
    assert np.abs(filled.astype(int) - slope).max() < 45, "beyond a corner it can only stay level"
    assert np.abs(filled.astype(int) - slope).mean() < 2


def test_nothing_of_the_part_is_left_and_nothing_else_is_changed() -> None:
    rng = np.random.default_rng(3)
    frame = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    other = frame.copy()
    PART.cut(other)[:] = rng.integers(0, 256, (60, 120, 3), dtype=np.uint8)
    filled = filled_smoothly(frame, [PART])
    np.testing.assert_array_equal(filled, filled_smoothly(other, [PART]))
    outside = np.ones((HEIGHT, WIDTH), dtype=np.bool_)
    outside[PART.top : PART.bottom, PART.left : PART.right] = False
    np.testing.assert_array_equal(filled[outside], frame[outside])
    assert PART.cut(filled).std() < 0.2 * PART.cut(frame).std(), "smooth"


def test_plain_frames_and_frames_without_parts() -> None:
    plain = np.full((40, 60, 3), 77, dtype=np.uint8)
    assert (filled_smoothly(plain, [Box(10, 30, 10, 50)]) == 77).all()
    frame = _slope()
    same = filled_smoothly(frame, [])
    np.testing.assert_array_equal(same, frame)
    assert same is not frame


def test_a_frame_that_is_all_parts_is_black() -> None:
    assert (filled_smoothly(_slope(), [Box(0, HEIGHT, 0, WIDTH)]) == 0).all()
