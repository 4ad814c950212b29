"""Folders of photographs: which files they hold, and one of them as a picture."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.errors import ConfigError
from vdup.regular_file import open_regular

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
"""Files that count as images, in lower case."""

Progress = Callable[[int, int], None]
"""Called with the number of images done and the number of all."""


def list_images(folder: Path, limit: int | None = None) -> list[Path]:
    """Image files of a folder and its sub-folders, sorted; with a limit, that many, spread evenly over the list.

    Raises:
        ConfigError: there are none, or the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f"limit={limit} is not usable: it must be 1 or more")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    if not paths:
        raise ConfigError(f"data.images={folder} holds no images: pass a folder of {', '.join(sorted(IMAGE_SUFFIXES))}")
    if limit is None or limit >= len(paths):
        return paths
    return [paths[index * len(paths) // limit] for index in range(limit)]


def load_image(path: Path, side_pixels: int) -> NDArray[np.uint8]:
    """Reads an image as RGB, uint8 [side, side, 3], scaled without regard to its proportions, as frames are.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file, Image.open(file) as image:
        scaled = image.convert("RGB").resize((side_pixels, side_pixels), Image.Resampling.BILINEAR)
    return np.asarray(scaled, dtype=np.uint8)
