import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.video.bars import find_picture

Frames = NDArray[np.uint8]
HEIGHT, WIDTH = 180, 320
FULL = (0, HEIGHT, 0, WIDTH)


def pictures(count: int = 4, seed: int = 0, low: int = 20, high: int = 250) -> Frames:
    """Frames of moving coarse blocks, [count, HEIGHT, WIDTH, 3]."""
    blocks = np.random.default_rng(seed).integers(low, high, (HEIGHT // 10, WIDTH // 10, 3), dtype=np.uint8)
    large = blocks.repeat(10, axis=0).repeat(10, axis=1)
    return np.stack([np.roll(large, (4 * i, 7 * i), axis=(0, 1)) for i in range(count)])


def framed(frames: Frames, box: tuple[int, int, int, int], colour: tuple[int, int, int] = (0, 0, 0)) -> Frames:
    top, bottom, left, right = box
    result = np.empty_like(frames)
    result[:] = colour
    result[:, top:bottom, left:right] = frames[:, top:bottom, left:right]
    return result


def noisy(frames: Frames, deviation: float) -> Frames:
    noise = np.random.default_rng(7).normal(0, deviation, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


BOXES = [
    (22, 158, 0, 320),  # letterbox
    (0, 180, 40, 280),  # 4:3 in 16:9
    (0, 180, 109, 210),  # 9:16 in 16:9
    (20, 150, 30, 300),  # all round, off centre
    (25, 180, 0, 320),  # one bar only
    (2, 178, 0, 320),  # thin
]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("frames", [1, 5])
def test_black_bars_are_found_to_the_pixel(box: tuple[int, int, int, int], frames: int) -> None:
    assert find_picture(framed(pictures(frames), box)) == box


@pytest.mark.parametrize("box", BOXES)
def test_grey_noisy_bars_are_found(box: tuple[int, int, int, int]) -> None:
    assert find_picture(noisy(framed(pictures(), box, (18, 20, 22)), 2.5)) == box


@pytest.mark.parametrize("colour", [(255, 255, 255), (255, 190, 200), (32, 47, 63), (0, 200, 0)])
def test_plain_coloured_borders_are_found(colour: tuple[int, int, int]) -> None:
    for box in ((20, 150, 30, 300), (20, 160, 0, 320), (0, 180, 60, 250)):
        assert find_picture(framed(pictures(), box, colour)) == box


def test_borders_inside_one_another_are_peeled() -> None:
    inner, middle, outer = (50, 130, 90, 230), (30, 150, 60, 260), (10, 170, 40, 280)
    frames = framed(pictures(), inner)
    frames = framed(frames, middle, (255, 190, 200))
    assert find_picture(framed(frames, outer)) == inner


def test_a_rim_that_scaling_left_does_not_hide_the_border() -> None:
    frames = framed(framed(pictures(), (50, 130, 90, 230), (32, 47, 63)), (0, 179, 1, 320))
    assert find_picture(frames) == (50, 130, 90, 230)


def test_one_coloured_bar_alone_is_picture() -> None:
    assert find_picture(framed(pictures(), (60, 180, 0, 320), (90, 150, 230))) == FULL


def test_two_bars_of_different_colour_are_picture() -> None:
    """Sky above and grass below."""
    frames = framed(pictures(), (60, 120, 0, 320), (90, 150, 230))
    frames[:, 120:] = (40, 160, 40)
    assert find_picture(frames) == FULL


def test_pictures_without_bars_stay_whole() -> None:
    for seed in range(10):
        assert find_picture(pictures(seed=seed)) == FULL


def test_a_part_that_is_black_in_some_frames_only_stays() -> None:
    frames = framed(pictures(), (22, 158, 0, 320))
    frames[2] = pictures()[2]
    assert find_picture(frames) == FULL


def test_black_frames_in_a_shot_hide_no_bars() -> None:
    frames = framed(pictures(), (22, 158, 0, 320))
    frames[:2] = 0
    assert find_picture(frames) == (22, 158, 0, 320)


@pytest.mark.parametrize("level", [0, 16, 128, 255])
def test_frames_of_one_colour_stay_whole(level: int) -> None:
    assert find_picture(np.full((3, HEIGHT, WIDTH, 3), level, dtype=np.uint8)) == FULL


def test_a_skyline_against_a_black_sky_stays() -> None:
    """The lit part grows line by line, as roofs have many heights."""
    frames = pictures()
    roofs = 20 + np.abs(np.random.default_rng(3).normal(0, 40, WIDTH)).astype(int)
    frames[:, np.arange(HEIGHT)[:, None] < roofs[None]] = 0
    assert find_picture(frames) == FULL


def test_a_dark_scene_stays() -> None:
    """A dim lamp in the middle of a black room."""
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    glow = 120 * np.exp(-(((rows - 90) / 30.0) ** 2) - ((columns - 160) / 40.0) ** 2)
    frames = np.repeat(glow.astype(np.uint8)[None, :, :, None], 3, axis=3)
    assert find_picture(frames) == FULL


def test_subtitles_and_a_logo_in_a_bar_do_not_hide_it() -> None:
    frames = framed(pictures(), (30, 150, 0, 320))
    strokes = np.random.default_rng(1).random((10, 120)) < 0.4
    frames[1:, 160:170, 100:220][:, strokes] = 255
    frames[:, 4:12, 290:310] = 200
    assert find_picture(frames) == (30, 150, 0, 320)


def test_a_title_on_black_stays() -> None:
    frames = np.zeros((3, HEIGHT, WIDTH, 3), dtype=np.uint8)
    strokes = np.random.default_rng(1).random((20, 100)) < 0.5
    frames[:, 80:100, 110:210][:, strokes] = 255
    assert find_picture(frames) == FULL


def test_a_blurred_edge_is_found_within_its_blur() -> None:
    frames = framed(pictures(low=120), (40, 140, 0, 320)).astype(np.float64)
    for line in (40, 140):
        frames[:, line - 1 : line + 1] = frames[:, line - 2 : line + 2].mean(axis=1, keepdims=True)
    top, bottom, left, right = find_picture(frames.astype(np.uint8))
    assert (left, right) == (0, WIDTH)
    assert abs(top - 40) <= 2
    assert abs(bottom - 140) <= 2


@pytest.mark.parametrize("box", [(70, 110, 0, 320), (0, 180, 125, 195)])
def test_less_than_a_quarter_is_never_left(box: tuple[int, int, int, int]) -> None:
    assert find_picture(framed(pictures(), box)) == FULL


def test_less_than_16_pixels_are_never_left() -> None:
    frames = pictures()[:, :40, :40]
    frames[:, :13] = 0
    frames[:, -13:] = 0
    assert find_picture(frames) == (0, 40, 0, 40)


@pytest.mark.parametrize("side", [1, 2, 3, 16])
def test_tiny_frames(side: int) -> None:
    assert find_picture(np.zeros((1, side, side, 3), dtype=np.uint8)) == (0, side, 0, side)


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (4, 4, 3), (1, 4, 4, 4)])
def test_what_are_no_frames_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="frames must be uint8"):
        find_picture(np.zeros(shape, dtype=np.uint8))
