"""Whether colours were kept, lost or changed, on pictures with a known edit."""

import numpy as np
import pytest

from vdup.movies.colour import compare_colours, judge_colours
from vdup.movies.picture_track import PictureTrack, colours_of
from vdup.movies.rectangles import WHOLE
from vdup.types import Colour, FloatArray, Placement, Rectangle

RNG = np.random.default_rng(6)
NOISE = 1.5


def _patches(count: int = 4) -> np.ndarray:
    """Pictures of large patches of colour, uint8 [N, 64, 64, 3]."""
    small = RNG.integers(40, 216, (count, 8, 8, 3)).astype(np.uint8)
    return small.repeat(8, axis=1).repeat(8, axis=2)


def _track(pictures: np.ndarray, cells: int, step_seconds: float) -> PictureTrack:
    count = len(pictures)
    colours = np.stack([colours_of(picture, cells) for picture in pictures])
    boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (count, 1))
    return PictureTrack(np.arange(count, dtype=np.float64) * step_seconds, boxes, colours)


def _compare(
    query: np.ndarray, reference: np.ndarray, placement: Placement, window: Rectangle = WHOLE
) -> Colour | None:
    own, stored = _track(query, 16, 2.0), _track(reference, 4, 2.0)
    return compare_colours(own, stored, (0.0, 7.0), 1.0, 0.0, placement, window)


def _grey(pictures: np.ndarray) -> np.ndarray:
    luma = np.rint(pictures @ np.array([0.299, 0.587, 0.114]))
    return np.repeat(luma[..., None], 3, axis=3).astype(np.uint8)


def test_whole_pictures() -> None:
    reference = _patches()
    whole = Placement.whole()
    assert _compare(reference, reference, whole) is Colour.kept
    assert _compare(_grey(reference), reference, whole) is Colour.grey
    assert _compare(reference[..., [1, 2, 0]], reference, whole) is Colour.changed
    assert _compare(_grey(reference), _grey(reference), whole) is None
    assert _compare(_patches(), reference, whole) is Colour.changed


@pytest.mark.parametrize(("mirrored", "turns"), [(True, 0), (False, 1), (True, 3)])
def test_only_what_the_reference_fills_is_compared(mirrored: bool, turns: int) -> None:
    reference, query = _patches(), _grey(_patches())
    turned = np.rot90(reference[:, :, ::-1] if mirrored else reference, turns, axes=(1, 2))
    query[:, 32:, 16:48] = turned[:, ::2, ::2]
    placement = Placement(0.5, 0.25, 0.5, 0.5, mirrored, turns)
    assert _compare(query, reference, placement) is Colour.kept
    query[:, 32:, 16:48] = _grey(turned)[:, ::2, ::2]
    assert _compare(query, reference, placement) is Colour.grey


def test_a_window_leaves_the_rest_out() -> None:
    reference = _patches()
    query = reference.copy()
    query[:, :, 32:] = reference[:, :, 32:, [2, 1, 0]]
    assert _compare(query, reference, Placement.whole()) is Colour.changed
    assert _compare(query, reference, Placement.whole(), Rectangle(0, 0, 1, 0.5)) is Colour.kept
    nothing = Rectangle(0, 0, 0.05, 0.05)
    assert _compare(query, reference, Placement.whole(), nothing) is None


def test_moments_are_those_of_the_line() -> None:
    stored = _patches(6)
    query = _track(np.repeat(stored[2:5], 4, axis=0), 16, 0.5)
    reference = _track(stored, 4, 2.0)
    whole = Placement.whole()
    assert compare_colours(query, reference, (0.0, 5.5), 1.0, 4.0, whole, WHOLE) is Colour.kept
    assert compare_colours(query, reference, (0.0, 5.5), 1.0, 0.0, whole, WHOLE) is Colour.changed
    assert compare_colours(query, reference, (0.0, 5.5), 1.0, 40.0, whole, WHOLE) is None
    assert compare_colours(query, reference, (90.0, 99.0), 1.0, 4.0, whole, WHOLE) is None


def _turned(colours: FloatArray, degrees: float, factor: float) -> FloatArray:
    angle = np.radians(degrees)
    matrix = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (colours @ matrix.T).astype(np.float32)


@pytest.mark.parametrize("spread", [8.0, 30.0])
def test_how_much_may_change(spread: float) -> None:
    reference: FloatArray = RNG.normal(0, spread, (40, 2)).astype(np.float32)
    noise = RNG.normal(0, NOISE, reference.shape).astype(np.float32)

    def judged(degrees: float, factor: float, tint: float = 0.0) -> Colour | None:
        return judge_colours((_turned(reference, degrees, factor) + noise + tint).astype(np.float32), reference)

    assert judged(0, 1) is Colour.kept
    assert judged(3, 0.85, 2.0) is Colour.kept
    assert judged(35, 1) is Colour.changed
    assert judged(180, 1) is Colour.changed
    assert judged(0, 2.2) is Colour.changed
    assert judged(0, 1, 20.0) is Colour.changed
    assert judge_colours((noise / 2).astype(np.float32), reference) is Colour.grey


def test_a_reference_without_colour() -> None:
    grey = RNG.normal(0, NOISE, (40, 2)).astype(np.float32)
    assert judge_colours(grey + 2, grey) is None
    assert judge_colours(grey + 20, grey) is Colour.changed
