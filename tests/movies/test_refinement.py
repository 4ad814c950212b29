"""Placements made finer, on scenes of which the place is known."""

from dataclasses import replace

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import place_pictures
from vdup.movies.rectangles import WHOLE, clipped, of_placement
from vdup.movies.refinement import Pictures, pictures_to_compare, refine
from vdup.types import Placement, Rectangle

TIMES = np.linspace(0.5, 7.5, 20)


def _scene(seed: int, **rectangle: float) -> Movie:
    return Blobs(seed).movie(np.arange(33) / 4, **rectangle)


def _pictures(query: Movie, reference: Movie) -> Pictures:
    return pictures_to_compare(query, reference, TIMES, 1.0, 0.0)


def _inside(seed: int, guest: Movie, placed: Placement) -> Movie:
    """A guest inside another scene."""
    host = _scene(seed + 100).pictures
    inner, covered = place_pictures(placed, guest.pictures)
    return Movie(np.where(covered > 0.5, inner / np.maximum(covered, 0.01), host).astype(np.float32), 4.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("mirrored", "turns"), [(False, 0), (True, 1)])
def test_edges_of_an_inset_are_found(seed: int, mirrored: bool, turns: int) -> None:
    true = Placement(0.25, 0.375, 0.5, 0.5, mirrored, turns)
    pictures = _pictures(_inside(seed, _scene(seed), true), _scene(seed))
    rough = replace(true, top=0.3, left=0.36, height=0.43, width=0.57)
    found = refine(pictures, [rough], [])
    before = of_placement(rough).likeness(of_placement(true))
    assert of_placement(found.placement).likeness(of_placement(true)) > max(0.8, before + 0.05)
    assert (found.placement.mirrored, found.placement.quarter_turns) == (mirrored, turns)


def test_the_better_of_two_starts_is_taken() -> None:
    true = Placement(0.5, 0.0, 0.5, 0.5, mirrored=False, quarter_turns=0)
    pictures = _pictures(_inside(4, _scene(4), true), _scene(4))
    found = refine(pictures, [replace(true, top=0.0, left=0.5), true], [])
    assert of_placement(found.placement).likeness(of_placement(true)) > 0.85


def test_a_plain_placement_stays_where_others_fit_hardly_better() -> None:
    pictures = _pictures(_scene(9, top=0.01, height=0.98), _scene(9))
    assert refine(pictures, [Placement.whole()], [Placement.whole()]).placement == Placement.whole()
    cropped = _pictures(_scene(9, top=0.2, height=0.7), _scene(9))
    assert refine(cropped, [Placement.whole()], [Placement.whole()]).placement.height > 1.2


def test_a_wrong_place_explains_little() -> None:
    right = refine(_pictures(_scene(5), _scene(5)), [Placement.whole()], [])
    wrong = refine(_pictures(_scene(5), _scene(6)), [Placement.whole()], [])
    assert right.correlation > 0.95
    assert right.window == WHOLE
    assert right.explained > wrong.explained + 0.4
    assert right.sharpness > wrong.sharpness


def test_a_window_is_seen_where_the_rest_shows_something_else() -> None:
    scene, other = _scene(7), _scene(8)
    mixed = scene.pictures.copy()
    mixed[:, :, 16:] = other.pictures[:, :, 16:]
    found = refine(_pictures(Movie(mixed, 4.0), scene), [Placement.whole()], [])
    seen = clipped(clipped(of_placement(found.placement), found.window), WHOLE)
    assert seen.likeness(Rectangle(0, 0, 1, 0.5)) > 0.8
