"""From placements to rectangles of frames, against pixels that are really turned."""

import numpy as np
import pytest

from vdup.movies.rectangles import (
    WHOLE,
    clipped,
    of_box,
    of_placement,
    relative,
    shown_and_filled,
    turned_back,
    turned_over,
    within,
)
from vdup.types import Placement, Rectangle

SIDE = 24


def _pixels(part: Rectangle) -> np.ndarray:
    """Which pixels of a square picture a part holds."""
    held = np.zeros((SIDE, SIDE), dtype=bool)
    top, left = round(part.top * SIDE), round(part.left * SIDE)
    held[top : round((part.top + part.height) * SIDE), left : round((part.left + part.width) * SIDE)] = True
    return held


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turning_back(mirrored: bool, turns: int) -> None:
    part = Rectangle(1 / 6, 0.25, 0.5, 1 / 3)
    placement = Placement(0, 0, 1, 1, mirrored, turns)
    held = _pixels(part)
    turned = np.rot90(held[:, ::-1] if mirrored else held, turns)
    over = turned_over(part, placement)
    np.testing.assert_array_equal(_pixels(over), turned)
    back = turned_back(over, placement)
    assert np.allclose([back.top, back.left, back.height, back.width], [part.top, part.left, part.height, part.width])


def test_likeness_counts_pixels() -> None:
    first, second = Rectangle(0, 0, 0.5, 0.75), Rectangle(0.25, 0.25, 0.75, 0.75)
    one, other = _pixels(first), _pixels(second)
    assert first.likeness(second) == pytest.approx((one & other).sum() / (one | other).sum())
    assert first.likeness(Rectangle(0.5, 0.75, 0.5, 0.25)) == 0
    assert first.likeness(first) == pytest.approx(1)


def test_within_and_relative_are_inverse() -> None:
    outer, part = Rectangle(0.1, 0.2, 0.5, 0.6), Rectangle(0.25, 0.5, 0.5, 0.25)
    inner = within(part, outer)
    assert [inner.top, inner.left] == pytest.approx([0.225, 0.5])
    again = relative(inner, outer)
    assert np.allclose([again.top, again.left, again.height, again.width], [0.25, 0.5, 0.5, 0.25])


def test_what_is_cropped_away_is_not_shown() -> None:
    # Twice as wide as the query, its middle half is seen: in the right half of the query's frame, bars cut off.
    placement = Placement(0.0, -0.5, 1.0, 2.0, mirrored=False, quarter_turns=0)
    found = shown_and_filled(placement, WHOLE, Rectangle(0.0, 0.5, 1.0, 0.5), Rectangle(0.1, 0.0, 0.8, 1.0))
    assert found is not None
    shown, fills = found
    assert np.allclose([shown.top, shown.left, shown.height, shown.width], [0.1, 0.25, 0.8, 0.5])
    assert np.allclose([fills.top, fills.left, fills.height, fills.width], [0.0, 0.5, 1.0, 0.5])


def test_a_window_cuts_both_sides() -> None:
    placement = Placement(0.0, 0.0, 1.0, 1.0, mirrored=True, quarter_turns=0)
    found = shown_and_filled(placement, Rectangle(0.0, 0.0, 1.0, 0.25), WHOLE, WHOLE)
    assert found == (Rectangle(0.0, 0.75, 1.0, 0.25), Rectangle(0.0, 0.0, 1.0, 0.25))
    beside = Placement(0.0, 0.5, 1.0, 0.5, mirrored=False, quarter_turns=0)
    assert shown_and_filled(beside, Rectangle(0.0, 0.0, 1.0, 0.25), WHOLE, WHOLE) is None
    assert clipped(of_placement(beside), of_box(np.array([0.5, 0, 0.5, 0.75], np.float32))) == Rectangle(
        0.5, 0.5, 0.5, 0.25
    )
