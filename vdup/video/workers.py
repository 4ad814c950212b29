"""Decoding in worker processes, so that a crash or a hang costs one file.

A thread of the parent, the pump, hands out files, receives batches and watches the clocks of the workers. It keeps the
received batches until the consumer wants them and stops listening to a worker whose file has its share of memory
filled; the worker then waits in its pipe. Files are handed out in input order, so the file that the consumer waits for
always has a worker.
"""

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Self

from vdup.errors import DecoderCrashError, DecoderTimeoutError, VideoError
from vdup.types import FrameBatch, Intervals, VideoEnd, VideoInfo
from vdup.video.decoder_worker import SPAWN, DecoderWorker, WorkerGoneError
from vdup.video.decoding_process import Finished, SampleFunction, SamplingPlan, sample_file

logger = logging.getLogger(__name__)

_BUFFER_BYTES = 48 << 20
"""Images kept for one file before its worker has to wait; one batch is always let through."""
_TICK_SECONDS = 0.2
"""How often the clocks of the workers are looked at."""


class _File:
    """One file on its way; guarded by the pool's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batches: deque[FrameBatch] = deque()
        self.buffered_bytes = 0
        self.info: VideoInfo | None = None
        self.end: VideoEnd | None = None
        self.decode_seconds = 0.0
        self.error: VideoError | None = None
        self.finished = False


class DecodedVideo:
    """A video whose batches arrive while it is iterated, which works once."""

    def __init__(self, pool: "DecoderPool", file: _File) -> None:
        """Made by :meth:`DecoderPool.videos`."""
        self._pool = pool
        self._file = file

    @property
    def path(self) -> Path:
        """The path that was given."""
        return self._file.path

    @property
    def info(self) -> VideoInfo:
        """What the container says; known from the first batch on.

        Raises:
            ValueError: nothing has been read yet.
        """
        if self._file.info is None:
            raise ValueError(f"{self.path}: info is known from the first batch on; iterate the video first")
        return self._file.info

    @property
    def duration_seconds(self) -> float:
        """Length of the video; known once all batches were read.

        Raises:
            ValueError: batches are left.
        """
        return self._end.duration_seconds

    @property
    def damaged_seconds(self) -> Intervals:
        """Stretches whose pictures were damaged; known once all batches were read.

        Raises:
            ValueError: batches are left.
        """
        return self._end.damaged_seconds

    @property
    def _end(self) -> VideoEnd:
        if self._file.end is None:
            raise ValueError(f"{self.path}: the duration is known after the last batch; iterate the video to its end")
        return self._file.end

    @property
    def decode_seconds(self) -> float:
        """Time the worker spent on the file, its waits for the consumer left out; 0 until it ended."""
        return self._file.decode_seconds

    def __iter__(self) -> Iterator[FrameBatch]:
        """Yields the batches, those of each view in time order.

        Raises:
            VideoError: the file cannot be read; DecoderCrashError and DecoderTimeoutError tell of its process.
        """
        while (batch := self._pool._next_batch(self._file)) is not None:
            yield batch


class DecoderPool:
    """Processes that decode and sample videos ahead of the consumer.

    Whatever the length of the files, at most about 96 MiB of images and a batch on its way are kept for each worker.
    The processes start with the first file. Use it as a context manager, or call :meth:`close`.
    """

    def __init__(
        self,
        *,
        workers: int,
        frames_per_second: float,
        side_pixels: int,
        crop_bars: bool,
        timeout_base_seconds: float,
        timeout_per_second: float,
        batch_size: int = 32,
        panels: bool = False,
        least_frames: int = 1,
        movie_fps: float = 0.0,
        sample: SampleFunction = sample_file,
    ) -> None:
        """Sets the pool up; no process is started yet.

        Args:
            workers: processes; 0 takes one for every two processor cores.
            frames_per_second: sampling rate.
            side_pixels: width and height of the frames.
            crop_bars: cut off bars, shot by shot.
            timeout_base_seconds: working time that every file may take ...
            timeout_per_second: ... and this for each second of presentation. The same rule, applied to the seconds in
                one batch, limits the time between two batches. Time the consumer takes counts for neither.
            batch_size: most frames in a batch.
            panels: give the views of the layout besides whole frames; see :mod:`~vdup.video.layout`.
            least_frames: of a short video more frames a second are taken, to have so many.
            movie_fps: give small grey pictures as well; see :class:`~vdup.video.sampler.VideoSampler`.
            sample: what a worker does with a file; a function of a module that can be imported.

        Raises:
            ValueError: an argument is out of range.
        """
        if workers < 0 or batch_size < 1 or side_pixels < 1:
            raise ValueError(f"cannot use {workers=}, {batch_size=}, {side_pixels=}: at least 0, 1 and 1 are needed")
        if frames_per_second <= 0 or timeout_base_seconds <= 0 or timeout_per_second < 0:
            raise ValueError(
                f"cannot use {frames_per_second=}, {timeout_base_seconds=}, {timeout_per_second=}: "
                "the first two must be above 0 and the last not below"
            )
        self.workers = workers or max(1, (os.cpu_count() or 2) // 2)
        self._plan = SamplingPlan(
            frames_per_second, side_pixels, crop_bars, batch_size, panels, least_frames, movie_fps
        )
        self._sample = sample
        self._base_seconds = timeout_base_seconds
        self._per_second = timeout_per_second
        self._changed = threading.Condition()
        self._queued: deque[_File] = deque()
        self._under_way: list[_File] = []
        self._files_at_work: dict[DecoderWorker, _File | None] = {}
        self._pump: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._iterating = False
        self._closed = False
        self._wake_reader, self._wake_writer = SPAWN.Pipe(duplex=False)
        self._wake_sent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the processes; a second call does nothing."""
        with self._changed:
            if self._closed:
                return
            self._wake()
            self._closed = True
        if self._pump is not None:
            self._pump.join()
        self._wake_reader.close()
        self._wake_writer.close()

    def videos(self, paths: Iterable[Path]) -> Generator[DecodedVideo, None, None]:
        """The videos in input order, each to be iterated before the next is asked for.

        What was not read of a video when the next is asked for is dropped. Leaving the loop early drops the rest.

        Args:
            paths: files; taken lazily, some ahead of the consumer.

        Raises:
            ValueError: the pool is closed, or another loop over its videos has not ended.
        """
        with self._changed:
            if self._closed or self._iterating:
                raise ValueError("the pool is closed" if self._closed else "another loop over this pool has not ended")
            self._iterating = True
        waiting = iter(paths)
        ahead: deque[_File] = deque()
        try:
            while True:
                while len(ahead) <= 4 * self.workers and (path := next(waiting, None)) is not None:
                    ahead.append(self._enqueue(path))
                if not ahead:
                    return
                yield DecodedVideo(self, ahead[0])
                self._drop(ahead.popleft())
        finally:
            for file in ahead:
                self._drop(file)
            with self._changed:
                self._iterating = False

    def _enqueue(self, path: Path) -> _File:
        file = _File(path)
        with self._changed:
            self._queued.append(file)
            self._under_way.append(file)
            if self._pump is None:
                self._pump = threading.Thread(target=self._run_pump, name="vdup-decoder-pump", daemon=True)
                self._pump.start()
            self._wake()
        return file

    def _drop(self, file: _File) -> None:
        with self._changed:
            if file in self._queued:
                self._queued.remove(file)
            self._under_way.remove(file)
            file.batches.clear()
            file.buffered_bytes = 0
            self._wake()

    def _next_batch(self, file: _File) -> FrameBatch | None:
        with self._changed:
            while not file.batches:
                if self._failure is not None:
                    raise RuntimeError("the thread that serves the decoding processes failed") from self._failure
                if file.error is not None:
                    raise file.error
                if file.finished:
                    return None
                if self._closed or file not in self._under_way:
                    raise ValueError(f"{file.path}: the loop over the pool has gone on, its batches are dropped")
                self._changed.wait(1.0)  # a wait without limit cannot be interrupted on every system
            batch = file.batches.popleft()
            file.buffered_bytes -= batch.images.nbytes
            self._wake()
            return batch

    def _wake(self) -> None:
        """Lets the pump look again; called with the lock held."""
        if not (self._wake_sent or self._closed):
            self._wake_sent = True
            self._wake_writer.send_bytes(b"w")

    # From here on: the pump's thread, the only one that touches the workers.

    def _run_pump(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # workers inherit it: no Ctrl-C while they start
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            while True:
                with self._changed:
                    if self._closed:
                        return
                    self._wake_sent = False
                self._stop_dropped()
                self._hand_out()
                self._listen()
                self._check_limits()
        except BaseException as error:
            logger.exception("the thread that serves the decoding processes failed")
            with self._changed:
                self._failure = error
        finally:
            for worker in list(self._files_at_work):
                self._end(worker)
            with self._changed:
                self._changed.notify_all()

    def _stop_dropped(self) -> None:
        with self._changed:
            dropped = [
                worker
                for worker, file in self._files_at_work.items()
                if file is not None and file not in self._under_way
            ]
        for worker in dropped:
            self._end(worker)

    def _hand_out(self) -> None:
        while True:
            idle = next((worker for worker, file in self._files_at_work.items() if file is None), None)
            with self._changed:
                buffered = sum(file.buffered_bytes for file in self._under_way)
                may_start = idle is not None or len(self._files_at_work) < self.workers
                if not self._queued or not may_start or buffered >= self.workers * _BUFFER_BYTES:
                    return
                file = self._queued.popleft()
            worker = idle or DecoderWorker(self._plan, self._sample)
            self._files_at_work[worker] = file
            try:
                worker.give(file.path)
            except WorkerGoneError as gone:
                if idle is not None:  # it ended while it had nothing to do: not this file's fault
                    self._files_at_work[worker] = None
                    with self._changed:
                        self._queued.appendleft(file)
                self._bury(worker, gone)

    def _listen(self) -> None:
        with self._changed:
            heard: dict[object, DecoderWorker] = {
                worker.connection: worker
                for worker, file in self._files_at_work.items()
                if file is None or file.buffered_bytes < _BUFFER_BYTES
            }
            connections = [self._wake_reader, *(worker.connection for worker in heard.values())]
        for ready in wait(connections, timeout=_TICK_SECONDS):
            if ready is self._wake_reader:
                self._wake_reader.recv_bytes()
            else:
                self._receive(heard[ready])

    def _receive(self, worker: DecoderWorker) -> None:
        try:
            message, images = worker.receive()
        except WorkerGoneError as gone:
            self._bury(worker, gone)
            return
        file = self._files_at_work[worker]
        if file is None:
            return
        if isinstance(message, Finished):
            self._files_at_work[worker] = None
            self._finish(file, worker, message.error, message.end)
            return
        with self._changed:
            if isinstance(message, VideoInfo):
                file.info = message
            elif images is not None and file in self._under_way:
                file.batches.append(
                    FrameBatch(images, message.times_seconds, message.searchable, message.view, message.boxes)
                )
                file.buffered_bytes += images.nbytes
            self._changed.notify_all()

    def _finish(
        self, file: _File, worker: DecoderWorker, error: VideoError | None, end: VideoEnd | None = None
    ) -> None:
        with self._changed:
            file.decode_seconds = worker.clock.busy_seconds
            file.end = end
            file.error = error
            file.finished = True
            self._changed.notify_all()

    def _bury(self, worker: DecoderWorker, gone: WorkerGoneError) -> None:
        file = self._files_at_work[worker]
        if file is None:
            logger.warning("an idle decoding process %s; another one takes its place", gone)
        else:
            self._finish(
                file, worker, DecoderCrashError(file.path, f"the decoding process {gone}; the file is skipped")
            )
        self._end(worker)

    def _check_limits(self) -> None:
        for worker, file in list(self._files_at_work.items()):
            if file is None:
                continue
            reason = worker.why_late(self._base_seconds, self._per_second)
            if reason is not None:
                self._finish(file, worker, DecoderTimeoutError(file.path, reason))
                self._end(worker)

    def _end(self, worker: DecoderWorker) -> None:
        del self._files_at_work[worker]
        worker.kill()
