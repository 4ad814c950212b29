"""What changes in a stretch of a movie: pictures without what light, contrast and standing content add."""

import numpy as np

from vdup.movies.movie import Movie
from vdup.types import BoolArray, FloatArray, TimeArray

_LEAST_CONTRAST = 6.0
"""Deviation in grey levels below which a picture shows too little: blank, or nearly faded out."""

_TAPS = 5


def evened(pictures: FloatArray) -> FloatArray:
    """Each picture less its mean and over its deviation, so that light and contrast do not matter.

    One that shows too little is replaced by the nearest that shows enough: otherwise a fade would be the largest change
    of all, and all fades are alike.

    Args:
        pictures: grey values, float32 [N, H, W].

    Returns:
        float32 [N, H, W]; all 0 where no picture shows enough.
    """
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    deviations = centred.std(axis=(1, 2))
    shown = np.flatnonzero(deviations >= _LEAST_CONTRAST)
    if not len(shown):
        return np.zeros_like(pictures, dtype=np.float32)
    after = np.searchsorted(shown, np.arange(len(pictures))).clip(0, len(shown) - 1)
    before = (after - 1).clip(0)
    rows = np.arange(len(pictures))
    nearest = np.where(np.abs(shown[before] - rows) < np.abs(shown[after] - rows), shown[before], shown[after])
    even: FloatArray = centred[nearest] / deviations[nearest][:, None, None]
    return even


def shows_enough(pictures: FloatArray) -> BoolArray:
    """Whether pictures, float32 [N, H, W], have any contrast to speak of: bool [N]; blank ones do not."""
    enough: BoolArray = pictures.std(axis=(1, 2)) >= _LEAST_CONTRAST
    return enough


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
