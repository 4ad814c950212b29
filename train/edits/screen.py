"""A clip filmed from a screen by a hand-held camera: perspective, moire and glare."""

import math

import numpy as np
from PIL import Image, ImageChops

from .types import Frames, change_each, size_of

_DRIFT_ROOM_PIXELS = 32


def _perspective(corners: np.ndarray, width: int, height: int) -> tuple[float, ...]:
    """The eight numbers Pillow wants: output point -> source point, for a picture shown in ``corners``.

    Args:
        corners: Where the picture's corners appear, float64 [4, 2]: top left, top right, bottom right, bottom left.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
    """
    sources = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        values += [u, v]
    return tuple(float(value) for value in np.linalg.solve(np.array(rows), np.array(values)))


def _moire(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Two gratings of nearly the same pitch; where they fall in and out of step, wide bands appear."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    turn, pitch = rng.uniform(0, np.pi), rng.uniform(2.5, 5)
    gratings = []
    for angle, period in ((turn, pitch), (turn + rng.uniform(0.02, 0.08), pitch * rng.uniform(1.01, 1.05))):
        gratings.append(np.sin(2 * np.pi * (x * math.cos(angle) + y * math.sin(angle)) / period))
    depth = rng.uniform(15, 35)
    return Image.fromarray((255 - depth + depth / 2 * (gratings[0] + gratings[1])).astype(np.uint8))


def _glare(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A lamp's soft reflection."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    centre_x, centre_y = rng.uniform(0.1, 0.9, 2)
    spread_x, spread_y = rng.uniform(0.08, 0.25, 2)
    distance = ((x - centre_x) / spread_x) ** 2 + ((y - centre_y) / spread_y) ** 2
    return Image.fromarray((rng.uniform(60, 150) * np.exp(-distance)).astype(np.uint8))


def screen(frames: Frames, rng: np.random.Generator) -> Frames:
    """Shows the clip on a screen that is filmed at an angle from a dark room, by an unsteady hand; same size.

    The screen's corners lie up to 12 % inside the picture or 4 % outside it.
    """
    width, height = size_of(frames)
    inward = rng.uniform(-0.04, 0.12, (4, 2)) * (width, height)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    corners += inward * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    sway = rng.uniform(0.002, 0.008) * min(width, height)
    frequencies, phases = rng.uniform(0.05, 0.2, (2, 2)), rng.uniform(0, 2 * np.pi, (2, 2))
    room = tuple(int(value) for value in rng.integers(5, 45, 3))
    moire = _moire(rng, width + _DRIFT_ROOM_PIXELS, height + _DRIFT_ROOM_PIXELS)
    glare = Image.merge("RGB", [_glare(rng, width, height)] * 3)
    drifts = rng.integers(0, _DRIFT_ROOM_PIXELS + 1, (len(frames), 2))

    def film(picture: Image.Image, number: int) -> Image.Image:
        moved = corners + sway * np.sin(frequencies * number + phases).sum(axis=0)
        matrix = _perspective(moved, width, height)
        seen = picture.transform(
            (width, height), Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BILINEAR, fillcolor=room
        )
        left, top = (int(value) for value in drifts[number])
        pattern = moire.crop((left, top, left + width, top + height))
        return ImageChops.screen(ImageChops.multiply(seen, Image.merge("RGB", [pattern] * 3)), glare)

    return change_each(frames, film)
