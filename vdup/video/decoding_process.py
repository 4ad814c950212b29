"""What runs inside a decoding process: one file after the other, its frame batches sent through a pipe.

The process imports no network library, so that it starts quickly and stays small.
"""

import ctypes
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vdup.errors import VideoDecodeError, VideoError
from vdup.types import BoolArray, FloatArray, FrameBatch, TimeArray, VideoEnd, VideoInfo

logger = logging.getLogger(__name__)

HELD_BACK_FRAMES = 38
"""Frames that the sampler collects to find bars and panels, besides those of the batch."""


@dataclass(frozen=True)
class SamplingPlan:
    """How frames are taken from every file of a pool."""

    frames_per_second: float
    side_pixels: int
    """Width and height of the frames."""
    crop_bars: bool
    batch_size: int
    """Most frames in a batch."""
    panels: bool = False
    """Give the views of the layout besides whole frames."""
    least_frames: int = 1
    """Frames that even a short video gives, see :mod:`~vdup.video.rate`."""
    movie_fps: float = 0.0
    """Least grey pictures a second besides the frames; 0: none."""

    @property
    def seconds_between_batches(self) -> float:
        """Most presentation that is read before the next batch is there."""
        return (self.batch_size + HELD_BACK_FRAMES) / self.frames_per_second


SampleFunction: TypeAlias = Callable[[Path, SamplingPlan], Iterator[VideoInfo | FrameBatch | VideoEnd]]
"""Yields what is known of the video, then its batches, last what is known at its end; raises VideoError."""


@dataclass(frozen=True)
class BatchHeader:
    """Announces a batch; the bytes of its images follow as a message of their own, which spares two copies."""

    shape: tuple[int, int, int, int]
    times_seconds: TimeArray
    searchable: BoolArray
    view: int
    boxes: FloatArray | None = None


@dataclass(frozen=True)
class Finished:
    """The last message of a file."""

    end: VideoEnd | None
    """None after an error."""
    error: VideoError | None


Message: TypeAlias = VideoInfo | BatchHeader | Finished


class WorkClock:
    """Time a process spent on its file, in memory that both sides see.

    The worker stops it while it waits for room in the pipe, so a slow consumer never makes a file late. The parent
    reads it without any message, so it also sees a worker that hangs.
    """

    FIELDS = 5

    def __init__(self, fields: "ctypes.Array[ctypes.c_double]") -> None:
        """Wraps shared memory of ``FIELDS`` doubles."""
        self._fields = fields

    def hand_over(self) -> None:
        """Starts anew; the parent calls it when it hands out a file. A new process may have to load its libraries."""
        self._fields[4] = 0.0  # 1 once the worker has begun
        self._start()

    def begin(self) -> None:
        """Starts anew; the worker calls it when it has got the file."""
        self._start()
        self._fields[4] = 1.0

    def _start(self) -> None:
        self._fields[0] = 0.0  # busy seconds of finished spells of work
        self._fields[2] = 0.0  # seconds of presentation that are known of
        self._fields[3] = 0.0  # busy seconds at the last sign of progress
        self._fields[1] = time.monotonic()  # start of this spell of work; 0 while the clock is stopped

    def pause(self) -> None:
        """Stops; the worker is about to wait for the parent."""
        started, self._fields[1] = self._fields[1], 0.0
        if started:
            self._fields[0] += time.monotonic() - started

    def resume(self) -> None:
        """Runs on after :meth:`pause`."""
        self._fields[1] = time.monotonic()

    def progress(self, presentation_seconds: float) -> None:
        """Notes a sign of life and how much presentation there is at least."""
        self._fields[2] = max(self._fields[2], presentation_seconds)
        self._fields[3] = self.busy_seconds

    @property
    def begun(self) -> bool:
        """Whether the worker has got its file."""
        return self._fields[4] == 1.0

    @property
    def busy_seconds(self) -> float:
        """Time spent on the file so far."""
        started = self._fields[1]
        return self._fields[0] + (time.monotonic() - started if started else 0.0)

    @property
    def seconds_since_progress(self) -> float:
        """Time spent on the file since the last sign of progress."""
        return self.busy_seconds - self._fields[3]

    @property
    def presentation_seconds(self) -> float:
        """Length of the video, or of what was read of it where the container gives none; 0 before it is open."""
        return self._fields[2]


def sample_file(path: Path, plan: SamplingPlan) -> Iterator[VideoInfo | FrameBatch | VideoEnd]:
    """Samples one video file; see :class:`~vdup.video.sampler.VideoSampler`.

    Raises:
        VideoError: the file cannot be read.
    """
    # Imported here, so that only workers load the decoding libraries; the parent holds the networks.
    from vdup.video.sampler import sample_video

    with sample_video(
        path,
        frames_per_second=plan.frames_per_second,
        side_pixels=plan.side_pixels,
        crop_bars=plan.crop_bars,
        panels=plan.panels,
        batch_size=plan.batch_size,
        least_frames=plan.least_frames,
        movie_fps=plan.movie_fps,
    ) as sampler:
        yield sampler.info
        yield from sampler
        yield sampler.end


class _ParentGoneError(Exception):
    """The pipe to the parent broke."""


def _send_file(
    path: Path, plan: SamplingPlan, sample: SampleFunction, connection: "Connection", clock: WorkClock
) -> None:
    def send(message: Message, images: memoryview | None = None) -> None:
        clock.pause()
        try:
            connection.send(message)
            if images is not None:
                connection.send_bytes(images)
        except OSError as error:
            raise _ParentGoneError from error
        clock.resume()

    end: VideoEnd | None = None
    clock.begin()
    try:
        for item in sample(path, plan):
            if isinstance(item, VideoInfo):
                clock.progress(item.duration_seconds or 0.0)
                send(item)
            elif isinstance(item, FrameBatch):
                if len(item):
                    clock.progress(float(item.times_seconds[-1]))
                    count, height, width, channels = item.images.shape
                    shape = (count, height, width, channels)
                    header = BatchHeader(shape, item.times_seconds, item.searchable, item.view, item.boxes)
                    send(header, np.ascontiguousarray(item.images).reshape(-1).data)
            else:
                end = item
        if end is None:
            raise VideoDecodeError(path, "the sampling function did not say how long the video is")
        finished = Finished(end, None)
    except _ParentGoneError:
        raise
    except VideoError as error:
        finished = Finished(None, error)
    except Exception as error:
        # A file that trips a bug must cost that file only; the type's name is what a report about it needs.
        logger.exception("%s: unexpected error while decoding", path)
        finished = Finished(None, VideoDecodeError(path, f"unexpected {type(error).__name__} while decoding: {error}"))
    send(finished)
    clock.pause()


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def run_worker(
    connection: "Connection", fields: "ctypes.Array[ctypes.c_double]", plan: SamplingPlan, sample: SampleFunction
) -> None:
    """Decodes the files whose paths arrive, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent ends us
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    clock = WorkClock(fields)
    try:
        while True:
            _send_file(connection.recv(), plan, sample, connection, clock)
    except (EOFError, ConnectionResetError, _ParentGoneError):
        return
