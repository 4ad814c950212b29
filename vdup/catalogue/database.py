"""The SQLite file of the catalogue: how it is opened, to be changed or only to be read, and whether it is vdup's own.

What lies in the file may come from somebody else. SQLite follows links, runs triggers that a file brings along, and
deletes the file that a journal names as its super-journal; all three are refused here, before or right after opening.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from vdup.library_files import check_plain, copy_file, open_file

TABLES = """
CREATE TABLE videos (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('indexed', 'failed', 'skipped')),
    reason TEXT NOT NULL,
    duration_seconds REAL CHECK (state != 'indexed' OR duration_seconds IS NOT NULL),
    width INTEGER,
    height INTEGER,
    codec TEXT NOT NULL,
    first_row INTEGER NOT NULL CHECK (first_row >= 0),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    codes_crc32 INTEGER NOT NULL,
    frames_sampled INTEGER NOT NULL,
    indexed_at TEXT NOT NULL
) STRICT;
CREATE INDEX videos_by_content ON videos (content_hash);
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
"""

EXTRA_TABLES = {
    "vectors": """
CREATE TABLE IF NOT EXISTS vectors (
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (number, kind)
) STRICT, WITHOUT ROWID
""",
    "movies": """
CREATE TABLE IF NOT EXISTS movies (
    number INTEGER NOT NULL,
    part INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (number, part)
) STRICT
""",
    "damage": """
CREATE TABLE IF NOT EXISTS damage (
    number INTEGER NOT NULL,
    start_seconds REAL NOT NULL,
    end_seconds REAL NOT NULL,
    PRIMARY KEY (number, start_seconds)
) STRICT
""",
    "picture_tracks": """
CREATE TABLE IF NOT EXISTS picture_tracks (
    number INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT
""",
}
"""Vectors of whole videos, small grey movies, what decoding found damaged, where pictures lie in their frames and their
colours. Libraries that were made without such a table get it when they are opened for writing."""

_SIDE_FILES = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps beside its own."""
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""Ends a journal that names a super-journal (sqlite.org/fileformat2.html); it also begins every journal."""
_WRITE_VERSION_OFFSET = 18
_WRITE_AHEAD_LOG = 2


def check_files(path: Path) -> str | None:
    """Looks at the file and those beside it before SQLite does.

    Args:
        path: ``catalogue.sqlite``, which may be missing.

    Returns:
        What is wrong with the journal; None when nothing is.

    Raises:
        LibraryError: One of the files is a link, or no regular file.
        OSError: One of them cannot be read.
    """
    for ending in ("", *_SIDE_FILES):
        check_plain(_beside(path, ending))
    # vdup never changes two databases at once, so no journal of its own names a super-journal. SQLite would delete
    # the file of that name, wherever it is.
    end = _read_end(_beside(path, "-journal"), 16)
    if len(end) == 16 and end.endswith(_JOURNAL_MAGIC):
        return f"{_beside(path, '-journal').name} names a file that SQLite would delete, and is none of vdup's"
    return None


def connect_to_read(path: Path, resources: ExitStack) -> sqlite3.Connection:
    """Opens the file so that neither it nor anything beside it is changed.

    A transaction that was cut off has to be rolled back before anything can be read. That is done in a copy.

    Args:
        path: ``catalogue.sqlite``, looked at by :func:`check_files`.
        resources: Gets the copy, if there is one; to be closed after the connection.

    Raises:
        sqlite3.Error: It cannot be opened.
        OSError: The copy cannot be made.
    """
    if not _has_to_be_written_first(path):
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    folder = Path(resources.enter_context(TemporaryDirectory(prefix="vdup-catalogue-")))
    for ending in ("", "-journal", "-wal"):
        if _beside(path, ending).exists():
            copy_file(_beside(path, ending), folder / f"{path.name}{ending}")
    return sqlite3.connect(folder / path.name, isolation_level=None)


def foreign_part(schema: Iterable[tuple[str, str, str | None]]) -> str | None:
    """What a file holds besides the tables of vdup, or in place of them.

    Args:
        schema: Type, name and statement of each entry of ``sqlite_master``.

    Returns:
        Type and name of the first such entry; None when there is none.
    """
    own = {_normal(statement) for statement in (*TABLES.split(";"), *EXTRA_TABLES.values()) if statement.strip()}
    for kind, name, statement in schema:
        # Names with this beginning are SQLite's own, and it lets nobody else use them.
        if not name.startswith("sqlite_") and (statement is None or _normal(statement) not in own):
            return f"{kind} {name}"
    return None


def _has_to_be_written_first(path: Path) -> bool:
    if any(_size(_beside(path, ending)) for ending in ("-journal", "-wal")):
        return True
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        header = file.read(_WRITE_VERSION_OFFSET + 1)
    # Even an empty write-ahead log needs a file beside the database to be read.
    return header[_WRITE_VERSION_OFFSET:] == bytes([_WRITE_AHEAD_LOG])


def _normal(statement: str) -> str:
    return " ".join(statement.replace("IF NOT EXISTS ", "").split())


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(path: Path) -> int:
    status = check_plain(path)
    return 0 if status is None else status.st_size


def _read_end(path: Path, count: int) -> bytes:
    if not _size(path):
        return b""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - count))
        return file.read()
