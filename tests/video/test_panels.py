import numpy as np
import pytest
from video.moving_panels import HEIGHT, WIDTH, Bounds, between_blurred_bars, inset, scene

from vdup.video.panels import MAX_PANELS, MIN_FRAMES, Box, find_panels


def likeness_by_pixels(first: Box, second: Box) -> float:
    masks = np.zeros((2, HEIGHT, WIDTH), dtype=bool)
    for mask, box in zip(masks, (first, second), strict=True):
        mask[box.top : box.bottom, box.left : box.right] = True
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((10, 60, 20, 90), (10, 60, 20, 90)),
        ((10, 60, 20, 90), (30, 80, 50, 200)),
        ((10, 60, 20, 90), (60, 90, 20, 90)),
        ((0, 180, 0, 320), (40, 50, 60, 70)),
    ],
)
def test_likeness_is_that_of_the_pixels(first: Bounds, second: Bounds) -> None:
    one, other = Box(*first), Box(*second)
    assert one.likeness(other) == other.likeness(one) == pytest.approx(likeness_by_pixels(one, other))


def test_box_cuts_what_it_says() -> None:
    frame = scene(1, 1)[0]
    np.testing.assert_array_equal(Box(3, 40, 5, 100).cut(frame), frame[3:40, 5:100])


@pytest.mark.parametrize(
    "bounds",
    [
        (40, 120, 90, 220),  # free
        (0, 90, 100, 260),  # at the upper side
        (100, 180, 180, 320),  # in a corner
        (30, 75, 12, 92),  # a quarter of the frame
    ],
)
@pytest.mark.parametrize("seed", [1, 5])
def test_insets_are_found(bounds: Bounds, seed: int) -> None:
    frames = inset(scene(seed), scene(seed + 1), bounds)
    [panel] = find_panels(frames)
    assert panel.likeness(Box(*bounds)) > 0.9


def test_two_insets_are_found() -> None:
    first, second = (20, 80, 20, 120), (90, 165, 190, 310)
    frames = inset(inset(scene(1), scene(2), first), scene(3), second)
    panels = sorted(find_panels(frames))
    assert len(panels) == 2
    assert panels[0].likeness(Box(*first)) > 0.9
    assert panels[1].likeness(Box(*second)) > 0.9


@pytest.mark.parametrize("upright", [True, False])
def test_both_halves_of_a_split_screen_are_found(upright: bool) -> None:
    first = Box(0, HEIGHT, 0, 150) if upright else Box(0, 80, 0, WIDTH)
    second = Box(0, HEIGHT, 150, WIDTH) if upright else Box(80, HEIGHT, 0, WIDTH)
    panels = sorted(find_panels(inset(scene(3), scene(4), first)))
    assert len(panels) == 2
    assert panels[0].likeness(first) > 0.95
    assert panels[1].likeness(second) > 0.95


def test_no_more_tiles_than_allowed() -> None:
    frames = scene(4)
    for seed, bounds in ((5, (0, 90, 160, 320)), (6, (90, 180, 0, 160)), (7, (90, 180, 160, 320))):
        frames = inset(frames, scene(seed), bounds)
    panels = find_panels(frames)
    assert len(panels) == MAX_PANELS == 3
    tiles = [Box(top, top + 90, left, left + 160) for top in (0, 90) for left in (0, 160)]
    assert all(max(panel.likeness(tile) for tile in tiles) > 0.9 for panel in panels)


@pytest.mark.parametrize("bounds", [(0, HEIGHT, 110, 210), (45, 135, 0, WIDTH)])
def test_picture_between_blurred_bars_is_found_without_them(bounds: Bounds) -> None:
    [panel] = find_panels(between_blurred_bars(scene(6), bounds))
    assert panel.likeness(Box(*bounds)) > 0.9


@pytest.mark.parametrize("seed", range(12))
def test_ordinary_footage_has_no_panels(seed: int) -> None:
    assert find_panels(scene(seed)) == []


def test_straight_edge_that_travels_is_no_border() -> None:
    frames = scene(1)
    for number, frame in enumerate(frames):
        frame[:, 60 + 30 * number :] //= 2
    assert find_panels(frames) == []


def test_small_insets_are_left_out() -> None:
    assert find_panels(inset(scene(1), scene(2), (20, 50, 20, 70))) == []


def test_nothing_is_found_in_flat_pictures() -> None:
    assert find_panels(np.full((6, HEIGHT, WIDTH, 3), 80, dtype=np.uint8)) == []


def test_too_few_or_too_small_frames_have_no_panels() -> None:
    frames = inset(scene(1), scene(2), (40, 120, 90, 220))
    assert MIN_FRAMES == 2
    assert len(find_panels(frames[:2])) == 1
    assert find_panels(frames[:1]) == []
    assert find_panels(frames[:0]) == []
    assert find_panels(frames[:, ::5, ::5]) == []


@pytest.mark.parametrize("frames", [np.zeros((2, 60, 60, 3)), np.zeros((60, 60, 3), np.uint8)])
def test_other_arrays_are_refused(frames: np.ndarray) -> None:
    with pytest.raises(ValueError, match="frames must be uint8"):
        find_panels(frames)
