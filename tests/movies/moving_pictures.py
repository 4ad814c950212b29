"""Footage for the tests of movies: soft blobs that move on their own ways, so that no two moments are alike."""

import numpy as np

from vdup.movies.movie import Movie
from vdup.types import FloatArray, TimeArray
from vdup.video.scaling import MOVIE_SIDE_PIXELS


class Blobs:
    """A scene whose picture can be drawn at any moment and at any place of the plane."""

    def __init__(self, seed: int, count: int = 14) -> None:
        rng = np.random.default_rng(seed)
        self._centres = rng.uniform(-0.1, 1.1, (count, 2))
        self._swings = rng.uniform(0.1, 0.4, (count, 2))
        self._rates = rng.uniform(0.3, 1.9, (count, 2))
        self._phases = rng.uniform(0, 2 * np.pi, (count, 2))
        self._sizes = rng.uniform(0.06, 0.15, count)
        self._lights = rng.uniform(-90, 90, count)

    def draw(
        self,
        time_seconds: float,
        top: float = 0.0,
        left: float = 0.0,
        height: float = 1.0,
        width: float = 1.0,
        *,
        tilt_degrees: float = 0.0,
        shape: float = 1.0,
    ) -> FloatArray:
        """The part of the scene in a rectangle, float32 [32, 32]; the scene itself fills the unit square.

        It may be turned anticlockwise about the middle, as a picture that is ``shape`` times as wide as high.
        """
        places = (np.arange(MOVIE_SIDE_PIXELS) + 0.5) / MOVIE_SIDE_PIXELS
        y, x = top + height * places[:, None], left + width * places[None, :]
        turned = (shape * (x - 0.5) + 1j * (y - 0.5)) * np.exp(1j * np.radians(tilt_degrees))  # rows count downwards
        y, x = 0.5 + turned.imag, 0.5 + turned.real / shape
        picture = np.full((MOVIE_SIDE_PIXELS, MOVIE_SIDE_PIXELS), 120.0)
        swung = self._centres + self._swings * np.sin(self._rates * time_seconds + self._phases)
        for (cy, cx), size, light in zip(swung, self._sizes, self._lights, strict=True):
            picture += light * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * size**2))
        return picture.astype(np.float32)

    def movie(self, times_seconds: TimeArray, rate: float = 4.0, **rectangle: float) -> Movie:
        """Its pictures at moments, as a movie that shows them at an even rate."""
        return Movie(np.stack([self.draw(float(time), **rectangle) for time in times_seconds]), rate)
