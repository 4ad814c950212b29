import numpy as np
from video.moving_panels import HEIGHT, WIDTH, between_blurred_bars, inset, scene

from vdup.video.filling import filled_smoothly
from vdup.video.layout import MAX_VIEWS, LayoutTracker, View, find_views
from vdup.video.panels import Box

INSET = Box(40, 120, 90, 220)
WHOLE = Box(0, HEIGHT, 0, WIDTH)


def test_inset_is_shown_and_so_is_its_host_without_it() -> None:
    frames = inset(scene(1), scene(2), INSET)
    guest, host = find_views(frames, crop_bars=True)
    assert guest.box.likeness(INSET) > 0.9
    assert guest.insets == ()
    assert host.box == WHOLE
    assert host.insets == (guest.box,)


def test_large_insets_leave_no_host() -> None:
    assert len(find_views(inset(scene(1), scene(2), (10, 160, 20, 300)), crop_bars=True)) == 1


def test_split_screens_have_no_host() -> None:
    views = find_views(inset(scene(1), scene(2), (0, HEIGHT, 0, 160)), crop_bars=True)
    assert len(views) == 2
    assert all(not view.insets for view in views)


def test_blurred_bars_have_no_host() -> None:
    [view] = find_views(between_blurred_bars(scene(1), (0, HEIGHT, 110, 210)), crop_bars=True)
    assert not view.insets


def test_ordinary_footage_has_no_views() -> None:
    assert find_views(scene(1), crop_bars=True) == []


def test_picture_inside_bars_is_no_view_unless_bars_stay() -> None:
    frames = inset(np.zeros_like(scene(1)), scene(1), (20, 160, 30, 290))
    assert find_views(frames, crop_bars=True) == []
    [view] = find_views(frames, crop_bars=False)
    assert view.box.likeness(Box(20, 160, 30, 290)) > 0.9


def test_panels_lose_their_own_bars() -> None:
    half = inset(np.zeros_like(scene(1)), scene(1), (0, HEIGHT, 160, WIDTH))
    tile = Box(45, 135, 0, 160)
    views = find_views(inset(half, scene(2), tile), crop_bars=True)
    assert max(view.box.likeness(tile) for view in views) > 0.9


def test_view_shows_its_box_and_paints_insets_over() -> None:
    frame = scene(1)[0]
    before = frame.copy()
    plain = View(INSET).show(frame)
    np.testing.assert_array_equal(plain, frame[40:120, 90:220])
    assert plain.flags.c_contiguous
    host = View(WHOLE, (INSET,)).show(frame)
    np.testing.assert_array_equal(host, filled_smoothly(frame, [INSET]))
    assert (host[40:120, 90:220] != frame[40:120, 90:220]).any()
    host[40:120, 90:220] = frame[40:120, 90:220]
    np.testing.assert_array_equal(host, before)
    np.testing.assert_array_equal(frame, before)


def test_views_keep_their_numbers_while_they_stay() -> None:
    tracker = LayoutTracker(crop_bars=True)
    first = tracker.views(list(inset(scene(1), scene(2), INSET)))
    assert sorted(first) == [1, 2]
    assert tracker.views(list(scene(3))) == {}
    again = tracker.views(list(inset(scene(4), scene(5), (41, 121, 90, 220))))
    assert {number: bool(view.insets) for number, view in first.items()} == {
        number: bool(view.insets) for number, view in again.items()
    }


def test_views_elsewhere_take_other_numbers_until_none_is_left() -> None:
    tracker = LayoutTracker(crop_bars=True)
    corners = [(0, 80, 0, 140), (0, 80, 180, 320), (100, 180, 0, 140)]
    numbers = [sorted(tracker.views(list(inset(scene(7), scene(8), corner)))) for corner in corners]
    assert MAX_VIEWS == 4
    assert numbers == [[1, 2], [3, 4], [1, 2]]


def test_rest_of_a_video_that_is_too_short_shows_what_was_there() -> None:
    tracker = LayoutTracker(crop_bars=True)
    assert tracker.views(list(scene(9)[:1])) == {}
    frames = inset(scene(1), scene(2), INSET)
    assert tracker.views(list(frames[:1])) == {}
    views = tracker.views(list(frames[:5]))
    assert len(views) == 2
    assert tracker.views(list(frames[5:])) == views


def test_frames_of_two_sizes_have_no_views() -> None:
    frames = inset(scene(1), scene(2), INSET)
    tracker = LayoutTracker(crop_bars=True)
    assert tracker.views([*frames, frames[0][:100]]) == {}
