"""Memory of a process and all that it started, read from ``/proc``; and measuring in a process of its own."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessMemory:
    """What the kernel says of one process; all in bytes."""

    resident: int
    """In memory now, mapped files included."""
    peak: int
    """Most that was resident so far."""
    own: int
    """In memory now, without mapped files."""


@dataclass(frozen=True)
class MemorySample:
    """Resident memory at one moment, in bytes."""

    seconds: float
    """Since the watch began."""
    main: int
    started: int
    """Of all processes that the main one started, together."""


class MemoryWatch:
    """Looks at a process and its descendants again and again, in a thread, until the ``with`` block ends."""

    def __init__(self, pid: int | None = None, every_seconds: float = 0.2) -> None:
        """Sets the watch up.

        Args:
            pid: process to watch; none: this one.
            every_seconds: time between two looks.

        Raises:
            RuntimeError: the system has no ``/proc``.
        """
        if not (_PROC / "self/status").exists():
            raise RuntimeError("memory is read from /proc, which this system does not have")
        self._pid = os.getpid() if pid is None else pid
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-watch", daemon=True)
        self._began = time.perf_counter()
        self.samples: list[MemorySample] = []
        self.main_peak_bytes = 0
        """Most that the main process had resident."""
        self.started_peak_bytes = 0
        """Most that any one of the processes it started had resident."""

    @property
    def together_peak_bytes(self) -> int:
        """Most that all had resident at one of the looks. Pages that two processes share count twice."""
        return max((sample.main + sample.started for sample in self.samples), default=0)

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._look()
            if self._over.wait(self._every_seconds):
                self._look()
                return

    def _look(self) -> None:
        main = memory_of(self._pid)
        if main is None:  # it has ended: what was seen before stays
            return
        started = [memory for pid in descendants(self._pid) if (memory := memory_of(pid)) is not None]
        self.main_peak_bytes = max(self.main_peak_bytes, main.peak)
        self.started_peak_bytes = max([self.started_peak_bytes, *(memory.peak for memory in started)])
        seconds = time.perf_counter() - self._began
        self.samples.append(MemorySample(seconds, main.resident, sum(memory.resident for memory in started)))


def memory_of(pid: int) -> ProcessMemory | None:
    """Memory of a process; None when it has ended."""
    try:
        lines = (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in values:  # a process that has ended and was not waited for yet
        return None
    resident, peak, own = (int(values[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM", "RssAnon"))
    return ProcessMemory(resident, peak, own)


def descendants(pid: int) -> list[int]:
    """Processes that a process started, those that they started, and so on."""
    parents: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                # The name in brackets may hold spaces and brackets; the parent is the second word behind it.
                parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        started = parents.get(waiting.pop(), [])
        found += started
        waiting += started
    return found


def run_apart(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Calls a function in a fresh process, whose memory holds nothing of earlier measurements."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def disk_bytes(*paths: Path) -> int:
    """Space that files and folders take on the disk; sparse files count with what is written in them."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return sum(file.stat().st_blocks * 512 for file in files)
