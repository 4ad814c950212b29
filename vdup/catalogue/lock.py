"""One process at a time: the lock on a library folder."""

import os
import platform
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from vdup.catalogue.durable import library_errors
from vdup.errors import LibraryLockedError

LOCK_NAME = "library.lock"
HOLDER_NAME = "library.lock.holder"
"""Beside the lock, because a process that asks for the lock opens the lock file itself."""


class LibraryLock:
    """Exclusive lock on a library folder, for as long as the process lives or until :meth:`release`.

    The operating system holds the lock (``flock`` or its like on Windows), so it is gone when the process dies, however
    it dies. The file stays behind; a file without a holder locks nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = folder / HOLDER_NAME
        self._lock = FileLock(folder / LOCK_NAME, timeout=0, thread_local=False)

    def acquire(self) -> None:
        """Takes the lock, without waiting.

        Raises:
            LibraryLockedError: Someone else has it.
            LibraryError: The lock file cannot be written.
        """
        with library_errors(self._folder / LOCK_NAME, "lock"):
            try:
                self._lock.acquire()
            except Timeout:  # an OSError too, so it is caught in here
                raise LibraryLockedError(
                    f"{self._folder}: the library is in use by {self._describe_holder()}. Wait until it has finished, "
                    "end it, or work with another library=DIR."
                ) from None
        with suppress(OSError):  # the name of the holder is a courtesy, not a part of the lock
            self._holder.write_text(f"{os.getpid()} {platform.node()}\n", encoding="utf-8")

    def release(self) -> None:
        """Gives the lock back; harmless when it is not held."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _describe_holder(self) -> str:
        try:
            process, _, host = self._holder.read_text(encoding="utf-8").strip().partition(" ")
        except (OSError, UnicodeDecodeError):
            return "another process"
        if not process.isdecimal():
            return "another process"
        if host == platform.node() and int(process) == os.getpid():
            return f"this very process ({process})"
        where = "" if host == platform.node() else f" on {host}"
        return f"process {process}{where}"
