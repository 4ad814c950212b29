"""A small grey movie of a video, and its pictures at any moment."""

import math
from dataclasses import dataclass

import numpy as np

from vdup.types import USUAL_SHAPE, FloatArray, TimeArray
from vdup.video.scaling import MOVIE_SIDE_PIXELS

MOVIE_FPS = 4.0
"""Least pictures a second: enough to place what moves to a fifth of a second."""


@dataclass(frozen=True)
class Movie:
    """Pictures at evenly spaced moments."""

    pictures: FloatArray
    """Grey values, float32 [N, 32, 32]. Their mean over a picture carries no meaning."""
    pictures_per_second: float
    first_seconds: float = 0.0
    """Moment of the first picture."""
    shape: float = USUAL_SHAPE
    """Width over height of the frames that the pictures were made from."""

    def __post_init__(self) -> None:
        side = MOVIE_SIDE_PIXELS
        if self.pictures.ndim != 3 or self.pictures.shape[1:] != (side, side):
            raise ValueError(f"pictures must be [N, {side}, {side}], got {self.pictures.shape}")
        if not 0 < self.shape < math.inf:
            raise ValueError(f"shape must be above 0, got {self.shape}")
        if not self.pictures_per_second > 0:
            raise ValueError(f"pictures_per_second must be above 0, got {self.pictures_per_second}")

    def __len__(self) -> int:
        return len(self.pictures)

    def at(self, times_seconds: TimeArray) -> FloatArray:
        """Pictures at moments, float32 [K, 32, 32], mixed from the two nearest; the first and last one beyond the ends.

        Args:
            times_seconds: float64 [K].

        Raises:
            ValueError: the movie has no picture.
        """
        if not len(self):
            raise ValueError("a movie without pictures shows nothing")
        place = (np.asarray(times_seconds) - self.first_seconds) * self.pictures_per_second
        place = np.clip(place, 0, len(self) - 1)
        before = np.floor(place).astype(np.int64)
        share = (place - before).astype(np.float32)[:, None, None]
        after = np.minimum(before + 1, len(self) - 1)
        mixed: FloatArray = self.pictures[before] * (1 - share) + self.pictures[after] * share
        return mixed
