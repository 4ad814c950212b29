"""Pictures of the demo: clips read at any speed, and generated footage that no clip has anything of."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.uint8]
"""RGB, uint8 [H, W, 3]."""

WIDTH, HEIGHT = 640, 360
FRAMES_PER_SECOND = 25

_SHOT_SECONDS = 2.5
_SHAPES = 8


def read_clip(path: Path, start_seconds: float, frames: int, speed: float = 1.0) -> Iterator[Picture]:
    """Frames of a video as a player shows them, at 25 a second.

    Args:
        path: a video file.
        start_seconds: where to begin, counted from its first frame.
        frames: number of frames; after the end of the video the last one stands still.
        speed: seconds of the video that pass in one second.

    Yields:
        Pictures of the video's own size.

    Raises:
        ValueError: there is no frame in the video.
    """
    given = 0
    picture: Picture | None = None
    with av.open(str(path)) as container:
        first: float | None = None
        for frame in container.decode(video=0):
            shown = float(frame.time or 0.0)
            first = shown if first is None else first
            # All that the previous picture is still on screen for.
            while picture is not None and given < frames and _moment(start_seconds, given, speed) < shown - first:
                yield picture
                given += 1
            if given == frames:
                return
            picture = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    if picture is None:
        raise ValueError(f"{path} has no frames")
    for _ in range(given, frames):
        yield picture


def _moment(start_seconds: float, frame: int, speed: float) -> float:
    # Half a millisecond later than asked for: containers round times, and a frame must not miss its own moment by that.
    return start_seconds + speed * frame / FRAMES_PER_SECOND + 0.0005


def fit(picture: Picture) -> Picture:
    """The picture as large as it fits into 640x360, with black bars where its shape differs."""
    height, width = picture.shape[:2]
    scale = min(Fraction(WIDTH, width), Fraction(HEIGHT, height))
    image = Image.fromarray(picture).resize((round(width * scale), round(height * scale)), Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (WIDTH, HEIGHT))
    canvas.paste(image, ((WIDTH - image.width) // 2, (HEIGHT - image.height) // 2))
    return np.asarray(canvas, dtype=np.uint8)


def shapes(seed: int, frames: int) -> Iterator[Picture]:
    """Drawn footage, 640x360: every 2.5 seconds another gradient, over which other shapes move.

    Args:
        seed: footage of another seed shows other things.
        frames: number of frames, at 25 a second.
    """
    shot_frames = int(_SHOT_SECONDS * FRAMES_PER_SECOND)
    for first in range(0, frames, shot_frames):
        rng = np.random.default_rng([seed, first])
        corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
        ground = Image.fromarray(corners).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        kinds, colours = rng.integers(0, 3, _SHAPES), rng.integers(0, 256, (_SHAPES, 3))
        places = rng.uniform((0, 0), (WIDTH, HEIGHT), (_SHAPES, 2))
        drifts, radii = rng.uniform(-3, 3, (_SHAPES, 2)), rng.uniform(20, 110, (_SHAPES, 2))
        for number in range(min(shot_frames, frames - first)):
            image = ground.copy()
            for kind, colour, place, radius in zip(kinds, colours, places + number * drifts, radii, strict=True):
                _draw(image, int(kind), colour.tolist(), (place - radius).tolist(), (place + radius).tolist())
            yield np.asarray(image, dtype=np.uint8)


def _draw(image: Image.Image, kind: int, colour: list[int], low: list[float], high: list[float]) -> None:
    draw = ImageDraw.Draw(image)
    match kind:
        case 0:
            draw.ellipse((*low, *high), fill=tuple(colour))
        case 1:
            draw.rectangle((*low, *high), fill=tuple(colour))
        case _:
            draw.polygon([(low[0], high[1]), ((low[0] + high[0]) / 2, low[1]), (high[0], high[1])], fill=tuple(colour))
