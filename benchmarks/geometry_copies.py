"""Copies of videos whose geometry and colours are known: cropped, turned, put beside other footage, grey, ..."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from vdup.train.edits.footage_file import even, length_seconds, picture_size, video_frames, write_frames

from vdup.types import Colour, Rectangle
from vdup.video.discover import find_videos

KINDS = (
    "plain",
    "mirrored",
    "cropped",
    "bordered",
    "inset",
    "split",
    "turned",
    "grey",
    "hue",
    "mirrored inset",
    "mirrored cropped",
    "cropped grey",
    "bordered hue",
    "grey split",
)
_RATE = Fraction(25)
_LENGTHS_SECONDS = (3.0, 6.0)
_SHORT_SIDE_PIXELS = 320
_CRF = 28
_WHOLE = Rectangle(0.0, 0.0, 1.0, 1.0)
_LEAST_COLOUR = 6.0
"""Levels of a colour difference (root mean square) below which a video is said to be without colour."""
_TO_COLOUR = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Copy:
    """What was done to a copy."""

    name: str
    source: str
    kind: str
    start_seconds: float
    """In the source."""
    seconds: float
    shown: Rectangle
    """Of the source's frame."""
    fills: Rectangle
    """Of the copy's."""
    mirrored: bool
    turned_degrees: int
    """Anticlockwise, after mirroring."""
    colour: Colour | None
    """None where the source has none."""


