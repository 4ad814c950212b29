"""A made-up action set: a camera that moves in ten ways over photographs or over stretches of real clips.

Every photograph or stretch is seen in every way, so that what it shows says nothing of the class. What the test shows
comes from other photographs or clips than what training shows. Lists are those of UCF101::

    videos/CLASS/gNNN_c1.mp4    NNN: the photograph or stretch
    classInd.txt, trainlist01.txt, testlist01.txt
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from vdup.train.material.photographs import PhotographStock
from vdup.train.material.video_windows import WindowReader

from vdup.errors import ConfigError, VideoError
from vdup.video.writer import write_video

FRAMES_PER_SECOND = 12
FRAMES = 24
SIDE_PIXELS = 64
_WORK_PIXELS = 192
"""Short side of what the camera moves over."""
_LOOKED_AT = 4
"""Photographs looked at for each one that is taken: near repeats are left out."""

Footage = NDArray[np.uint8]
"""What the camera moves over: uint8 [24, H, W, 3], or [1, H, W, 3] for a photograph."""


@dataclass(frozen=True)
class Path2D:
    """Where the camera is in each of N frames."""

    x: NDArray[np.float64]
    """Of its centre, in half short sides of the footage from its middle, [N]."""
    y: NDArray[np.float64]
    """The same downwards, [N]."""
    zoom: NDArray[np.float64]
    """1: the view covers half the short side; 2: a quarter, [N]."""
    degrees: NDArray[np.float64]
    """Clockwise turn of the picture, [N]."""


Move = Callable[[NDArray[np.float64], np.random.Generator], Path2D]
"""(time from 0 to 1 [N], chance) -> path."""


def _path(
    time: NDArray[np.float64],
    x: NDArray[np.float64] | float = 0.0,
    y: NDArray[np.float64] | float = 0.0,
    zoom: NDArray[np.float64] | float = 1.0,
    degrees: NDArray[np.float64] | float = 0.0,
) -> Path2D:
    ones = np.ones_like(time)
    return Path2D(x * ones, y * ones, zoom * ones, degrees * ones)


def _pan(right: float, down: float) -> Move:
    def move(time: NDArray[np.float64], rng: np.random.Generator) -> Path2D:
        way = rng.uniform(0.5, 0.9) * (time - 0.5)
        drift = rng.uniform(-0.1, 0.1) * (time - 0.5)
        return _path(time, x=right * way + abs(down) * drift, y=down * way + abs(right) * drift)

    return move


def _zoom(exponent: float) -> Move:
    def move(time: NDArray[np.float64], rng: np.random.Generator) -> Path2D:
        return _path(time, zoom=rng.uniform(1.8, 2.4) ** (exponent * (time - 0.5)))

    return move


def _turn(direction: float) -> Move:
    def move(time: NDArray[np.float64], rng: np.random.Generator) -> Path2D:
        return _path(time, degrees=rng.uniform(-30, 30) + direction * rng.uniform(50, 90) * (time - 0.5))

    return move


def _shake(time: NDArray[np.float64], rng: np.random.Generator) -> Path2D:
    return _path(time, x=rng.uniform(-0.2, 0.2, len(time)), y=rng.uniform(-0.2, 0.2, len(time)))


def _bursts(time: NDArray[np.float64], rng: np.random.Generator) -> Path2D:
    """Still most of the time, with two rushes in one direction."""
    angle = rng.uniform(0, 2 * np.pi)
    steps = np.clip((time - 0.25) / 0.06, 0, 1) + np.clip((time - 0.7) / 0.06, 0, 1)
    way = rng.uniform(0.3, 0.45) * (steps - 1)
    return _path(time, x=np.cos(angle) * way, y=np.sin(angle) * way)


MOVES: dict[str, Move] = {
    "PanLeft": _pan(-1, 0),
    "PanRight": _pan(1, 0),
    "TiltUp": _pan(0, -1),
    "TiltDown": _pan(0, 1),
    "ZoomIn": _zoom(1),
    "ZoomOut": _zoom(-1),
    "TurnClockwise": _turn(1),
    "TurnAnticlockwise": _turn(-1),
    "Shake": _shake,
    "Bursts": _bursts,
}
"""The classes."""


def film(footage: Footage, path: Path2D, side_pixels: int = SIDE_PIXELS) -> Iterator[NDArray[np.uint8]]:
    """Frames of a camera's path over footage, uint8 [side, side, 3] each; beyond its edges it is mirrored."""
    for number, (x, y, zoom, degrees) in enumerate(zip(path.x, path.y, path.zoom, path.degrees, strict=True)):
        picture = footage[number % len(footage)]
        height, width = picture.shape[:2]
        short = min(height, width)
        padded = np.pad(picture, ((short, short), (short, short), (0, 0)), "symmetric")
        scale = short / 2 / zoom / side_pixels
        cosine, sine = np.cos(np.radians(degrees)) * scale, np.sin(np.radians(degrees)) * scale
        # Pixels are counted from their corners: the middle of the view lands on the middle of what it looks at.
        half = side_pixels / 2
        left, top = short + width / 2 + x * short / 2, short + height / 2 + y * short / 2
        # Pillow wants, for each pixel of the result, the place that it comes from.
        coefficients = (cosine, sine, left - half * (cosine + sine), -sine, cosine, top - half * (cosine - sine))
        size = (side_pixels, side_pixels)
        frame = Image.fromarray(padded).transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
        yield np.asarray(frame, dtype=np.uint8)


