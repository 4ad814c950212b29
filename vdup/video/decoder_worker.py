"""One decoding process as its parent sees it: started, given files, listened to, judged, ended."""

import contextlib
import ctypes
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from vdup.video.decoding_process import (
    BatchHeader,
    Message,
    SampleFunction,
    SamplingPlan,
    WorkClock,
    run_worker,
)

SPAWN = multiprocessing.get_context("spawn")
"""How all processes start: a forked copy of a program with threads and a GPU context is not safe to use."""

_JOIN_SECONDS = 5.0
_START_SECONDS = 60.0
"""Time a process may take until it has loaded what it needs."""


class WorkerGoneError(Exception):
    """The process ended; the text says how."""


class DecoderWorker:
    """A decoding process, running from the moment it is made."""

    def __init__(self, plan: SamplingPlan, sample: SampleFunction) -> None:
        """Starts the process.

        Args:
            plan: how files are sampled.
            sample: what is done with each file.
        """
        self._seconds_between_batches = plan.seconds_between_batches
        self.connection, theirs = SPAWN.Pipe()
        fields: ctypes.Array[ctypes.c_double] = SPAWN.RawArray(ctypes.c_double, WorkClock.FIELDS)
        self.clock = WorkClock(fields)
        self._process = SPAWN.Process(
            target=run_worker, args=(theirs, fields, plan, sample), name="vdup-decoder", daemon=True
        )
        with without_main_module(sample.__module__):
            self._process.start()
        theirs.close()

    def give(self, path: Path) -> None:
        """Hands over a file and starts its clock.

        Raises:
            WorkerGoneError: the process ended before.
        """
        self.clock.hand_over()
        try:
            self.connection.send(path)
        except OSError as error:
            raise WorkerGoneError(self._describe_exit()) from error

    def receive(self) -> tuple[Message, NDArray[np.uint8] | None]:
        """The next message, and the images of the batch when it announces one.

        Raises:
            WorkerGoneError: the process ended.
        """
        images = None
        try:
            message: Message = self.connection.recv()
            if isinstance(message, BatchHeader):
                images = np.empty(message.shape, dtype=np.uint8)
                self.connection.recv_bytes_into(images.reshape(-1).data)
        except (EOFError, OSError) as error:
            raise WorkerGoneError(self._describe_exit()) from error
        return message, images

    def why_late(self, base_seconds: float, per_second: float) -> str | None:
        """Says which limit the file at work exceeds.

        Args:
            base_seconds: working time that every file may take ...
            per_second: ... and this much more for each second of presentation.

        Returns:
            A sentence for the user, None while the file is in time.
        """
        file_limit = base_seconds + per_second * self.clock.presentation_seconds
        batch_limit = base_seconds + per_second * self._seconds_between_batches
        if not self.clock.begun:
            return "the decoding process did not start" if self.clock.busy_seconds > _START_SECONDS else None
        if self.clock.busy_seconds > file_limit:
            reason = f"decoding took longer than its limit of {file_limit:.4g} s"
        elif self.clock.seconds_since_progress > batch_limit:
            reason = f"decoding made no progress for {batch_limit:.4g} s"
        else:
            return None
        return f"{reason}; raise sampling.timeout_base_seconds or sampling.timeout_per_second if the file is sound"

    def kill(self) -> None:
        """Ends the process and frees what belongs to it."""
        self._process.kill()
        self._process.join(_JOIN_SECONDS)
        self.connection.close()
        if self._process.exitcode is not None:
            self._process.close()

    def _describe_exit(self) -> str:
        self._process.join(_JOIN_SECONDS)
        code = self._process.exitcode
        if code is None:
            return "closed its pipe"
        if code >= 0:
            return f"exited with code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was killed by {name}" + (" (often: out of memory)" if name == "SIGKILL" else "")


@contextlib.contextmanager
def without_main_module(needed_module: str) -> Iterator[None]:
    """Keeps processes that are started inside from importing the program's main module again.

    A command's main module brings the networks with it, which workers have no use for, and a script without a
    ``__main__`` guard would start itself over.

    Args:
        needed_module: module of what the process works with; ``__main__`` itself is not kept away.
    """
    main = sys.modules["__main__"]
    if needed_module != "__main__":
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
