"""Families of clips: some frames of a clip, and copies of it that were sampled at other moments and edited as a whole.

An edit is drawn once for a clip, as an uploader applies it: all frames of a copy are cropped alike. The images of a
family lie row after row: the frames of the original in time order, then those of each copy.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from vdup.errors import VideoError
from vdup.regular_file import open_regular
from vdup.video.bars import find_picture
from vdup.video.scaling import squash

from ..edits.table import parse_edits
from ..edits.types import Frames, Surroundings
from ..edits.views import RESAVED, draw_views, needs_footage, resave
from ..material.clips import PhotoClip
from ..material.video_windows import WindowReader
from .pictures import Family, UnreadableError, check_drawing, digest_of, drawn_surroundings

_SHAPES = (16 / 9, 16 / 9, 4 / 3, 9 / 16, 1.0)
_SHORT_SIDE_PIXELS = 224
"""Small photographs hold no more detail."""
_TRIES_FOR_SURROUNDINGS = 3


class _ClipFamilies(ABC):
    """What both kinds of families of clips are told."""

    _kind: ClassVar[str]

    def __init__(
        self,
        paths: Sequence[Path],
        clips: int,
        frames: int,
        views: int,
        side_pixels: int,
        seed: int,
        left_out: Collection[str] = (),
        step_seconds: float = 1.0,
    ) -> None:
        check_drawing(views, side_pixels, seed, left_out)
        if clips < 1 or frames < 1 or step_seconds <= 0:
            raise ValueError(f"cannot use {clips=}, {frames=}, {step_seconds=}: need 1 or more, 1 or more, above 0")
        self._paths = tuple(paths)
        self._frames = frames
        self._views = views
        self._side_pixels = side_pixels
        self._seed = seed
        self._left_out = tuple(sorted(left_out))
        self._step_seconds = step_seconds
        self._clips = self._available(clips)

    def _available(self, clips: int) -> int:
        """So many clips as are wanted, or as there are."""
        return clips

    @property
    def digest(self) -> str:
        """Of the settings and of the names and sizes of the files."""
        settings = {
            "clips": self._clips,
            "frames": self._frames,
            "views": self._views,
            "side": self._side_pixels,
            "seed": self._seed,
            "left_out": self._left_out,
            "step_seconds": self._step_seconds,
        }
        return digest_of(self._kind, settings, self._paths)

    def _family(self, footage: Frames, scene: int, rng: np.random.Generator) -> Family:
        """A family of 2 K frames: the even ones are the original, the odd ones are copied V times."""
        original, copied = footage[::2], footage[1::2]
        names = draw_views(self._views, self._left_out, rng)
        side = self._side_pixels
        images = np.empty(((1 + self._views) * len(original), side, side, 3), np.uint8)
        place = 0
        for frames in (original, *(self._edited(copied, name, rng) for name in names)):
            for frame in frames:
                images[place] = squash(frame, side)
                place += 1
        edits = ("", *names)
        return Family(images, tuple(edits[row // len(original)] for row in range(len(images))), scene)

    def _edited(self, frames: Frames, name: str, rng: np.random.Generator) -> Frames:
        if name == RESAVED:
            quality = rng.integers(2**62)  # the same for all frames of the copy
            return np.stack([resave(frame, np.random.default_rng(quality)) for frame in frames])
        return parse_edits(name).apply(frames, rng, self._surround(rng) if needs_footage(name) else None)

    @abstractmethod
    def _surround(self, rng: np.random.Generator) -> Surroundings:
        """Footage to put a copy into, or around it."""


class PhotoClipFamilies(_ClipFamilies):
    """Families of clips that are made from photographs in motion, see :mod:`..material.clips`.

    Args:
        paths: photographs; every family shows some of its own, and perhaps others around its copies.
        clips: families, at most what the photographs are enough for.
        frames: frames K of a clip.
        views: copies V in a family.
        side_pixels: width and height S of the images.
        seed: of everything drawn at random.
        left_out: edits that are not made.
        step_seconds: time between two frames; a second is what libraries are sampled at.

    Raises:
        ValueError: an argument is out of range, an edit is unknown, or there are too few photographs.
    """

    _kind = "photo clips"

    def _available(self, clips: int) -> int:
        found = min(clips, len(self._paths) // self._photographs_a_clip)
        if found < 1:
            raise ValueError(
                f"{len(self._paths)} photographs are too few: a clip of {self._frames} frames takes "
                f"{self._photographs_a_clip}"
            )
        return found

    @property
    def _photographs_a_clip(self) -> int:
        """A shot lasts 1.5 seconds or more, and may have a second photograph in front of it."""
        return 2 * (1 + int(self._frames * self._step_seconds / 1.5))

    def __len__(self) -> int:
        return self._clips

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`~.pictures.FamilySource.load`; the scene is the clip's number."""
        rng = np.random.default_rng([self._seed, epoch, number])
        order = np.random.default_rng([self._seed, 2]).permutation(len(self._paths))
        first = number * self._photographs_a_clip
        own = [self._paths[place] for place in order[first : first + self._photographs_a_clip]]
        shape = float(rng.choice(_SHAPES))
        width, height = _SHORT_SIDE_PIXELS * max(1.0, shape), _SHORT_SIDE_PIXELS * max(1.0, 1 / shape)
        try:
            # Twice as many frames: copies are sampled half-way between those of the original.
            size = (2 * round(width / 2), 2 * round(height / 2))
            clip = PhotoClip(own, rng, self._frames * self._step_seconds, 2 / self._step_seconds, size)
            footage = clip.render(0, clip.frames)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise UnreadableError(own[0], str(error)) from error
        return [self._family(footage, number, rng)]

    def _surround(self, rng: np.random.Generator) -> Surroundings:
        for _ in range(_TRIES_FOR_SURROUNDINGS):
            path = self._paths[rng.integers(len(self._paths))]
            try:
                with open_regular(path) as file, Image.open(file) as image:
                    return Surroundings(np.asarray(image.convert("RGB"), dtype=np.uint8)[None])
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue
        return drawn_surroundings(self._side_pixels, rng)


