"""What an edit is: a named change of a clip's frames that an uploader makes between copying and publishing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Frames = NDArray[np.uint8]
"""RGB frames of one clip, uint8 [N, H, W, 3]."""


def check_frames(frames: Frames, owner: str) -> None:
    """Refuses anything but a clip of at least one RGB frame.

    Raises:
        ValueError: ``frames`` is not uint8 [N, H, W, 3] with N, H and W of 1 or more.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
        raise ValueError(f"{owner} needs uint8 frames [N, H, W, 3] with N >= 1, got {frames.dtype} {frames.shape}")


def size_of(frames: Frames) -> tuple[int, int]:
    """Width and height of a clip in pixels."""
    return frames.shape[2], frames.shape[1]


def change_each(frames: Frames, change: Callable[[Image.Image, int], Image.Image]) -> Frames:
    """Applies ``change(picture, frame_number)`` to every frame; all results must have one size.

    Args:
        frames: uint8 [N, H, W, 3].
        change: Gets a picture of its own, which it may draw on.

    Returns:
        uint8 [N, H2, W2, 3], in the size of the first result.
    """
    first = np.asarray(change(Image.fromarray(frames[0]), 0))
    changed = np.empty((len(frames), *first.shape), np.uint8)
    changed[0] = first
    for number in range(1, len(frames)):
        changed[number] = np.asarray(change(Image.fromarray(frames[number]), number))
    return changed


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scales a picture to fill ``size`` (width, height) and cuts what sticks out, evenly on both sides."""
    scale = min(picture.width / size[0], picture.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    # Rounding may put the box a hair outside the picture.
    left, top = max(0.0, (picture.width - width) / 2), max(0.0, (picture.height - height) / 2)
    return picture.resize(
        size,
        Image.Resampling.BILINEAR,
        box=(left, top, min(left + width, picture.width), min(top + height, picture.height)),
    )


@dataclass(frozen=True)
class Surroundings:
    """Footage that has nothing to do with the copy; some edits put the copy into it."""

    frames: Frames
    """uint8 [M, H, W, 3], any size; played forwards and backwards when the copy is longer."""

    def __post_init__(self) -> None:
        check_frames(self.frames, "Surroundings")

    def picture(self, number: int, size: tuple[int, int]) -> Image.Image:
        """The frame that plays beside the copy's frame ``number``, filling ``size`` (width, height)."""
        last = len(self.frames) - 1
        place = number % (2 * last) if last else 0
        return cover(Image.fromarray(self.frames[min(place, 2 * last - place)]), size)


class Edit(Protocol):
    """A named change of a clip. Parameters are drawn once a clip, so that its frames stay consistent."""

    @property
    def name(self) -> str:
        """Name in the edit table."""

    @property
    def needs_footage(self) -> bool:
        """Whether :meth:`apply` must be given surroundings."""

    def apply(self, frames: Frames, rng: np.random.Generator, surroundings: Surroundings | None = None) -> Frames:
        """Edited clip.

        Args:
            frames: uint8 [N, H, W, 3], N >= 1; left as it is.
            rng: Source of all randomness: equal state, equal result.
            surroundings: Other footage; only edits that mix footage look at it.

        Returns:
            uint8 [N, H2, W2, 3]: as many frames, perhaps of another size.

        Raises:
            ValueError: ``frames`` has a wrong shape or type, or surroundings are missing.
        """


@dataclass(frozen=True)
class PictureEdit:
    """An edit that needs nothing but the clip."""

    name: str
    change: Callable[[Frames, np.random.Generator], Frames]
    needs_footage: bool = field(default=False, init=False)

    def apply(self, frames: Frames, rng: np.random.Generator, surroundings: Surroundings | None = None) -> Frames:  # noqa: ARG002
        """See :meth:`Edit.apply`; ``surroundings`` are not looked at."""
        check_frames(frames, f"edit {self.name}")
        return self.change(frames, rng)


@dataclass(frozen=True)
class FootageEdit:
    """An edit that shows the clip together with other footage."""

    name: str
    mix: Callable[[Frames, np.random.Generator, Surroundings], Frames]
    needs_footage: bool = field(default=True, init=False)

    def apply(self, frames: Frames, rng: np.random.Generator, surroundings: Surroundings | None = None) -> Frames:
        """See :meth:`Edit.apply`."""
        check_frames(frames, f"edit {self.name}")
        if surroundings is None:
            raise ValueError(f"edit {self.name} mixes the clip with other footage: give surroundings=Surroundings(...)")
        return self.mix(frames, rng, surroundings)
