"""Drawn pictures: shapes in flat colours on a plain or shaded ground, as in cartoons, slides and screen recordings."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def draw_picture(side_pixels: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A drawing, uint8 [side, side, 3].

    Args:
        side_pixels: width and height.
        rng: source of all randomness.
    """
    first, second = rng.integers(0, 256, (2, 3))
    if rng.random() < 0.3:
        second = first
    shade = np.linspace(0, 1, side_pixels)[:, None, None]
    ground = np.broadcast_to(first + shade * (second - first), (side_pixels, side_pixels, 3))
    if rng.random() < 0.5:
        ground = ground.transpose(1, 0, 2)
    picture = Image.fromarray(np.ascontiguousarray(ground).astype(np.uint8))
    canvas = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 13)):
        _draw_shape(canvas, side_pixels, rng)
    return np.asarray(picture)


def _draw_shape(canvas: ImageDraw.ImageDraw, side_pixels: int, rng: np.random.Generator) -> None:
    colour = tuple(int(value) for value in rng.integers(0, 256, 3))
    corners = np.sort(rng.integers(-side_pixels // 8, side_pixels * 9 // 8, (2, 2)), axis=0)
    box = [(int(corners[0, 0]), int(corners[0, 1])), (int(corners[1, 0]), int(corners[1, 1]))]
    match rng.integers(5):
        case 0:
            canvas.rectangle(box, fill=colour)
        case 1:
            canvas.ellipse(box, fill=colour)
        case 2:
            canvas.ellipse(box, outline=colour, width=max(1, side_pixels // 32))
        case 3:
            points = rng.integers(0, side_pixels, (int(rng.integers(3, 7)), 2))
            canvas.polygon([(int(x), int(y)) for x, y in points], fill=colour)
        case _:
            canvas.line(box, fill=colour, width=int(rng.integers(1, max(2, side_pixels // 16))))
