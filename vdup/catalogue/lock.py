"""One process at a time: the lock on a library folder."""

import os
import platform
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from vdup.catalogue.durable import library_errors, write_all
from vdup.errors import LibraryError, LibraryLockedError
from vdup.library_files import check_plain, create_file, read_file

LOCK_NAME = "library.lock"
HOLDER_NAME = "library.lock.holder"
"""Beside the lock, because a process that asks for the lock opens the lock file itself."""

_SYSTEM_LOCKS = Path("/proc/locks")
"""Where Linux lists the locks of all processes."""


class LibraryLock:
    """Exclusive lock on a library folder, for as long as the process lives or until :meth:`release`.

    The operating system holds the lock (``flock`` or its like on Windows), so it is gone when the process dies, however
    it dies. The file stays behind; a file without a holder locks nothing.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Takes no lock yet.

        Args:
            folder: The library folder.
            read_only: Leave no note of who holds the lock; the empty lock file is made all the same when it is missing.
        """
        self._folder = folder
        self._path = folder / LOCK_NAME
        self._holder = folder / HOLDER_NAME
        self._read_only = read_only
        self._lock = FileLock(self._path, timeout=0, thread_local=False)

    def acquire(self) -> None:
        """Takes the lock, without waiting.

        Raises:
            LibraryLockedError: Someone else has it.
            LibraryError: The lock file cannot be written, or is a link.
        """
        with library_errors(self._path, "lock"):
            check_plain(self._path)
            check_plain(self._holder)
            try:
                self._lock.acquire()
            except Timeout:  # an OSError too, so it is caught in here
                raise LibraryLockedError(
                    f"{self._folder}: the library is in use by {self._describe_holder()}. Wait until it has finished, "
                    "end it, or work with another library=DIR."
                ) from None
        if not self._read_only:
            with suppress(OSError):  # the name of the holder is a courtesy, not a part of the lock
                self._write_holder()

    def release(self) -> None:
        """Gives the lock back; harmless when it is not held."""
        if self._lock.is_locked:
            if not self._read_only:
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

    def _write_holder(self) -> None:
        descriptor = create_file(self._holder)
        try:
            write_all(descriptor, f"{os.getpid()} {platform.node()}\n".encode())
        finally:
            os.close(descriptor)

    def _describe_holder(self) -> str:
        found = self._system_holder()
        if found is not None:
            return _describe(found, platform.node())
        try:
            process, _, host = read_file(self._holder).decode().strip().partition(" ")
        except (OSError, UnicodeDecodeError, LibraryError):
            return "another process"
        return _describe(int(process), host) if process.isdecimal() else "another process"

    def _system_holder(self) -> int | None:
        """Number of the process, as far as this system tells; a process on another computer is not known to it."""
        try:
            status = self._path.lstat()
            lines = _SYSTEM_LOCKS.read_text().splitlines()
        except OSError:
            return None
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in lines:
            words = line.split()  # "1: FLOCK ADVISORY WRITE 123 08:01:456 0 EOF"; of one that waits, "1: -> FLOCK ..."
            if len(words) > 5 and words[1] == "FLOCK" and words[5] == file and words[4].isdecimal():
                return int(words[4])
        return None


def _describe(process: int, host: str) -> str:
    if host != platform.node():
        return f"process {process} on {host}"
    return f"this very process ({process})" if process == os.getpid() else f"process {process}"
