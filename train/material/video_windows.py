"""Short stretches of a video around given moments, found by seeking.

Exactness to the frame, which searching needs and seeking does not give in every container, does not matter here.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from vdup.errors import VideoDecodeError
from vdup.types import TimeArray
from vdup.video.container import open_container
from vdup.video.pyav import moving_stream
from vdup.video.scaling import check_size, scaled_size

from ..edits.views import Picture

_LEAST_GAP_SECONDS = 0.025
"""Frames that follow sooner are left out; 30 a second are kept."""
_LONG_GROUP_SECONDS = 10.0
"""Encoders seldom let more time pass between two frames that can be decoded by themselves."""


@dataclass(frozen=True)
class Window:
    """Consecutive frames of a video."""

    times_seconds: TimeArray
    """float64 [N], N >= 1, increasing."""
    pictures: tuple[Picture, ...]
    """N pictures, RGB, uint8 [H, W, 3]."""

    def nearest(self, seconds: float) -> int:
        """Number of the frame nearest to a moment."""
        return int(np.abs(self.times_seconds - seconds).argmin())


class WindowReader:
    """An open video; use it inside ``contextlib.closing``."""

    def __init__(self, path: Path, short_side_pixels: int) -> None:
        """Opens a video.

        Args:
            path: the video file.
            short_side_pixels: frames are scaled down until their short side has at most this many pixels.

        Raises:
            VideoError: it cannot be opened, or holds no moving picture or one that is too small.
        """
        self._path = path
        self._short_side_pixels = short_side_pixels
        self._scaler = VideoReformatter()
        self._container = open_container(path)
        try:
            self._stream = moving_stream(path, self._container)
            self._tick_seconds = float(self._stream.time_base or 0)
            if self._tick_seconds == 0:
                raise VideoDecodeError(path, "its video stream has no clock")
            check_size(path, self._stream.codec_context.width, self._stream.codec_context.height)
        except BaseException:
            self._container.close()
            raise
        self._origin_ticks = self._stream.start_time or 0

    @property
    def duration_seconds(self) -> float:
        """What the container says; 0 when it says nothing."""
        if self._stream.duration:
            return float(self._stream.duration * self._tick_seconds)
        return (self._container.duration or 0) / av.time_base

    def around(self, seconds: float, reach_seconds: float) -> Window | None:
        """Frames from ``seconds - reach_seconds`` to ``seconds + reach_seconds``; None where none can be decoded."""
        start, stop = max(0.0, seconds - reach_seconds), seconds + reach_seconds
        window = None
        for target in (start, start - _LONG_GROUP_SECONDS, -_LONG_GROUP_SECONDS):
            window, found_start = self._read(target, start, stop)
            if found_start:
                break
        return window

    def _read(self, target: float, start: float, stop: float) -> tuple[Window | None, bool]:
        """Frames between two moments after seeking to ``target``, and whether the first frame lay before them.

        In containers without an index, seeking may end within a group of pictures, and nothing can be decoded up to the
        next group; there, only a moment before the first frame is sure to give that frame.
        """
        times: list[float] = []
        pictures: list[Picture] = []
        first: float | None = None
        try:
            self._container.seek(self._origin_ticks + int(target / self._tick_seconds), stream=self._stream)
            for frame in self._container.decode(self._stream):
                if frame.pts is None:
                    continue
                time = (frame.pts - self._origin_ticks) * self._tick_seconds
                first = time if first is None else first
                if time > stop:
                    break
                if time >= start and (not times or time >= times[-1] + _LEAST_GAP_SECONDS):
                    pictures.append(self._upright(frame))
                    times.append(time)
        except av.FFmpegError:  # damage costs what lies behind it
            pass
        window = Window(np.array(times), tuple(pictures)) if times else None
        return window, first is not None and first <= start

    def _upright(self, frame: av.VideoFrame) -> Picture:
        width, height = scaled_size(frame.width, frame.height, self._short_side_pixels)
        scaled = self._scaler.reformat(frame, width=width, height=height, format="rgb24", interpolation="BICUBIC")
        pixels: NDArray[np.uint8] = np.asarray(scaled.to_ndarray(), dtype=np.uint8)
        return np.ascontiguousarray(np.rot90(pixels, k=round(frame.rotation / 90)))

    def close(self) -> None:
        """Closes the file."""
        self._container.close()
