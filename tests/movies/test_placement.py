"""Where one picture lies in the other, on scenes of which it is known."""

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.changes import changes_at
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import place_pictures
from vdup.movies.placement import Found, find_placement
from vdup.types import FloatArray, Placement, Rectangle

TIMES = np.linspace(0.5, 7.5, 24)


def _changes(movie: Movie) -> FloatArray:
    return changes_at(movie, TIMES, 0.25)


def _scene(seed: int, **rectangle: float) -> Movie:
    return Blobs(seed).movie(np.arange(33) / 4, **rectangle)


def _inset(seed: int, guest: Movie, placed: Placement) -> Movie:
    """A guest inside another scene."""
    host = _scene(seed + 100).pictures
    inner, covered = place_pictures(placed, guest.pictures)
    return Movie(np.where(covered > 0.5, inner / np.maximum(covered, 0.01), host).astype(np.float32), 4.0)


def _overlap(a: Placement, b: Placement) -> float:
    def span(first: float, first_length: float, second: float, second_length: float) -> float:
        return max(0.0, min(first + first_length, second + second_length) - max(first, second))

    shared = span(a.top, a.height, b.top, b.height) * span(a.left, a.width, b.left, b.width)
    return shared / (a.height * a.width + b.height * b.width - shared)


def _find(query: Movie, reference: Movie) -> Found:
    return find_placement(_changes(query), [_changes(reference)])


def test_the_same_picture_lies_on_itself() -> None:
    found = _find(_scene(1), _scene(1))
    assert found.placement == Placement.whole()
    assert found.correlation > 0.99
    assert found.merit == found.correlation


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_crop_shows_a_part(seed: int) -> None:
    top, left, height, width = 0.1, 0.2, 0.7, 0.65
    found = _find(_scene(seed, top=top, left=left, height=height, width=width), _scene(seed))
    expected = Placement(-top / height, -left / width, 1 / height, 1 / width, mirrored=False, quarter_turns=0)
    assert _overlap(found.placement, expected) > 0.8
    assert not found.placement.mirrored
    assert found.placement.quarter_turns == 0


@pytest.mark.parametrize(("mirrored", "turns"), [(False, 0), (True, 0), (False, 1), (False, 2), (True, 3)])
def test_an_inset_is_found_in_its_rectangle(mirrored: bool, turns: int) -> None:
    expected = Placement(0.25, 0.31, 0.63, 0.6, mirrored=mirrored, quarter_turns=turns)
    reference = _scene(5)
    found = _find(_inset(5, reference, expected), reference)
    assert found.placement.mirrored == mirrored
    assert found.placement.quarter_turns == turns
    assert _overlap(found.placement, expected) > 0.75


@pytest.mark.parametrize(
    ("degrees", "proportions", "side"), [(-15, 16 / 9, 1.0), (18, 1.0, 1.0), (18, 9 / 16, 1.0), (-20, 16 / 9, 1 / 1.3)]
)
def test_a_tilt_of_some_degrees_is_found(degrees: float, proportions: float, side: float) -> None:
    part = {"top": (1 - side) / 2, "left": (1 - side) / 2, "height": side, "width": side}
    query = _scene(8, **part, tilt_degrees=degrees, shape=proportions)
    found = find_placement(_changes(query), [_changes(_scene(8))], proportions)
    expected = Placement(-part["top"] / side, -part["left"] / side, 1 / side, 1 / side, False, 0)
    assert found.placement.tilt_degrees == pytest.approx(degrees, abs=3.1)
    assert found.placement.shape == proportions
    assert _overlap(found.placement, expected) > 0.8
    assert found.correlation > 0.85


def test_other_scenes_and_straight_ones_are_not_tilted() -> None:
    assert _find(_scene(1, top=0.1, height=0.8), _scene(1)).placement.tilt_degrees == 0
    assert find_placement(_changes(_scene(2)), [_changes(_scene(3))], 1.0).correlation < 0.7


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_part_that_is_a_picture_of_its_own_is_believed(mirrored: bool) -> None:
    """What moves round an inset is like what moves in it; known borders tell the place."""
    part = Rectangle(0.2, 0.3, 0.5, 0.5)
    guest = _scene(9)
    placed = Placement(part.top, part.left, part.height, part.width, mirrored=mirrored, quarter_turns=0)
    query = _inset(9, guest, placed)
    noise = np.random.default_rng(1).normal(0, 25, query.pictures.shape).astype(np.float32)
    noisy = Movie(query.pictures + noise, query.pictures_per_second)
    found = find_placement(_changes(noisy), [_changes(guest)] * 3, likely=[part, Rectangle(0, 0, 0.3, 0.3)])
    assert found.placement.mirrored == mirrored
    assert _overlap(found.placement, placed) > 0.8
    elsewhere = find_placement(_changes(noisy), [_changes(guest)] * 3, likely=[Rectangle(0.6, 0.0, 0.4, 0.3)])
    assert _overlap(elsewhere.placement, placed) > 0.6, "a part that shows something else is not taken"


def test_the_shift_is_told_at_which_it_was_found() -> None:
    reference = _scene(6)
    query = Movie(reference.pictures[2:], 4.0)  # half a second later
    shifts = [changes_at(reference, TIMES + shift, 0.25) for shift in (-0.5, 0.0, 0.5)]
    found = find_placement(_changes(query), shifts)
    assert found.shift == 2
    assert found.placement == Placement.whole()


def test_other_scenes_correlate_less() -> None:
    for seed in (7, 8, 9):
        assert _find(_scene(seed), _scene(seed + 50)).correlation < 0.75


def test_a_less_simple_placement_must_earn_its_place() -> None:
    def merit(placed: Placement) -> float:
        return Found(placed, 0.5, 0).merit

    whole = merit(Placement.whole())
    inside = merit(Placement(0.1, 0.1, 0.5, 0.5, mirrored=False, quarter_turns=0))
    cut_off = merit(Placement(0.75, 0.1, 0.5, 0.5, mirrored=False, quarter_turns=0))
    flipped = merit(Placement(0.1, 0.1, 0.5, 0.5, mirrored=True, quarter_turns=0))
    turned = merit(Placement(0.1, 0.1, 0.5, 0.5, mirrored=False, quarter_turns=1))
    stretched = merit(Placement(0.1, 0.1, 0.5, 0.8, mirrored=False, quarter_turns=0))
    assert whole == 0.5
    assert whole > inside > max(cut_off, flipped, turned, stretched)
