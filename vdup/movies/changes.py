"""What changes in a stretch of a movie: pictures without what light, contrast and standing content add."""

import numpy as np

from vdup.movies.movie import Movie
from vdup.types import FloatArray, TimeArray

_CONTRAST_FLOOR = 4.0
"""Grey levels added to the deviation of a picture, so that empty ones stay small."""

_TAPS = 5


def evened(pictures: FloatArray) -> FloatArray:
    """Each picture less its mean and over its deviation, so that light and contrast do not matter.

    Args:
        pictures: grey values, float32 [N, H, W].

    Returns:
        float32 [N, H, W].
    """
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    even: FloatArray = centred / (centred.std(axis=(1, 2), keepdims=True) + _CONTRAST_FLOOR)
    return even


def changes_at(movie: Movie, times_seconds: TimeArray, blur_seconds: float) -> FloatArray:
    """Evened pictures at moments, each pixel less its mean over all of them.

    Args:
        movie: where they are taken from.
        times_seconds: float64 [N].
        blur_seconds: each is a mean over so long a time, so that a small error in time does no harm.

    Returns:
        float32 [N, 32, 32].
    """
    around = np.linspace(-blur_seconds / 2, blur_seconds / 2, _TAPS) if blur_seconds > 0 else np.zeros(1)
    pictures = sum(movie.at(np.asarray(times_seconds) + shift) for shift in around) / np.float32(len(around))
    even = evened(np.asarray(pictures, dtype=np.float32))
    changing: FloatArray = even - even.mean(axis=0)
    return changing
