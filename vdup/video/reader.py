"""Opens a video file and yields its frames by presentation time."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vdup.types import Intervals, VideoInfo
from vdup.video.image_folder import ImageFolderReader
from vdup.video.pyav import PyAVReader
from vdup.video.scaling import check_size

DEFAULT_SHORT_SIDE_PIXELS = 320


class VideoReader(Protocol):
    """One open video. Use it as a context manager, or call :meth:`close`."""

    @property
    def info(self) -> VideoInfo:
        """What the container says of the stream."""
        ...

    @property
    def duration_seconds(self) -> float:
        """Time of the last frame plus its length, once all frames were read; before, what the container says."""
        ...

    @property
    def damaged_seconds(self) -> Intervals:
        """Start and end of every stretch whose pictures could not be decoded whole, once all were read.

        Empty where the decoder tells nothing of it.
        """
        ...

    def frames_at(
        self, frames_per_second: float, start_seconds: float = 0.0
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Frames on screen at evenly spaced moments.

        Tick ``k`` is the moment ``k / frames_per_second`` after the first frame was shown; its frame is the last one
        that began no later. A frame that is on screen at several ticks comes once.

        Args:
            frames_per_second: ticks a second; a rate above the video's own gives every frame.
            start_seconds: ticks before this moment are left out.

        Yields:
            Presentation time in seconds (0 for the first frame of the video; increasing) and the RGB picture, upright
            and scaled, uint8 [H, W, 3], the same size for all frames.

        Raises:
            ValueError: ``frames_per_second`` is not a positive number.
            VideoDecodeError: no frame can be decoded.
        """
        ...

    def close(self) -> None:
        """Free the decoder; iterators that still run end or fail."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_video(path: Path, short_side_pixels: int = DEFAULT_SHORT_SIDE_PIXELS) -> VideoReader:
    """Open a video or a folder of images.

    Args:
        path: the video file, or a folder of numbered images, one a second.
        short_side_pixels: frames are scaled down until their short side has at most this many pixels.

    Raises:
        VideoOpenError: the file is missing, unreadable, empty, not a video or cut short; the text says which.
        NoVideoStreamError: it has no moving picture.
        VideoDecodeError: no frame of it can be decoded.
        PictureTooSmallError: its picture has too few pixels to be told from others.
    """
    if path.is_dir():
        images = ImageFolderReader(path, short_side_pixels)
        check_size(path, images.info.width, images.info.height)
        return images
    reader = PyAVReader(path, short_side_pixels)
    check_size(path, reader.info.width, reader.info.height)
    return reader
