"""Reads a video that was published as a folder of numbered images, one a second, as VCSL has them."""

import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.errors import VideoDecodeError, VideoOpenError
from vdup.regular_file import open_regular
from vdup.types import Intervals, VideoInfo
from vdup.video.scaling import scaled_size
from vdup.video.ticks import frames_at_ticks

logger = logging.getLogger(__name__)

IMAGES_PER_SECOND = 1.0
"""Rate at which VCSL's images were taken; nothing in the folder tells it."""

IMAGE_EXTENSIONS = frozenset((".jpeg", ".jpg", ".png"))
"""In lower case."""

_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


class ImageFolderReader:
    """A folder of images whose names are numbers, such as ``00000.jpg``, as a video.

    The image of the lowest number is shown first, and each until the next one comes. Images that cannot be decoded are
    left out. The size is that of the first image.
    """

    def __init__(self, path: Path, short_side_pixels: int = 320) -> None:
        """List the images and decode the first.

        Args:
            path: the folder.
            short_side_pixels: images are scaled down until their short side has at most this many pixels.

        Raises:
            VideoOpenError: the folder cannot be read or has no numbered image.
            VideoDecodeError: none of its images can be decoded.
        """
        self._path = path
        try:
            images = {int(file.stem): file for file in sorted(path.iterdir()) if _is_numbered_image(file)}
        except OSError as error:
            raise VideoOpenError(path, f"this folder cannot be read: {error.strerror or error}") from error
        if not images:
            raise VideoOpenError(path, "is a folder, not a video file, and has no numbered images such as 00000.jpg")
        numbers = sorted(images)
        self._files = [images[number] for number in numbers]
        self._times_seconds = (np.array(numbers, dtype=np.float64) - numbers[0]) / IMAGES_PER_SECOND
        self._end_seconds = float(self._times_seconds[-1]) + 1 / IMAGES_PER_SECOND
        first = next((image for image in map(_decoded, self._files) if image is not None), None)
        if first is None:
            raise VideoDecodeError(path, f"none of its {len(self._files)} images can be decoded")
        self.info = VideoInfo(first.width, first.height, self._end_seconds, codec="", rotation_degrees=0)
        self._size = scaled_size(first.width, first.height, short_side_pixels)

    @property
    def duration_seconds(self) -> float:
        """End of the last image."""
        return self._end_seconds

    @property
    def damaged_seconds(self) -> Intervals:
        """None are known: an image that cannot be read is left out."""
        return ()

    def frames_at(
        self, frames_per_second: float, start_seconds: float = 0.0
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Images on screen at the ticks of a clock; see :class:`~vdup.video.reader.VideoReader`."""
        for row in frames_at_ticks(self._times_seconds, self._end_seconds, frames_per_second, start_seconds):
            image = _decoded(self._files[row])
            if image is not None:
                scaled = image.resize(self._size, Image.Resampling.BICUBIC)
                yield float(self._times_seconds[row]), np.asarray(scaled, dtype=np.uint8)

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_numbered_image(file: Path) -> bool:
    return file.stem.isascii() and file.stem.isdecimal() and file.suffix.lower() in IMAGE_EXTENSIONS


def _decoded(file: Path) -> Image.Image | None:
    """The image as RGB; none if it cannot be decoded."""
    try:
        with open_regular(file) as opened, Image.open(opened) as image:
            return image.convert("RGB")
    except _UNREADABLE as error:
        logger.warning("%s: this image is left out, as it cannot be decoded: %s", file, error)
        return None
