"""Folders of made-up photographs: soft patches of colour, no two alike."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_photographs(folder: Path, count: int, size: tuple[int, int] = (96, 72)) -> None:
    """Writes PNG files ``000.png``, ``001.png`` and so on; the folder is made when missing.

    Args:
        folder: where.
        count: how many.
        size: width and height in pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:03d}.png")
