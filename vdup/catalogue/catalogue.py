"""The catalogue of a library: what is known of every video, in one SQLite file."""

import difflib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from vdup.catalogue.database import EXTRA_TABLES, TABLES, check_files, connect_to_read, foreign_part
from vdup.catalogue.durable import library_errors
from vdup.catalogue.extras import Extras
from vdup.catalogue.manifest import SCHEMA_VERSION, newer_version
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.errors import LibraryDamagedError, LibraryError, LibraryFullError
from vdup.library_files import is_there
from vdup.types import RowArray

CATALOGUE_NAME = "catalogue.sqlite"

GENERATION = "generation"
"""Meta key: number in the names of the code files that count."""
COMMITTED_ROWS = "committed_rows"
"""Meta key: rows of the code files that count; what lies behind them is no part of the library."""
INDEX_ROWS = "index_rows"
"""Meta key for the owner of the frame index: rows that the saved index has seen. 0 after a compaction."""
STORE_DIRTY = "store_dirty"
"""Meta key for the owner of the descriptors: 1 from the moment a video comes or goes until the owner writes 0."""

_COLUMNS = (
    "number, id, path, size_bytes, modified_ns, content_hash, state, reason, duration_seconds, width, height, codec, "
    "first_row, row_count, codes_crc32, frames_sampled, indexed_at"
)
_SELECT = f"SELECT {_COLUMNS} FROM videos"  # noqa: S608 - a constant, no value of a user in it
# Names of files may hold bytes that are not UTF-8. They are bound as bytes and stored as text all the same.
_INSERT = (
    f"INSERT INTO videos ({_COLUMNS}) VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?, CAST(? AS TEXT), "  # noqa: S608
    "?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FIRST_STRICT_SQLITE = (3, 37, 0)


class Catalogue:
    """Records of videos, and a few values about the library (:data:`GENERATION` and its like).

    Every change is on the disk when its method returns (``synchronous=EXTRA``), or when the outermost
    :meth:`transaction` ends. To be used from the thread that opened it.

    Every method can raise LibraryDamagedError (the file is damaged), LibraryFullError (no space) and LibraryError (it
    cannot be read or written).
    """

    def __init__(self, path: Path, *, create: bool, read_only: bool = False) -> None:
        """Opens the file.

        Args:
            path: ``catalogue.sqlite``.
            create: Make the tables when the file is missing or empty.
            read_only: Change neither the file nor anything beside it; then a change raises LibraryError.

        Raises:
            LibraryDamagedError: It is missing (and not to be made), or is not a catalogue.
            LibraryFullError: No space for the tables.
            LibraryError: It cannot be opened, is a link, or a newer vdup wrote it.
        """
        if sqlite3.sqlite_version_info < _FIRST_STRICT_SQLITE:
            raise LibraryError(f"vdup needs SQLite 3.37 or newer, and this Python comes with {sqlite3.sqlite_version}")
        if not create and not is_there(path):
            raise self._damaged_at(path, "it is missing")
        self._path = path
        self._read_only = read_only
        self._in_block = False
        self.extras = Extras(self._run)
        """What is kept of a video besides its record: vectors, and its movie."""
        with ExitStack() as resources:
            with library_errors(path, "read"), self._translated():
                fault = check_files(path)
                if fault is not None:
                    raise self._damaged_at(path, fault)
                # No implicit transactions: each BEGIN and COMMIT stands in this file.
                self._connection = (
                    connect_to_read(path, resources) if read_only else sqlite3.connect(path, isolation_level=None)
                )
            resources.callback(self._connection.close)
            self._prepare(create)
            self._resources = resources.pop_all()

    def _prepare(self, create: bool) -> None:
        # Stray bytes come back as they went in; a damaged file must not end in a UnicodeDecodeError either.
        self._connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        # Tables may call only functions that have no effect outside of the database.
        self._run("PRAGMA trusted_schema = OFF")
        version = self._run("PRAGMA user_version")[0][0]
        if version > SCHEMA_VERSION:
            raise newer_version(self._path.parent, version)
        schema = self._run("SELECT type, name, sql FROM sqlite_master")
        if version != SCHEMA_VERSION and (not create or schema):
            raise self._damaged_at(self._path, "it has no tables of vdup")
        foreign = foreign_part(schema)
        if foreign is not None:
            raise self._damaged_at(self._path, f"it holds the {foreign}, which vdup did not make")
        if self._read_only:
            self._prepare_reading()
        else:
            self._prepare_writing(fresh=version != SCHEMA_VERSION)

    def _prepare_reading(self) -> None:
        # Made in an older library when it is next opened for writing; until then empty ones in memory.
        self._run("PRAGMA temp_store = MEMORY")
        for name, statement in EXTRA_TABLES.items():
            if not self._run("SELECT 1 FROM sqlite_master WHERE name = ?", name):
                self._run(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        self._run("PRAGMA query_only = ON")  # the file may be a copy, in which a change would be lost

    def _prepare_writing(self, *, fresh: bool) -> None:
        # A rollback journal and not a write-ahead log: the log needs shared memory, which network folders lack.
        self._run("PRAGMA journal_mode = DELETE")
        self._run("PRAGMA synchronous = EXTRA")
        if not fresh:
            for statement in EXTRA_TABLES.values():
                self._run(statement)
            return
        with self.transaction():
            for statement in TABLES.split(";"):
                self._run(statement)
            for statement in EXTRA_TABLES.values():
                self._run(statement)
            self.set_meta(GENERATION, 0)
            self.set_meta(COMMITTED_ROWS, 0)
            self._run(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Makes all changes of the block one: a crash or an error leaves none of them. Blocks may be nested."""
        if self._in_block:
            yield
            return
        self._in_block = True
        try:
            self._run("BEGIN IMMEDIATE")
            yield
            self._run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite rolls back by itself after some errors
                self._run("ROLLBACK")
            raise
        finally:
            self._in_block = False

    def get(self, video_id: str) -> VideoRecord | None:
        """Record of an id; None when there is none."""
        return self._one(f"{_SELECT} WHERE id = CAST(? AS TEXT)", _bytes(video_id))

    def known(self, video_id: str) -> VideoRecord:
        """Record of an id.

        Raises:
            LibraryError: There is none; the message names ids that look like it.
        """
        record = self.get(video_id)
        if record is None:
            near = difflib.get_close_matches(video_id, self.ids(), n=3)
            advice = (
                f"Did you mean {', '.join(near)}?" if near else "`python -m vdup.library action=list` shows all ids."
            )
            raise LibraryError(f"{self._path.parent}: no video has the id {video_id!r}. {advice}")
        return record

    def by_number(self, number: int) -> VideoRecord | None:
        """Record of a number; None when there is none (any more)."""
        return self._one(f"{_SELECT} WHERE number = ?", number)

    def knows_size(self, size_bytes: int) -> bool:
        """Whether the file of some record has this size."""
        return (
            self._connection.execute("SELECT 1 FROM videos WHERE size_bytes = ? LIMIT 1", (size_bytes,)).fetchone()
            is not None
        )

    def by_content_hash(self, content_hash: str) -> list[VideoRecord]:
        """Records of files with this content, ordered by id."""
        return self._many(f"{_SELECT} WHERE content_hash = ? ORDER BY id", content_hash)

    def all(self, state: VideoState | None = None) -> list[VideoRecord]:
        """Every record, or every one in a state, ordered by id."""
        if state is None:
            return self._many(f"{_SELECT} ORDER BY id")
        return self._many(f"{_SELECT} WHERE state = ? ORDER BY id", state.value)

    def ids(self) -> list[str]:
        """Every id, in order."""
        return [row[0] for row in self._run("SELECT id FROM videos ORDER BY id")]

    def counts(self) -> dict[VideoState, int]:
        """How many videos are in each state; every state is there."""
        found = dict(self._run("SELECT state, count(*) FROM videos GROUP BY state"))
        return {state: found.get(state.value, 0) for state in VideoState}

    def seconds(self) -> float:
        """Length of all indexed videos together."""
        return float(self._run("SELECT total(duration_seconds) FROM videos WHERE state = 'indexed'")[0][0])

    def row_ranges(self) -> RowArray:
        """Where the codes of indexed videos lie: int64 [V, 3] of number, first row and row count, by first row."""
        statement = "SELECT number, first_row, row_count FROM videos WHERE state = 'indexed' ORDER BY first_row, number"
        return np.array(self._run(statement), dtype=np.int64).reshape(-1, 3)

    def outside_rows(self, rows: int) -> list[tuple[str, object, object]]:
        """Id, first row and row count of indexed videos whose rows are not all among the first ``rows`` rows."""
        # A damaged page may hold anything. No sum of two numbers is formed: it might not fit.
        statement = (
            "SELECT id, first_row, row_count FROM videos WHERE state = 'indexed' AND NOT (typeof(first_row) = 'integer'"
            " AND typeof(row_count) = 'integer' AND first_row BETWEEN 0 AND ?1 AND row_count BETWEEN 0 AND"
            " ?1 - first_row) ORDER BY number"
        )
        return [(str(row[0]), row[1], row[2]) for row in self._run(statement, rows)]

    def number_range(self) -> tuple[int, int] | None:
        """Smallest and largest number of a record; None when there is none."""
        smallest, largest = self._run("SELECT min(number), max(number) FROM videos")[0]
        return None if smallest is None else (int(smallest), int(largest))

    def next_number(self) -> int:
        """Number that the next new record will get."""
        rows = self._run("SELECT seq FROM sqlite_sequence WHERE name = 'videos'")
        last = rows[0][0] if rows else 0
        if not isinstance(last, int):
            raise self._damaged_at(self._path, f"the last number given away is {last!r}, not a whole number")
        return last + 1

    def put(self, record: VideoRecord) -> int:
        """Stores a record in place of the one with the same id.

        Args:
            record: With number 0 it gets :meth:`next_number`. Any other number must be that one or the number that the
                id has now.

        Returns:
            Its number.

        Raises:
            ValueError: The number belongs to another video or to none, or a text cannot be stored.
        """
        with self.transaction():
            old = self.get(record.id)
            fresh = self.next_number()
            number = record.number or fresh
            if number != fresh and (old is None or number != old.number):
                raise ValueError(f"number {number} is not free for {record.id!r}: the next one is {fresh}")
            if old is not None:
                self._run("DELETE FROM videos WHERE number = ?", old.number)
                if old.number != number:
                    self.extras.remove(old.number)
            self._run(_INSERT, *_values(replace(record, number=number)))
        return number

    def remove(self, ids: Iterable[str]) -> None:
        """Drops the records of ids; unknown ids are passed over."""
        of_id = "SELECT number FROM videos WHERE id = CAST(? AS TEXT)"
        with self.transaction():
            for video_id in ids:
                for (number,) in self._run(of_id, _bytes(video_id)):
                    self.extras.remove(number)
                self._run("DELETE FROM videos WHERE id = CAST(? AS TEXT)", _bytes(video_id))

    def set_first_row(self, number: int, first_row: int) -> None:
        """Says where the rows of a video lie now."""
        self._run("UPDATE videos SET first_row = ? WHERE number = ?", first_row, number)

    def meta_number(self, key: str, default: int = 0) -> int:
        """A whole number about the library."""
        value = self._meta(key)
        if value is None:
            return default
        if not isinstance(value, int):
            raise self._damaged_at(self._path, f"{key} is {value!r}, not a whole number")
        return value

    def meta_text(self, key: str) -> str | None:
        """A text about the library; None when it was never set."""
        value = self._meta(key)
        return None if value is None else str(value)

    def set_meta(self, key: str, value: int | str) -> None:
        """Keeps a value about the library."""
        self._run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2", key, value)

    def problems(self) -> list[str]:
        """What SQLite's own check of the file finds; empty when it is whole."""
        try:
            rows = [str(row[0]) for row in self._run("PRAGMA integrity_check")]
        except LibraryDamagedError as error:
            return [str(error)]
        return [f"{self._path}: {row}" for row in rows if row != "ok"]

    def close(self) -> None:
        """Closes the file."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _meta(self, key: str) -> int | str | None:
        rows = self._run("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def _one(self, statement: str, value: str | int | bytes) -> VideoRecord | None:
        records = self._many(statement, value)
        return records[0] if records else None

    def _many(self, statement: str, *values: str | int | bytes) -> list[VideoRecord]:
        return [self._record(row) for row in self._run(statement, *values)]

    def _record(self, row: tuple[Any, ...]) -> VideoRecord:
        fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
        try:
            return VideoRecord(**{**fields, "path": Path(fields["path"]), "state": VideoState(fields["state"])})
        except (TypeError, ValueError) as error:
            raise self._damaged_at(self._path, f"video {fields['number']}: {error}") from error

    def _run(self, statement: str, *values: str | int | float | bytes | None) -> list[Any]:
        with self._translated():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # The low byte is the kind; the rest says more of the same. Misuse of the module carries no code.
            kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
            if kind == sqlite3.SQLITE_FULL:
                raise LibraryFullError(
                    f"cannot write {self._path}: the disk is full. Free some space on it and run the command again; "
                    "videos that were finished are kept."
                ) from error
            if kind == sqlite3.SQLITE_READONLY and self._read_only:
                raise opened_to_read(self._path.parent) from error
            if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                raise self._damaged_at(self._path, str(error)) from error
            if kind in (sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH):
                raise
            raise LibraryError(
                f"cannot use {self._path}: {error}. Check that the disk is there, that you may write, and that no "
                "other program has the file open."
            ) from error

    @staticmethod
    def _damaged_at(path: Path, what: str) -> LibraryDamagedError:
        return LibraryDamagedError(
            f"{path} is damaged: {what}. Restore the library folder from a backup, or index the videos again into "
            "another folder with library=DIR."
        )


def opened_to_read(folder: Path) -> LibraryError:
    """The error for a change of a library that was opened for reading."""
    return LibraryError(f"{folder} was opened for reading only: open it with read_only=False to change it")


def _values(record: VideoRecord) -> tuple[str | int | float | bytes | None, ...]:
    return (
        record.number,
        _bytes(record.id),
        _bytes(str(record.path)),
        record.size_bytes,
        record.modified_ns,
        record.content_hash,
        record.state.value,
        _bytes(record.reason),
        record.duration_seconds,
        record.width,
        record.height,
        record.codec,
        record.first_row,
        record.row_count,
        record.codes_crc32,
        record.frames_sampled,
        record.indexed_at,
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
