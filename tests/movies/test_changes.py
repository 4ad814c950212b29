"""What changes in pictures, against plain loops."""

import numpy as np
from movies.moving_pictures import Blobs

from vdup.movies.changes import changes_at, evened
from vdup.movies.movie import Movie


def test_evened_pictures_have_no_mean_and_a_common_contrast() -> None:
    pictures = Blobs(1).movie(np.arange(4.0)).pictures
    for picture, even in zip(pictures, evened(pictures), strict=True):
        np.testing.assert_allclose(even, (picture - picture.mean()) / picture.std(), atol=1e-4)


def test_a_picture_that_shows_too_little_is_replaced_by_the_nearest() -> None:
    pictures = Blobs(5).movie(np.arange(7.0)).pictures
    faint = pictures.copy()
    for row, contrast in ((0, 0.0), (1, 0.02), (4, 0.05), (6, 0.01)):
        faint[row] = 30 + contrast * pictures[row]
    full = evened(pictures)
    np.testing.assert_allclose(evened(faint), full[[2, 2, 2, 3, 5, 5, 5]], atol=1e-4)
    assert not evened(0.01 * pictures).any()


def test_a_fade_is_no_change() -> None:
    picture = Blobs(6).draw(1.0)
    fading = Movie(np.stack([share * picture for share in np.linspace(0, 1, 25)]), 4.0)
    assert np.abs(changes_at(fading, np.linspace(0, 6, 12), 0.0)).max() < 1e-3


def test_changes_do_not_depend_on_light() -> None:
    movie = Blobs(2).movie(np.arange(20) / 4)
    brighter = Movie(movie.pictures * 1.5 + 40, 4.0)
    times = np.linspace(0.5, 4, 9)
    mine, theirs = changes_at(movie, times, 0.0), changes_at(brighter, times, 0.0)
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.999


def test_changes_are_what_is_left_of_the_mean_over_time() -> None:
    movie = Blobs(3).movie(np.arange(24) / 4)
    times = np.array([1.0, 2.1, 3.3])
    even = []
    for time in times:
        around = np.mean([movie.at(np.array([time + shift]))[0] for shift in np.linspace(-0.25, 0.25, 5)], axis=0)
        even.append((around - around.mean()) / around.std())
    expected = np.array(even) - np.mean(even, axis=0)
    np.testing.assert_allclose(changes_at(movie, times, 0.5), expected, atol=1e-4)


def test_a_still_movie_has_no_changes() -> None:
    still = Movie(np.repeat(Blobs(4).draw(0.0)[None], 9, axis=0), 4.0)
    assert np.abs(changes_at(still, np.linspace(0, 2, 6), 0.5)).max() < 1e-5