class VideoClipFamilies(_ClipFamilies):
    """Families of stretches of real videos, spread over their length.

    Args:
        paths: videos; they are opened when their families are made.
        clips: most families of one video.
        frames: frames K of a clip.
        views: copies V in a family.
        side_pixels: width and height S of the images.
        seed: of everything drawn at random.
        left_out: edits that are not made.
        step_seconds: time between two frames; a second is what libraries are sampled at.

    Raises:
        ValueError: an argument is out of range or names an unknown edit.
    """

    _kind = "video clips"

    def __len__(self) -> int:
        return len(self._paths)

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`~.pictures.FamilySource.load`; the scene is the video's number."""
        rng = np.random.default_rng([self._seed, epoch, number])
        length = self._frames * self._step_seconds
        families: list[Family] = []
        try:
            with closing(WindowReader(self._paths[number], _SHORT_SIDE_PIXELS)) as reader:
                count = max(1, min(self._clips, int(reader.duration_seconds // length)))
                stretch = max(length, reader.duration_seconds / count)
                for place in range(count):
                    start = place * stretch + float(rng.uniform(0, max(0.0, stretch - length)))
                    window = reader.around(start + length / 2, length / 2)
                    if window is None:
                        continue
                    span = float(window.times_seconds[-1] - window.times_seconds[0])
                    moments = window.times_seconds[0] + np.linspace(0, span, 2 * self._frames)
                    footage = np.stack([window.pictures[window.nearest(float(moment))] for moment in moments])
                    top, bottom, left, right = find_picture(footage)
                    footage = np.ascontiguousarray(footage[:, top:bottom, left:right])
                    families.append(self._family(footage, number, rng))
        except VideoError as error:
            raise UnreadableError(error.path, error.reason) from error
        if not families:
            raise UnreadableError(self._paths[number], "none of its stretches can be decoded")
        return families

    def _surround(self, rng: np.random.Generator) -> Surroundings:
        path = self._paths[rng.integers(len(self._paths))]
        try:
            with closing(WindowReader(path, _SHORT_SIDE_PIXELS)) as reader:
                window = reader.around(rng.uniform(0, reader.duration_seconds), 0.5)
        except VideoError:  # told of when its own turn comes
            window = None
        return drawn_surroundings(self._side_pixels, rng) if window is None else Surroundings(window.pictures[0][None])
