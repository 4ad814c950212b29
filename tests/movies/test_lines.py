"""Correlations along lines, against placing and comparing picture by picture."""

import numpy as np
from movies.moving_pictures import Blobs

from vdup.movies.changes import evened
from vdup.movies.lines import LineTables
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import place_pictures
from vdup.types import FloatArray, Placement


def test_tables_give_what_picture_by_picture_gives() -> None:
    reference = Blobs(1).movie(np.arange(60) / 4)
    query = Blobs(2).movie(np.arange(40) / 4)
    times = np.linspace(1, 8, 11)
    placed = Placement(-0.1, 0.1, 1.1, 0.8, mirrored=False, quarter_turns=0)
    tables = LineTables.of(query, times, reference, (2.0, 12.0), placed)
    speeds = np.array([1.0, 0.8, 1.3, 1.0])
    intercepts = np.array([2.2, 3.0, 1.0, 2.0])
    found = tables.correlations(speeds, intercepts)
    pictures, covered = place_pictures(placed, evened(reference.pictures))
    seen = covered >= 0.5
    mine = evened(query.at(times))[:, seen]
    mine = mine - mine.mean(axis=0)
    for speed, intercept, correlation in zip(speeds, intercepts, found, strict=True):
        theirs = []
        for time in times:
            place = (speed * time + intercept) * 4
            place = min(max(place, 8.0), 48.0)  # the stretch that was asked for
            before = int(place)
            share = place - before
            theirs.append((1 - share) * pictures[before] + share * pictures[min(before + 1, 48)])
        other = np.array(theirs)[:, seen]
        other = other - other.mean(axis=0)
        expected = (mine * other).sum() / np.sqrt((mine**2).sum() * (other**2).sum())
        assert abs(correlation - expected) < 1e-3


def test_quick_changes_are_less_the_mean_over_five_moments() -> None:
    reference, query = Blobs(1).movie(np.arange(60) / 4), Blobs(2).movie(np.arange(40) / 4)
    times = np.linspace(1, 8, 11)
    placed = Placement(-0.1, 0.1, 1.1, 0.8, mirrored=True, quarter_turns=0)
    tables = LineTables.of(query, times, reference, (0.0, 14.75), placed)
    pictures, covered = place_pictures(placed, evened(reference.pictures))
    seen = covered >= 0.5
    mine = _quick(evened(query.at(times))[:, seen])
    lines = ((1.0, 2.2), (0.8, 3.0), (1.3, 1.0), (1.0, 9.0))
    found = tables.quick_correlations(*(np.array(axis) for axis in zip(*lines, strict=True)))
    for (speed, intercept), correlation in zip(lines, found, strict=True):
        theirs = _quick(Movie(pictures, 4.0).at(speed * times + intercept)[:, seen])
        expected = (mine * theirs).sum() / np.sqrt((mine**2).sum() * (theirs**2).sum())
        assert abs(correlation - expected) < 1e-3


def _quick(moments: FloatArray) -> FloatArray:
    rows = [moments[row] - moments[max(row - 2, 0) : row + 3].mean(axis=0) for row in range(len(moments))]
    return np.stack(rows)


def test_the_true_line_correlates_most() -> None:
    scene = Blobs(3)
    reference = scene.movie(np.arange(80) / 4)
    query = scene.movie(5.0 + 1.25 * np.arange(24) / 4)  # 1.25 times as fast, from the fifth second
    tables = LineTables.of(query, np.linspace(0.5, 5, 16), reference, (0.0, 20.0), Placement.whole())
    speeds, intercepts = np.meshgrid(np.linspace(0.8, 1.6, 17), np.linspace(3, 7, 41), indexing="ij")
    best = int(tables.correlations(speeds.ravel(), intercepts.ravel()).argmax())
    assert speeds.ravel()[best] == np.float64(1.25)
    assert abs(intercepts.ravel()[best] - 5.0) < 0.11


def test_still_pictures_correlate_with_nothing() -> None:
    scene = Blobs(4)
    still = scene.movie(np.zeros(30))
    moving = scene.movie(np.arange(30) / 4)
    times = np.linspace(0.5, 5, 10)
    for query, reference in ((still, moving), (moving, still)):
        tables = LineTables.of(query, times, reference, (0.0, 7.0), Placement.whole())
        assert abs(tables.correlations(np.ones(1), np.zeros(1))[0]) < 0.05
        assert abs(tables.quick_correlations(np.ones(1), np.zeros(1))[0]) < 0.05


def test_the_share_of_a_line_that_lies_within() -> None:
    movie = Blobs(5).movie(np.arange(41) / 4)
    tables = LineTables.of(movie, np.linspace(0, 9, 10), movie, (0.0, 10.0), Placement.whole())
    assert tables.shown(np.ones(3), np.array([0.0, 5.0, 100.0])).tolist() == [1.0, 0.6, 0.0]
