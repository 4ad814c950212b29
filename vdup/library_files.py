"""Opening the files of a library: plain files only, and never through a link.

A library may come from somebody else. A link in it, named like one of its files, would make vdup write to whatever it
leads to, anywhere on the disk; a named pipe would make it wait for ever. So every file of a library is opened by
:func:`open_file`, and folders whose files others open (SQLite, the store's engine) are looked through by
:func:`check_folder` before. The folder of the library itself may be reached through a link.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from vdup.errors import LibraryError

_LINK_ERRORS = {errno.ELOOP, errno.EMLINK}
"""What systems answer to O_NOFOLLOW on a link."""
_OF_THE_FILE_SYSTEM = "lost+found"
"""A folder in the root of a disk that only the system may read; a library may be such a root."""
_BLOCK_BYTES = 1 << 20


def open_file(path: Path, flags: int) -> int:
    """Opens a file of a library.

    Args:
        path: The file.
        flags: As for :func:`os.open`. A file that is made gets the usual permissions.

    Returns:
        Its descriptor.

    Raises:
        LibraryError: It is a link, pipe, socket or device.
        OSError: It is a folder, or the system refuses.
    """
    before = check_plain(path)
    # Not to be followed, not to be waited for, not to be inherited; a system may lack any of these.
    extra = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    if before is None and flags & os.O_CREAT:
        extra |= os.O_EXCL  # which follows no link either
    try:
        descriptor = os.open(path, flags & ~os.O_TRUNC | extra, 0o666)
    except OSError as error:
        if error.errno in _LINK_ERRORS:
            check_plain(path)
        raise
    try:
        found = os.fstat(descriptor)
        # Without O_NOFOLLOW this is how a link is seen that was put there since the first look.
        if before is not None and not os.path.samestat(before, found):
            check_plain(path)
            raise LibraryError(f"{path} was replaced while it was opened; run the command again.")
        if not stat.S_ISREG(found.st_mode):
            raise _not_plain(path)
        if flags & os.O_TRUNC:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create_file(path: Path) -> int:
    """Opens a new file for writing; what had its name before is deleted, and not followed if it is a link.

    Raises:
        OSError: The system refuses, or another program was quicker to make it.
    """
    path.unlink(missing_ok=True)
    return open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def read_file(path: Path) -> bytes:
    """All bytes of a file of a library. Raises what :func:`open_file` raises."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        return file.read()


def is_there(path: Path) -> bool:
    """Whether a library has a file or folder of this name; a link counts, and is refused when it is opened."""
    return os.path.lexists(path)


def check_plain(path: Path) -> os.stat_result | None:
    """Refuses anything but a regular file; a missing one is fine.

    Returns:
        Its status, None when it is missing.

    Raises:
        LibraryError: It is a link, pipe, socket or device.
        OSError: It is a folder, or cannot be looked at.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if _is_link(status):
        raise _link(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise _not_plain(path)
    return status


def check_folder(folder: Path) -> None:
    """Refuses a folder in which anything, at any depth, is neither a regular file nor a folder.

    Args:
        folder: May itself be reached through a link; nothing happens when it is missing.

    Raises:
        LibraryError: The first link, pipe, socket or device.
        OSError: A folder cannot be read.
    """
    for _ in walk_folder(folder):
        pass


def walk_folder(folder: Path) -> Iterator[Path]:
    """Regular files and folders in a folder, at any depth, each folder before what it holds.

    Raises:
        LibraryError: Something is neither.
        OSError: A folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except PermissionError:
        if folder.name == _OF_THE_FILE_SYSTEM:
            return
        raise
    for path in paths:
        with suppress(FileNotFoundError):  # a process that has the library open may be deleting old files
            status = path.lstat()
            if _is_link(status):
                raise _link(path)
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                raise _not_plain(path)
            yield path
            if stat.S_ISDIR(status.st_mode):
                yield from walk_folder(path)


def copy_file(source: Path, target: Path) -> None:
    """Copies a file of a library to one that is not there yet; what is a hole in the one is a hole in the other.

    Raises:
        LibraryError: The source is a link, pipe, socket or device.
        OSError: The source cannot be read, the target exists or cannot be written.
    """
    with os.fdopen(open_file(source, os.O_RDONLY), "rb", buffering=0) as reading, target.open("xb") as writing:
        size = os.fstat(reading.fileno()).st_size
        for start, end in _data_of(reading.fileno(), size):
            reading.seek(start)
            writing.seek(start)
            rest = end - start
            while rest and (block := reading.read(min(rest, _BLOCK_BYTES))):
                writing.write(block)
                rest -= len(block)
        writing.truncate(size)


def _data_of(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch that is no hole, as far as the system tells."""
    if not hasattr(os, "SEEK_DATA"):
        yield 0, size
        return
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole is left
                return
            raise
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def _is_link(status: os.stat_result) -> bool:
    # Windows has a second kind, the junction, which is no link to S_ISLNK.
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    return stat.S_ISLNK(status.st_mode) or (junction is not None and getattr(status, "st_reparse_tag", 0) == junction)


def _link(path: Path) -> LibraryError:
    try:
        target = f" to {path.readlink()}"
    except OSError:
        target = ""
    return LibraryError(
        f"{path} is a link{target}, and nothing in a library is followed through a link. If you trust where it leads, "
        "put what it leads to in its place; else delete the link."
    )


def _not_plain(path: Path) -> LibraryError:
    return LibraryError(
        f"{path} is a pipe, socket or device, and a library holds regular files only. Delete it, or restore the "
        "library folder from a backup."
    )
