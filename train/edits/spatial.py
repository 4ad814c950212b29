"""Edits of geometry: which part of the picture is shown, how it is turned, and on what canvas."""

import math

import numpy as np
from PIL import Image, ImageFilter

from .footage_file import even
from .types import Frames, change_each, size_of

_BILINEAR = Image.Resampling.BILINEAR


def crop(frames: Frames, rng: np.random.Generator) -> Frames:
    """Keeps 60-95 % of width and height, at a random place; the picture gets smaller."""
    width, height = size_of(frames)
    kept_width = max(2, round(width * rng.uniform(0.6, 0.95)))
    kept_height = max(2, round(height * rng.uniform(0.6, 0.95)))
    left = int(rng.integers(0, width - kept_width + 1))
    top = int(rng.integers(0, height - kept_height + 1))
    return np.ascontiguousarray(frames[:, top : top + kept_height, left : left + kept_width])


def zoom(frames: Frames, rng: np.random.Generator) -> Frames:
    """Enlarges the picture 1.1-1.6 times around a point near its middle, slowly moving in or out; same size."""
    width, height = size_of(frames)
    start, end = rng.uniform(1.1, 1.6, 2)
    across, down = rng.uniform(0.3, 0.7, 2)

    def enlarge(picture: Image.Image, number: int) -> Image.Image:
        scale = start + (end - start) * number / max(1, len(frames) - 1)
        left, top = across * width * (1 - 1 / scale), down * height * (1 - 1 / scale)
        box = (left, top, left + width / scale, top + height / scale)
        return picture.resize((width, height), _BILINEAR, box=box)

    return change_each(frames, enlarge)


def flip(frames: Frames, rng: np.random.Generator) -> Frames:  # noqa: ARG001
    """Mirrors left and right."""
    return np.ascontiguousarray(frames[:, :, ::-1])


def rotate(frames: Frames, rng: np.random.Generator) -> Frames:
    """Turns by 3-20 degrees either way; half of the clips show black corners, half are enlarged to hide them."""
    width, height = size_of(frames)
    degrees = rng.uniform(3, 20) * rng.choice([-1, 1])
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    hides_corners = rng.random() < 0.5
    # The same picture, turned, fits into itself when enlarged by this factor.
    enlargement = cosine + abs(sine) * max(width / height, height / width) if hides_corners else 1.0
    a, b = cosine / enlargement, sine / enlargement
    middle_x, middle_y = width / 2, height / 2
    matrix = (a, b, middle_x - a * middle_x - b * middle_y, -b, a, middle_y + b * middle_x - a * middle_y)
    return change_each(
        frames, lambda picture, _: picture.transform((width, height), Image.Transform.AFFINE, matrix, _BILINEAR)
    )


def rotate90(frames: Frames, rng: np.random.Generator) -> Frames:
    """Turns by 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(frames, int(rng.integers(1, 4)), axes=(1, 2)))


def aspect(frames: Frames, rng: np.random.Generator) -> Frames:
    """Stretches or squeezes the width to 65-85 % or 118-150 %."""
    width, height = size_of(frames)
    factor = rng.uniform(0.65, 0.85) if rng.random() < 0.5 else rng.uniform(1.18, 1.5)
    size = (even(width * factor), height)
    return change_each(frames, lambda picture, _: picture.resize(size, _BILINEAR))


def border(frames: Frames, rng: np.random.Generator) -> Frames:
    """Puts the picture on a larger plain canvas: bars above and below, at the sides, or all around."""
    width, height = size_of(frames)
    kind = rng.integers(3)
    colour = (0, 0, 0) if rng.random() < 0.6 else tuple(int(value) for value in rng.integers(0, 256, 3))
    share = rng.uniform(0.1, 0.35) if kind < 2 else rng.uniform(0.05, 0.15)
    canvas_width = even(width * (1 + 2 * share)) if kind != 0 else width
    canvas_height = even(height * (1 + 2 * share)) if kind != 1 else height
    left, top = (canvas_width - width) // 2, (canvas_height - height) // 2
    framed = np.empty((len(frames), canvas_height, canvas_width, 3), np.uint8)
    framed[:] = np.array(colour, np.uint8)
    framed[:, top : top + height, left : left + width] = frames
    return framed


def blurbars(frames: Frames, rng: np.random.Generator) -> Frames:
    """Puts the picture in the middle of a canvas of another shape, filled with its own blurred enlargement."""
    width, height = size_of(frames)
    shape = rng.choice([9 / 16, 4 / 5, 1.0] if width >= height else [16 / 9, 4 / 3, 1.0])
    if abs(shape - width / height) < 0.05:
        shape = 16 / 9 if width <= height else 9 / 16
    # The canvas keeps the clip's area, so that vertical versions do not get larger and larger.
    area = width * height
    canvas = (even(math.sqrt(area * shape)), even(math.sqrt(area / shape)))
    scale = min(canvas[0] / width, canvas[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    place = ((canvas[0] - inner[0]) // 2, (canvas[1] - inner[1]) // 2)
    dimming = float(rng.uniform(0.6, 1.0))
    small = (max(2, canvas[0] // 8), max(2, canvas[1] // 8))
    fill = max(small[0] / width, small[1] / height)
    box_width, box_height = small[0] / fill, small[1] / fill
    left, top = (width - box_width) / 2, (height - box_height) / 2
    box = (max(0.0, left), max(0.0, top), min(width, left + box_width), min(height, top + box_height))

    def surround(picture: Image.Image, _: int) -> Image.Image:
        # Blurring a small version and enlarging it looks the same as a wide blur and costs far less.
        backdrop = picture.resize(small, _BILINEAR, box=box).filter(ImageFilter.GaussianBlur(2))
        backdrop = backdrop.point(lambda value: value * dimming).resize(canvas, Image.Resampling.BICUBIC)
        backdrop.paste(picture.resize(inner, _BILINEAR), place)
        return backdrop

    return change_each(frames, surround)
