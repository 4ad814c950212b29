"""Moving bytes of a library out of the way that nobody can prove to be garbage.

What is set aside lies beside the file that it was, under its name and ``.set-aside-`` and the time. vdup never reads or
deletes it.
"""

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from vdup.catalogue.durable import library_errors, sync_folder
from vdup.library_files import create_file, is_there, open_file


def set_file_aside(path: Path) -> Path:
    """Gives a file another name and returns its new path.

    Raises:
        LibraryError: It cannot be renamed.
    """
    target = _free_name(path)
    with library_errors(path, "set aside"):
        path.rename(target)
        sync_folder(path.parent)
    return target


def copy_tail_aside(path: Path, offset_bytes: int) -> Path:
    """Copies what lies behind an offset of a file into a file of its own and returns its path.

    Raises:
        LibraryFullError: The disk is full.
        LibraryError: It cannot be copied.
    """
    target = _free_name(path)
    with library_errors(path, "set aside the end of"):
        try:
            with (
                os.fdopen(open_file(path, os.O_RDONLY), "rb") as reading,
                os.fdopen(create_file(target), "wb") as writing,
            ):
                reading.seek(offset_bytes)
                shutil.copyfileobj(reading, writing)
                writing.flush()
                os.fsync(writing.fileno())
            sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise
    return target


def _free_name(path: Path) -> Path:
    wanted = f"{path.name}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    target, number = path.with_name(wanted), 2
    while is_there(target):
        target, number = path.with_name(f"{wanted}-{number}"), number + 1
    return target
