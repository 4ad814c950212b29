"""Videos made from still photographs: shots with camera motion, moving objects, changing light and sensor noise.

A photograph that a virtual camera travels over ("Ken Burns effect") has the properties that copy detection is about:
neighbouring frames differ a little, shots differ a lot, and the truth is known to the frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from vdup.regular_file import open_regular

from ..edits.types import Frames

_BILINEAR = Image.Resampling.BILINEAR
_SHOT_SECONDS = (1.5, 8.0)
# Longest static or faint shot: a copy should hold more than one, or nobody could say where it comes from.
_DULL_SHOT_SECONDS = 3.0
_FADE_SECONDS = (0.3, 1.0)
_NOISE_ROOM_PIXELS = 32


@dataclass(frozen=True)
class _Camera:
    """What part of a photograph is seen over a shot; all values run from the shot's start (0) to its end (1)."""

    zooms: tuple[float, float]
    """Width of the view at start and end, as a share of the widest view that fits."""
    across: tuple[float, float]
    """Place of the view in the room left and right of it, 0 to 1."""
    down: tuple[float, float]
    """Place of the view in the room above and below it, 0 to 1."""
    degrees: tuple[float, float]
    """Turn of the camera."""
    shake: NDArray[np.float64]
    """Amplitude, two frequencies in radians a frame and two phases of a hand's unrest, shape [5]."""

    def shoot(self, picture: Image.Image, size: tuple[int, int], progress: float, frame: int) -> Image.Image:
        """The picture as seen at ``progress`` (0 to 1) of the shot, in ``size`` (width, height)."""
        aspect = size[0] / size[1]
        widest = min(picture.width, picture.height * aspect)
        turned = max(abs(degree) for degree in self.degrees)
        if turned > 0:
            widest /= math.cos(math.radians(turned)) + math.sin(math.radians(turned)) * max(aspect, 1 / aspect)
        width = widest * self.zooms[0] * (self.zooms[1] / self.zooms[0]) ** progress
        height = width / aspect
        amplitude, *rhythm = self.shake
        unrest = amplitude * np.sin(np.array(rhythm[:2]) * frame + rhythm[2:])
        # Rounding may put a view that fits exactly a hair outside.
        room_x, room_y = max(0.0, picture.width - width), max(0.0, picture.height - height)
        x = np.clip(self.across[0] + (self.across[1] - self.across[0]) * progress + unrest[0], 0, 1) * room_x
        y = np.clip(self.down[0] + (self.down[1] - self.down[0]) * progress + unrest[1], 0, 1) * room_y
        if turned == 0:
            return picture.resize(
                size, _BILINEAR, box=(x, y, min(x + width, picture.width), min(y + height, picture.height))
            )
        return self._turned(picture, size, (float(x), float(y), width), progress)

    def _turned(
        self, picture: Image.Image, size: tuple[int, int], view: tuple[float, float, float], progress: float
    ) -> Image.Image:
        angle = math.radians(self.degrees[0] + (self.degrees[1] - self.degrees[0]) * progress)
        x, y, width = view
        scale = width / size[0]
        # The upright view is chosen inside the photograph; the turned one would leave it, so its centre is pulled in.
        half_x = scale / 2 * (size[0] * math.cos(angle) + size[1] * abs(math.sin(angle)))
        half_y = scale / 2 * (size[1] * math.cos(angle) + size[0] * abs(math.sin(angle)))
        centre_x = min(max(x + width / 2, half_x), picture.width - half_x)
        centre_y = min(max(y + scale * size[1] / 2, half_y), picture.height - half_y)
        a, b = scale * math.cos(angle), scale * math.sin(angle)
        matrix = (
            a,
            -b,
            centre_x - a * size[0] / 2 + b * size[1] / 2,
            b,
            a,
            centre_y - b * size[0] / 2 - a * size[1] / 2,
        )
        return picture.transform(size, Image.Transform.AFFINE, matrix, _BILINEAR)