def photographs(images: Sequence[Path], count: int, rng: np.random.Generator) -> list[Footage]:
    """Photographs that do not nearly repeat one another, [1, H, W, 3] each.

    Raises:
        ConfigError: there are too few of them.
    """
    looked_at = [images[place] for place in rng.permutation(len(images))[: _LOOKED_AT * count]]
    taken = PhotographStock(looked_at, rng).hand_out(count)
    if len(taken) < count:
        raise ConfigError(f"{len(taken)} photographs differ, and {count} are needed: give more of them")
    return [_photograph(path)[None] for path in taken]


def stretches(videos: Sequence[Path], count: int) -> list[Footage]:
    """Stretches of two seconds, spread over videos and over each of them, [24, H, W, 3] each.

    Raises:
        ConfigError: too few can be read.
    """
    each = -(-count // len(videos))
    found: list[Footage] = []
    for place in range(each):
        for path in videos:
            footage = _stretch(path, (place + 0.5) / each)
            if footage is not None and len(found) < count:
                found.append(footage)
    if len(found) < count:
        raise ConfigError(f"{len(found)} stretches could be read, and {count} are needed: give more or longer videos")
    return found


def write_action_set(root: Path, training: Sequence[Footage], test: Sequence[Footage], seed: int) -> None:
    """Films all footage in every way and writes the lists.

    Args:
        root: folder to write to.
        training: what is seen in training.
        test: what is seen in the test.
        seed: of the paths.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(FRAMES) / (FRAMES - 1)
    lists: dict[str, list[str]] = {"trainlist01.txt": [], "testlist01.txt": []}
    for name in MOVES:
        (root / "videos" / name).mkdir(parents=True, exist_ok=True)
    for group, footage in enumerate([*training, *test]):
        for number, (name, move) in enumerate(MOVES.items(), start=1):
            clip = f"{name}/g{group:03d}_c1.mp4"
            write_video(root / "videos" / clip, film(footage, move(time, rng)), FRAMES_PER_SECOND)
            if group < len(training):
                lists["trainlist01.txt"].append(f"{clip} {number}")
            else:
                lists["testlist01.txt"].append(clip)
    lists["classInd.txt"] = [f"{number} {name}" for number, name in enumerate(MOVES, start=1)]
    for file, lines in lists.items():
        (root / file).write_text("\n".join(lines) + "\n")


def _photograph(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        image.draft("RGB", (_WORK_PIXELS, _WORK_PIXELS))
        scale = _WORK_PIXELS / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BILINEAR), dtype=np.uint8)


def _stretch(path: Path, share: float) -> Footage | None:
    """Two seconds around a share of a video's length; none where nothing can be read."""
    reach_seconds = FRAMES / FRAMES_PER_SECOND / 2
    try:
        with closing(WindowReader(path, _WORK_PIXELS)) as reader:
            middle = share * reader.duration_seconds
            window = reader.around(middle, reach_seconds)
    except VideoError:
        return None
    if window is None:
        return None
    moments = middle + (np.arange(FRAMES) / FRAMES - 0.5) * 2 * reach_seconds
    return np.stack([window.pictures[window.nearest(moment)] for moment in moments.tolist()])
