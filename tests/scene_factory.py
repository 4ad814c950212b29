"""Small videos of drawn scenes, which differ from one another as real shots do."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from video_factory import write_pictures

WIDTH, HEIGHT = 320, 240
FRAMES_PER_SECOND = 5
SHOT_SECONDS = 3

Picture = NDArray[np.uint8]


def scenes(seed: int, seconds: int) -> list[Picture]:
    """Frames at 5 a second: every 3 seconds another gradient with other shapes, which drift."""
    frames: list[Picture] = []
    shot = 0
    while len(frames) < seconds * FRAMES_PER_SECOND:
        frames += _shot(np.random.default_rng([seed, shot]))
        shot += 1
    return frames[: seconds * FRAMES_PER_SECOND]


def write_scenes(path: Path, frames: list[Picture]) -> None:
    """Encodes frames at 5 a second."""
    times = [Fraction(number, FRAMES_PER_SECOND) for number in range(len(frames))]
    write_pictures(path, frames, times, options={"preset": "veryfast", "crf": "20"})


def part(frames: list[Picture], start_seconds: int, end_seconds: int) -> list[Picture]:
    return frames[start_seconds * FRAMES_PER_SECOND : end_seconds * FRAMES_PER_SECOND]


def _shot(rng: np.random.Generator) -> list[Picture]:
    corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    ground = Image.fromarray(corners, "RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    count = int(rng.integers(4, 12))
    kinds, colours = rng.integers(0, 4, count), rng.integers(0, 256, (count, 3))
    places = rng.uniform((0, 0), (WIDTH, HEIGHT), (count, 2))
    drifts, sizes = rng.uniform(-2, 2, (count, 2)), rng.uniform(15, 90, count)
    frames = []
    for number in range(SHOT_SECONDS * FRAMES_PER_SECOND):
        image = ground.copy()
        draw = ImageDraw.Draw(image)
        for kind, colour, place, size in zip(kinds, colours, places + number * drifts, sizes, strict=True):
            _draw(draw, int(kind), tuple(colour.tolist()), float(place[0]), float(place[1]), float(size))
        frames.append(np.asarray(image, dtype=np.uint8))
    return frames


def _draw(draw: ImageDraw.ImageDraw, kind: int, colour: tuple[int, ...], x: float, y: float, size: float) -> None:
    box = (x - size, y - size / 2, x + size, y + size / 2)
    match kind:
        case 0:
            draw.ellipse(box, fill=colour)
        case 1:
            draw.rectangle(box, fill=colour)
        case 2:
            draw.polygon([(x, y - size), (x - size, y + size), (x + size, y + size / 2)], fill=colour)
        case _:
            for step in range(6):
                draw.line([(x - size, y + step * 7), (x + size, y + step * 11)], fill=colour, width=3)
