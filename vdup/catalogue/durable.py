"""Writes that survive a crash, and what the operating system's refusals mean for a library.

A file is safe only once its bytes *and* its name are on the disk: the name lives in the folder, which has to be synced
on its own (``fsync(2)``).
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vdup.errors import LibraryError, LibraryFullError
from vdup.library_files import create_file

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""No space left, quota used up, file larger than the process or the file system allows."""


@contextmanager
def library_errors(path: Path, action: str) -> Iterator[None]:
    """Turns an ``OSError`` of the block into the library's own errors.

    Args:
        path: File or folder that the block works on.
        action: What the block does, to fit "cannot ...": ``"write"``.

    Raises:
        LibraryFullError: The disk or quota is full.
        LibraryError: Any other refusal of the operating system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise LibraryFullError(
                f"cannot {action} {path}: {error.strerror}. Free some space on that disk and run the command again; "
                "videos that were finished are kept."
            ) from error
        raise LibraryError(
            f"cannot {action} {path}: {error.strerror or error}. Check that the disk is there and that you may write."
        ) from error


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes every byte at the descriptor's position; one ``os.write`` may take only a part of them."""
    rest = memoryview(data).cast("B")
    while len(rest) > 0:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Puts names that were created, replaced or deleted in ``folder`` on the disk."""
    if os.name == "nt":  # Windows opens no folders and keeps names in its journal
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Gives ``path`` new contents so that a crash leaves either the old file or the new one, whole.

    Raises:
        LibraryFullError: The disk is full; the old file is untouched.
        LibraryError: The file cannot be written; the old file is untouched.
    """
    temporary = path.with_name(path.name + ".new")
    with library_errors(path, "write"):
        try:
            descriptor = create_file(temporary)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