@dataclass(frozen=True)
class _Foreground:
    """A cut-out object that crosses the picture."""

    cutout: Image.Image
    """RGBA."""
    start: tuple[float, float]
    """Centre at the shot's start, in shares of the picture's width and height."""
    end: tuple[float, float]
    bob: float
    """Height of its up-and-down motion, as a share of the picture's height."""

    def paste(self, picture: Image.Image, progress: float, frame: int) -> None:
        x = self.start[0] + (self.end[0] - self.start[0]) * progress
        y = self.start[1] + (self.end[1] - self.start[1]) * progress + self.bob * math.sin(0.3 * frame)
        left = round(x * picture.width - self.cutout.width / 2)
        picture.paste(self.cutout, (left, round(y * picture.height - self.cutout.height / 2)), self.cutout)


@dataclass(frozen=True)
class _Shot:
    start_frame: int
    frames: int
    fade_frames: int
    """Frames at the start over which the shot before it fades out; 0 for a hard cut."""
    picture: Image.Image
    camera: _Camera
    foreground: _Foreground | None

    def shoot(self, frame: int, size: tuple[int, int], following_fade: int) -> Image.Image:
        """Frame ``frame`` of the clip; a shot goes on moving while the next one fades in."""
        progress = (frame - self.start_frame) / (self.frames + following_fade)
        picture = self.camera.shoot(self.picture, size, progress, frame)
        if self.foreground is not None:
            self.foreground.paste(picture, progress, frame)
        return picture


class PhotoClip:
    """A clip planned from photographs; any stretch of it can be rendered, and always comes out the same.

    Args:
        images: Photographs to draw on, in order; each is used once.
        rng: Source of all randomness.
        seconds: Length of the clip.
        frames_per_second: Frame rate.
        size: Width and height in pixels.

    Raises:
        ValueError: Too few photographs, or a length below one frame.
    """

    def __init__(
        self,
        images: Sequence[Path],
        rng: np.random.Generator,
        seconds: float,
        frames_per_second: Fraction | float,
        size: tuple[int, int],
    ) -> None:
        self.size = size
        self.frames = math.floor(seconds * frames_per_second + 1e-6)
        if self.frames < 1:
            raise ValueError(f"seconds={seconds} at {frames_per_second} frames a second is less than one frame")
        self.images_used = 0
        """How many of the photographs, from the first, are seen in the clip."""
        self._seed = int(rng.integers(2**62))
        self._shots = self._plan(images, rng, float(frames_per_second))
        rate = float(frames_per_second)
        self._drift = (rng.uniform(0, 0.08), rng.uniform(0.2, 1.0) / rate, rng.uniform(0, 2 * np.pi))
        self._flicker = rng.uniform(0, 0.015)
        field = (size[1] + _NOISE_ROOM_PIXELS, size[0] + _NOISE_ROOM_PIXELS, 3)
        self._noise = rng.normal(0, rng.uniform(0.5, 3.5), field).astype(np.int16)

    def render(self, start_frame: int, stop_frame: int) -> Frames:
        """Frames from ``start_frame`` up to and without ``stop_frame``, uint8 [N, H, W, 3]."""
        if not 0 <= start_frame < stop_frame <= self.frames:
            raise ValueError(f"frames {start_frame} to {stop_frame} do not lie in a clip of {self.frames} frames")
        width, height = self.size
        rendered = np.empty((stop_frame - start_frame, height, width, 3), np.uint8)
        for place, frame in enumerate(range(start_frame, stop_frame)):
            frame_rng = np.random.default_rng((self._seed, frame))
            picture = np.asarray(self._shoot(frame).point(self._exposure(frame, frame_rng)))
            top, left = frame_rng.integers(0, _NOISE_ROOM_PIXELS + 1, 2)
            grain = self._noise[top : top + height, left : left + width]
            rendered[place] = np.clip(picture + grain, 0, 255)
        return rendered

    def _shoot(self, frame: int) -> Image.Image:
        number = next(i for i in reversed(range(len(self._shots))) if self._shots[i].start_frame <= frame)
        shot = self._shots[number]
        following = self._shots[number + 1].fade_frames if number + 1 < len(self._shots) else 0
        picture = shot.shoot(frame, self.size, following)
        shown = frame - shot.start_frame
        if number and shown < shot.fade_frames:
            before = self._shots[number - 1].shoot(frame, self.size, shot.fade_frames)
            picture = Image.blend(before, picture, (shown + 1) / (shot.fade_frames + 1))
        return picture

    def _exposure(self, frame: int, rng: np.random.Generator) -> list[int]:
        amplitude, frequency, phase = self._drift
        gain = 1 + amplitude * math.sin(2 * math.pi * frequency * frame + phase) + self._flicker * rng.normal()
        return [int(value) for value in np.clip(np.arange(256) * gain + 0.5, 0, 255)] * 3

    def _plan(self, images: Sequence[Path], rng: np.random.Generator, rate: float) -> list[_Shot]:
        shots: list[_Shot] = []
        start = 0
        while start < self.frames:
            is_static = rng.random() < 0.15
            is_faint = bool(shots) and rng.random() < 0.08
            longest = _DULL_SHOT_SECONDS if is_static or is_faint else _SHOT_SECONDS[1]
            frames = max(1, round(rng.uniform(_SHOT_SECONDS[0], longest) * rate))
            if self.frames - start - frames < _SHOT_SECONDS[0] * rate:
                frames = self.frames - start
            fades = bool(shots) and rng.random() < 0.2
            fade = min(round(rng.uniform(*_FADE_SECONDS) * rate), frames) if fades else 0
            picture = _open(self._next(images), rng, is_faint=is_faint)
            foreground = self._plan_foreground(images, rng) if rng.random() < 0.3 else None
            shots.append(_Shot(start, frames, fade, picture, _plan_camera(rng, is_static), foreground))
            start += frames
        return shots

    def _next(self, images: Sequence[Path]) -> Path:
        if self.images_used >= len(images):
            raise ValueError(f"{len(images)} photographs are too few for a clip of {self.frames} frames: give more")
        self.images_used += 1
        return images[self.images_used - 1]

    def _plan_foreground(self, images: Sequence[Path], rng: np.random.Generator) -> _Foreground:
        height = max(2, round(self.size[1] * rng.uniform(0.25, 0.5)))
        picture = _read(self._next(images))
        width = max(2, round(height * picture.width / picture.height))
        cutout = picture.resize((width, height), _BILINEAR)
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).ellipse((2, 2, width - 3, height - 3), 255)
        cutout.putalpha(mask.filter(ImageFilter.GaussianBlur(2)))
        start, end = rng.uniform(-0.05, 1.05, (2, 2))
        return _Foreground(cutout, (start[0], start[1]), (end[0], end[1]), float(rng.uniform(0, 0.03)))


