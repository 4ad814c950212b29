"""Panels of a query in sides of its picture."""

import numpy as np
import pytest

from vdup.align.matcher import QueryTrack
from vdup.align.panels import box_between, panels_between, whole_frames
from vdup.movies.picture_track import PictureTrack
from vdup.types import CODE_BYTES, Rectangle

HALF = (0.0, 0.5, 1.0, 0.5)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def _track(
    box: tuple[float, ...], times: list[float], *, panel: bool = True, mirrored: bool = False, pictures: bool = True
) -> QueryTrack:
    count = len(times)
    shown = PictureTrack(
        np.array(times), np.tile(np.array(box, np.float32), (count, 1)), np.zeros((count, 4, 4, 2), np.int8)
    )
    return QueryTrack(
        codes=np.zeros((count, CODE_BYTES), np.uint8),
        times_seconds=np.array(times),
        searchable=np.ones(count, np.bool_),
        backgrounds=np.zeros(count, np.float32),
        duration_seconds=20.0,
        mirrored=mirrored,
        panel=panel,
        pictures=shown if pictures else None,
    )


def test_panels_are_told_in_sides_of_the_picture() -> None:
    # The query has bars: its picture is the middle half of the frame, and the panel the right half of that.
    whole = _track((0.25, 0.0, 0.5, 1.0), [1.0, 2.0, 3.0], panel=False)
    panel = _track((0.25, 0.5, 0.5, 0.5), [1.0, 2.0, 3.0])
    [found] = panels_between([whole, panel], 0.5, 3.5)
    assert found == Rectangle(0.0, 0.5, 1.0, 0.5)


@pytest.mark.parametrize(
    "other",
    [
        _track(HALF, [11.0, 12.0]),
        _track(HALF, [1.0, 2.0], mirrored=True),
        _track(HALF, [1.0, 2.0], panel=False),
        _track(HALF, [1.0, 2.0], pictures=False),
        _track((0.01, 0.0, 0.98, 1.0), [1.0, 2.0]),
    ],
    ids=["at another time", "mirrored twin", "no panel", "not known", "as good as the whole"],
)
def test_what_is_no_panel_of_that_time(other: QueryTrack) -> None:
    assert panels_between([_track(WHOLE, [1.0, 2.0], panel=False), other], 0.0, 5.0) == []


def test_without_tracks_or_boxes() -> None:
    assert panels_between([], 0.0, 1.0) == []
    assert box_between(None, 0.0, 1.0) == Rectangle(0.0, 0.0, 1.0, 1.0)


def test_frames_that_lie_on_one_another_though_other_bars_were_cut() -> None:
    whole, middle = Rectangle(0, 0, 1, 1), Rectangle(0.25, 0, 0.5, 1)
    # The reference lost bars of a quarter above and below, the query none: its picture is the whole frame.
    assert whole_frames(whole, middle, 16 / 9, 16 / 9) == [middle]
    # The other way round the reference goes on beyond the query's picture.
    assert whole_frames(middle, whole, 16 / 9, 16 / 9) == [Rectangle(-0.5, 0, 2, 1)]
    assert whole_frames(Rectangle(0.1, 0, 0.8, 1), Rectangle(0.11, 0, 0.79, 1), 1.0, 1.0) == []


def test_frames_that_were_fitted_between_bars_which_nobody_saw() -> None:
    whole = Rectangle(0, 0, 1, 1)
    # A wide reference in a square query fills half of its height, a high one half of its width.
    assert whole_frames(whole, whole, 1.0, 2.0) == [Rectangle(0.25, 0, 0.5, 1)]
    assert whole_frames(whole, whole, 1.0, 0.5) == [Rectangle(0, 0.25, 1, 0.5)]
    # Where the bars were seen, the picture that is left is the reference's; it may also have been stretched.
    assert whole_frames(Rectangle(0.25, 0, 0.5, 1), whole, 1.0, 2.0) == [Rectangle(-0.5, 0, 2, 1)]
