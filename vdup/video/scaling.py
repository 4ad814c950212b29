"""Sizes to which frames are decoded, and the square that networks see."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.errors import PictureTooSmallError
from vdup.video.blank import BLOCK_PIXELS

LEAST_LONG_SIDE_PIXELS = 2 * BLOCK_PIXELS
"""A picture with no side of this length is blank to :func:`~vdup.video.blank.is_blank`, whatever it shows."""

MOVIE_SIDE_PIXELS = 32
"""Width and height of the pictures of a small grey movie; the proportions are squashed, as for the codes."""


def scaled_size(width: int, height: int, short_side_pixels: int) -> tuple[int, int]:
    """Width and height with the short side at most ``short_side_pixels``, aspect kept.

    A picture that is small enough keeps its size; a scaled one gets even sides, as chroma-subsampled formats need.

    Raises:
        ValueError: a size is below 1, or ``short_side_pixels`` below 2.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture needs at least one pixel, got {width}x{height}")
    if short_side_pixels < 2:
        raise ValueError(f"short_side_pixels must be 2 or more, got {short_side_pixels}")
    short = min(width, height)
    if short <= short_side_pixels:
        return width, height
    even_short = short_side_pixels // 2 * 2
    return _scaled_side(width, short, even_short), _scaled_side(height, short, even_short)


def check_size(path: Path, width: int, height: int) -> None:
    """Refuses a video whose pictures are too small to be told from others.

    Args:
        path: the video, for the message.
        width: of its pictures, in pixels.
        height: likewise.

    Raises:
        PictureTooSmallError: both are below ``LEAST_LONG_SIDE_PIXELS``.
    """
    if max(width, height) < LEAST_LONG_SIDE_PIXELS:
        raise PictureTooSmallError(
            path,
            f"its picture of {width}x{height} pixels is too small to tell one video from another; at least one side "
            f"must have {LEAST_LONG_SIDE_PIXELS}",
        )


def squash(picture: NDArray[np.uint8], side_pixels: int) -> NDArray[np.uint8]:
    """Scales a picture to a square without regard to its proportions.

    Args:
        picture: RGB, uint8 [H, W, 3].
        side_pixels: width and height of the result.

    Returns:
        uint8 [side, side, 3].
    """
    # Pillow widens its filter when it shrinks, so every source pixel counts and nothing aliases.
    scaled = Image.fromarray(picture).resize((side_pixels, side_pixels), Image.Resampling.BILINEAR)
    return np.asarray(scaled, dtype=np.uint8)


def shrink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as a small grey movie keeps it.

    Args:
        picture: RGB or grey, uint8 [H, W, 3] or [H, W].

    Returns:
        Means of the brightness over the cells of a grid, uint8 [32, 32].
    """
    grey = Image.fromarray(picture).convert("L")
    small = grey.resize((MOVIE_SIDE_PIXELS, MOVIE_SIDE_PIXELS), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8)


def _scaled_side(side: int, short: int, target: int) -> int:
    return max(2, round(side * target / short / 2) * 2)