def make_copies(videos: Path, target: Path, seed: int) -> list[Copy]:
    """Writes a copy of every kind of every video.

    Raises:
        VideoError: a video cannot be read.
    """
    target.mkdir(parents=True, exist_ok=True)
    sources = list(find_videos(videos))
    made = []
    for number, (source, path) in enumerate(sources):
        other = sources[(number + max(1, len(sources) // 2)) % len(sources)][1]
        for kind_number, kind in enumerate(KINDS):
            rng = np.random.default_rng([seed, number, kind_number])
            name = f"{source.replace('/', '_').rsplit('.', 1)[0]}-{kind.replace(' ', '-')}.mp4"
            made.append(_make(source, path, other, target / name, kind, rng))
    return made


def _make(source: str, path: Path, other: Path, file: Path, kind: str, rng: np.random.Generator) -> Copy:
    words = kind.split()
    length = length_seconds(path)
    seconds = float(rng.uniform(min(_LENGTHS_SECONDS[0], length), min(_LENGTHS_SECONDS[1], length)))
    start = float(rng.uniform(0, length - seconds))
    size = _small_size(path)
    turns = int(rng.integers(1, 4)) if "turned" in words else 0
    shown = _part(rng) if "cropped" in words else _WHOLE
    frame = _frame_of(size, shown, turns)
    fills = _WHOLE
    behind: Iterator[NDArray[np.uint8]] | None = None
    if "bordered" in words:
        side = rng.uniform(0.65, 0.85)
        fills = _somewhere(rng, float(side), float(side))
        behind = _standing(rng, other, frame)
    elif "inset" in words:
        side = rng.uniform(0.35, 0.6)
        fills = _somewhere(rng, float(side), float(side))
        behind = _moving(other, frame)
    elif "split" in words:
        shown, fills = _half(rng)
        behind = _moving(other, frame)
    # To whole pixels of the frame and of the source, and the truth with them.
    fills, into = _whole_pixels(fills, frame)
    shown, taken = _whole_pixels(shown, size)
    mirrored = "mirrored" in words
    recolour = _recolouring(words, rng)
    colourful: list[float] = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        for picture in video_frames(path, _RATE, size, seconds, start):
            part = picture[taken[1] : taken[3], taken[0] : taken[2]]
            colourful.append(float(np.sqrt(((part.reshape(-1, 3) @ _TO_COLOUR.T) ** 2).sum(axis=1).mean())))
            part = np.rot90(part[:, ::-1] if mirrored else part, turns)
            canvas = np.empty((frame[1], frame[0], 3), np.uint8) if behind is None else next(behind).copy()
            inside = canvas[into[1] : into[3], into[0] : into[2]]
            scaled = Image.fromarray(np.ascontiguousarray(part)).resize(
                (inside.shape[1], inside.shape[0]), Image.Resampling.BILINEAR
            )
            inside[:] = recolour(np.asarray(scaled))
            yield canvas[None]

    count = write_frames(file, frames(), frame, _RATE, crf=_CRF)
    colour = Colour.grey if "grey" in words else Colour.changed if "hue" in words else Colour.kept
    return Copy(
        *(file.name, source, kind, start, count / float(_RATE), shown, fills, mirrored, 90 * turns),
        colour if float(np.mean(colourful)) >= _LEAST_COLOUR else None,
    )


def _small_size(path: Path) -> tuple[int, int]:
    width, height = picture_size(path)
    scale = min(1.0, _SHORT_SIDE_PIXELS / min(width, height))
    return even(width * scale), even(height * scale)


def _frame_of(size: tuple[int, int], shown: Rectangle, turns: int) -> tuple[int, int]:
    """Width and height of a frame with the proportions of what is shown."""
    width, height = size[0] * shown.width, size[1] * shown.height
    return (even(width), even(height)) if turns % 2 == 0 else (even(height), even(width))


def _part(rng: np.random.Generator) -> Rectangle:
    tall, wide = (float(side) for side in rng.uniform(0.55, 0.9, 2))
    return _somewhere(rng, tall, wide)


def _somewhere(rng: np.random.Generator, tall: float, wide: float) -> Rectangle:
    return Rectangle(float(rng.uniform(0, 1 - tall)), float(rng.uniform(0, 1 - wide)), tall, wide)


def _half(rng: np.random.Generator) -> tuple[Rectangle, Rectangle]:
    """The middle half of the source for one half of the frame, which has the same proportions."""
    middle, low = 0.25, 0.5 * float(rng.integers(0, 2))
    if rng.random() < 0.5:
        return Rectangle(0.0, middle, 1.0, 0.5), Rectangle(0.0, low, 1.0, 0.5)
    return Rectangle(middle, 0.0, 0.5, 1.0), Rectangle(low, 0.0, 0.5, 1.0)


def _whole_pixels(part: Rectangle, size: tuple[int, int]) -> tuple[Rectangle, tuple[int, int, int, int]]:
    """A part of a picture of this width and height with its edges on pixels; left, top, right and bottom of it."""
    width, height = size
    left, top = round(part.left * width), round(part.top * height)
    right, bottom = round((part.left + part.width) * width), round((part.top + part.height) * height)
    exact = Rectangle(top / height, left / width, (bottom - top) / height, (right - left) / width)
    return exact, (left, top, right, bottom)


def _moving(path: Path, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """Other footage, from its start again when it is too short."""
    while True:
        yield from video_frames(path, _RATE, size, _LENGTHS_SECONDS[1] + 1)


def _standing(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """One colour, or a blurred picture of other footage."""
    if rng.random() < 0.5:
        picture = np.full((size[1], size[0], 3), rng.integers(0, 256, 3), dtype=np.uint8)
    else:
        still = Image.fromarray(next(video_frames(path, _RATE, size, 1.0)))
        picture = np.asarray(still.filter(ImageFilter.GaussianBlur(0.05 * min(size))))
    while True:
        yield picture


class _Recolouring:
    """Multiplies the colours of a picture by a matrix."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = matrix

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.clip(np.rint(picture @ self._matrix.T), 0, 255).astype(np.uint8)


def _recolouring(words: list[str], rng: np.random.Generator) -> _Recolouring:
    """Grey; hues turned by 30-180 degrees and saturation of 70-140 %; or nothing."""
    if "grey" in words:
        return _Recolouring(np.outer(np.ones(3), _GREY_WEIGHTS))
    if "hue" not in words:
        return _Recolouring(np.eye(3))
    angle = np.radians(rng.uniform(30, 180)) * rng.choice([-1, 1])
    saturation = rng.uniform(0.7, 1.4)
    cosine, sine = saturation * np.cos(angle), saturation * np.sin(angle)
    basis = np.vstack([_GREY_WEIGHTS, _TO_COLOUR])
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return _Recolouring(np.linalg.inv(basis) @ turn @ basis)
