"""Stretches on which movies agree at their own speed, against plain loops and on made scenes."""

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.align import plain_lines as module
from vdup.align.plain_lines import PlainLine, plain_lines
from vdup.movies.changes import evened
from vdup.movies.movie import Movie
from vdup.types import FloatArray, Placement

SCENE, OTHER = Blobs(1), Blobs(2)


def _ticks(start: float, seconds: float) -> FloatArray:
    times: FloatArray = (start + np.arange(round(4 * seconds)) / 4).astype(np.float32)
    return times


def _joined(*movies: Movie) -> Movie:
    return Movie(np.concatenate([movie.pictures for movie in movies]), 4.0)


def _scene(start: float, seconds: float, scene: Blobs = SCENE) -> Movie:
    return scene.movie(_ticks(start, seconds).astype(np.float64))


def _is_at(line: PlainLine, query: tuple[float, float], reference: float) -> bool:
    start, end = line.intervals()[0]
    return (
        abs(line.intercept_seconds - (reference - query[0])) < 0.13
        and abs(start - query[0]) <= 1.0
        and abs(end - query[1]) <= 1.0
    )


def test_an_excerpt_between_other_footage_is_found() -> None:
    query = _joined(_scene(0, 5, OTHER), _scene(12, 6), _scene(30, 5, OTHER))
    [best, *_] = plain_lines(query, _scene(0, 40), mirrored=True)
    assert _is_at(best, (5, 11), 12)
    assert not best.mirrored


def test_an_excerpt_that_is_shown_twice_in_a_row_is_found_twice() -> None:
    query = _joined(_scene(12, 6), _scene(12, 6))
    first, second, *_ = sorted(plain_lines(query, _scene(0, 40), mirrored=True)[:2], key=lambda line: line.intervals())
    assert _is_at(first, (0, 6), 12)
    assert _is_at(second, (6, 12), 12)


def test_mirrored_excerpts_are_found_when_asked_for() -> None:
    excerpt = _scene(20, 6)
    turned = Movie(excerpt.pictures[:, :, ::-1].copy(), 4.0)
    [best, *_] = plain_lines(turned, _scene(0, 40), mirrored=True)
    assert best.mirrored
    assert _is_at(best, (0, 6), 20)
    assert not any(_is_at(line, (0, 6), 20) for line in plain_lines(turned, _scene(0, 40), mirrored=False))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_crop_is_found_where_its_place_is_known(mirrored: bool) -> None:
    part = {"top": 0.1, "left": 0.25, "height": 0.5, "width": 0.45}
    cropped = SCENE.movie(_ticks(12, 6).astype(np.float64), **part)
    pictures = cropped.pictures[:, :, ::-1].copy() if mirrored else cropped.pictures
    query = _joined(_scene(0, 5, OTHER), Movie(pictures, 4.0), _scene(30, 5, OTHER))
    left = (1 - part["left"] - part["width"]) if mirrored else part["left"]
    placement = Placement(
        *(-part["top"] / part["height"], -left / part["width"], 1 / part["height"], 1 / part["width"]),
        *(mirrored, 0),
    )
    [best, *_] = plain_lines(query, _scene(0, 40), mirrored=False, placement=placement)
    assert _is_at(best, (5, 11), 12)
    assert best.mirrored == mirrored
    assert not any(_is_at(line, (5, 11), 12) for line in plain_lines(query, _scene(0, 40), mirrored=True))


def test_times_are_those_of_the_movies() -> None:
    query, reference = _scene(12, 6), _scene(0, 40)
    late = Movie(query.pictures, 4.0, 100.0)
    cut = Movie(reference.pictures[20:], 4.0, 5.0)
    [best, *_] = plain_lines(late, cut, mirrored=False)
    assert best.intercept_seconds == pytest.approx(12 - 100, abs=0.01)
    assert best.query_start_seconds >= 100


def test_what_stands_still_has_no_line() -> None:
    still = Movie(np.repeat(SCENE.draw(3.0)[None], 40, axis=0), 4.0)
    assert plain_lines(still, still, mirrored=True) == []
    assert plain_lines(Movie(np.zeros((0, 32, 32), dtype=np.float32), 4.0), still, mirrored=True) == []


def test_changes_are_pictures_less_what_is_round_them() -> None:
    movie = _scene(0, 8)
    even = evened(movie.pictures)
    np.testing.assert_allclose(module._pictures(movie), even, atol=1e-4)
    found = module._changes(even)
    for moment in range(len(even)):
        around = [even[min(max(other, 0), len(even) - 1)] for other in range(moment - 8, moment + 9)]
        np.testing.assert_allclose(found[moment], even[moment] - np.mean(around, axis=0), atol=1e-4)


def test_stretches_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(4)
    shared = rng.normal(size=(9, 4, 4))
    query = rng.normal(size=(13, 4, 4))
    reference = rng.normal(size=(20, 4, 4))
    query[2:11], reference[7:16] = shared, shared + 0.2 * rng.normal(size=shared.shape)
    best: tuple[float, int, int, int] = (0.0, 0, 0, 0)
    for shift in range(-12, 20):
        for first in range(13):
            gained = 0.0
            for moment in range(first, 13):
                if 0 <= moment + shift < 20:
                    mine, theirs = query[moment], reference[moment + shift]
                    gained += 2 * (mine * theirs).sum() - 0.4 * ((mine**2).sum() + (theirs**2).sum())
                    best = max(best, (gained, first, moment + 1, shift))
    [(first, end, shift, agreement), *_] = module._stretches(query.astype(np.float32), reference.astype(np.float32))
    assert (first, end, shift) == best[1:]
    assert (first, shift) == (2, 5)
    assert end >= 11
    assert agreement == pytest.approx(best[0], rel=1e-4)
