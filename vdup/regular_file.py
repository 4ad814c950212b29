"""Opens regular files for reading, and nothing else.

Whoever waits for a named pipe waits for ever, a device may have no end, and opening one may do something to it. Links
to regular files are followed. Errors are those of the operating system, so that callers treat them like any other file
that cannot be read.
"""

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, TextIO

# Nothing waits, should another file have taken the name since it was looked at, and no terminal becomes our own.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path, buffering: int = -1) -> BinaryIO:
    """Opens a regular file for reading bytes.

    Args:
        path: the file, or a link to it.
        buffering: as for the built-in ``open``.

    Raises:
        OSError: it is missing, may not be read, or is no regular file; ``strerror`` says which.
    """
    _check(path, path.stat())
    descriptor = os.open(path, _FLAGS)
    try:
        _check(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return open(descriptor, "rb", buffering)  # noqa: PTH123


def open_regular_text(path: Path, encoding: str = "utf-8", newline: str | None = None) -> TextIO:
    """Opens a regular file for reading text.

    Args:
        path: the file, or a link to it.
        encoding: of the text.
        newline: as for the built-in ``open``.

    Raises:
        OSError: see :func:`open_regular`.
    """
    return io.TextIOWrapper(open_regular(path), encoding=encoding, newline=newline)


def read_regular(path: Path) -> bytes:
    """All bytes of a regular file.

    Raises:
        OSError: see :func:`open_regular`.
    """
    with open_regular(path) as file:
        return file.read()


def check_regular(path: Path) -> None:
    """Makes sure that a file can be read, before a library opens it by its name.

    Raises:
        OSError: see :func:`open_regular`.
    """
    open_regular(path).close()


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", str(path))
