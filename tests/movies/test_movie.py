"""Movies at any moment."""

import numpy as np
import pytest

from vdup.movies.movie import Movie


def test_pictures_between_two_are_mixed_and_the_ends_are_held() -> None:
    pictures = np.random.default_rng(1).uniform(0, 255, (5, 32, 32)).astype(np.float32)
    movie = Movie(pictures, 4.0, first_seconds=10.0)
    times = np.array([9.0, 10.0, 10.1, 10.25, 10.9, 11.0, 50.0])
    for time, shown in zip(times, movie.at(times), strict=True):
        place = min(max((time - 10.0) * 4, 0.0), 4.0)
        before = int(place)
        expected = pictures[before] + (place - before) * (pictures[min(before + 1, 4)] - pictures[before])
        np.testing.assert_allclose(shown, expected, atol=1e-3)


def test_wrong_movies_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[N, 32, 32\]"):
        Movie(np.zeros((3, 16, 32), dtype=np.float32), 4.0)
    with pytest.raises(ValueError, match="above 0"):
        Movie(np.zeros((3, 32, 32), dtype=np.float32), 0.0)
    with pytest.raises(ValueError, match="shows nothing"):
        Movie(np.zeros((0, 32, 32), dtype=np.float32), 4.0).at(np.zeros(1))