def _read(path: Path) -> Image.Image:
    with open_regular(path) as file, Image.open(file) as picture:
        return picture.convert("RGB")


def _open(path: Path, rng: np.random.Generator, *, is_faint: bool) -> Image.Image:
    picture = _read(path)
    if not is_faint:
        return picture
    faint = picture.filter(ImageFilter.GaussianBlur(min(picture.size) * 0.04))
    return Image.blend(Image.new("RGB", picture.size, tuple(rng.integers(40, 200, 3).tolist())), faint, 0.4)


def _plan_camera(rng: np.random.Generator, is_static: bool) -> _Camera:
    across, down = rng.uniform(0, 1, (2, 2))
    zooms = rng.uniform(0.5, 0.95, 2)
    degrees = np.zeros(2)
    if is_static:
        across[1], down[1], zooms[1] = across[0], down[0], zooms[0]
    else:
        kind = rng.choice(["pan", "zoom", "both", "turn"], p=[0.3, 0.25, 0.25, 0.2])
        if kind == "pan":
            zooms[:] = rng.uniform(0.5, 0.75)
        elif kind == "zoom":
            across[1], down[1] = across[0], down[0]
        elif kind == "turn":
            degrees = rng.uniform(-7, 7, 2)
    is_handheld = not is_static and rng.random() < 0.35
    amplitude = rng.uniform(0.01, 0.04) if is_handheld else 0.0
    shake = np.concatenate([[amplitude], rng.uniform(0.1, 0.5, 2), rng.uniform(0, 2 * np.pi, 2)])
    pairs = [(float(pair[0]), float(pair[1])) for pair in (zooms, across, down, degrees)]
    return _Camera(pairs[0], pairs[1], pairs[2], pairs[3], shake)


def photo_clip(
    images: Sequence[Path],
    rng: np.random.Generator,
    seconds: float,
    frames_per_second: Fraction | float,
    size: tuple[int, int],
) -> Frames:
    """A whole clip at once, uint8 [N, H, W, 3]; the arguments are those of :class:`PhotoClip`."""
    clip = PhotoClip(images, rng, seconds, frames_per_second, size)
    return clip.render(0, clip.frames)
