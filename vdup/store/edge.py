"""Descriptors inside the library folder, on Qdrant's embedded engine.

The engine scans all vectors, which is exact and takes milliseconds up to some 100,000 descriptors; its graph index is
not used, because building it stops every thread of the process for minutes. Writes go through a write-ahead log, so a
killed process loses nothing, and are flushed at the end of each call, so that a power cut doesn't either.

The engine's threads don't survive ``fork``: a search in a forked child would wait for ever. Start child processes with
``spawn`` and let each open its own store; a forked copy of this object raises :class:`~vdup.errors.StoreError`.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    MatchAny,
    PayloadSchemaType,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    RangeFloat,
    ScrollRequest,
    SearchParams,
    UpdateOperation,
    VectorStorageDatatype,
)

from vdup.errors import StoreDamagedError, StoreError
from vdup.library_files import check_folder, copy_file, walk_folder
from vdup.store.points import ROW_KEY, VIDEO_KEY, DescriptorPoint, read_hit, read_id, read_offset, read_point
from vdup.store.qdrant import QdrantStore
from vdup.types import DescriptorHit

_REBUILD = "rebuild it from the library's codes with `python -m vdup.library action=rebuild library=FOLDER`"

_REMEDIES = (
    ("WouldBlock", "another process has it open: wait until that one has finished, or stop it"),
    ("ermission denied", "this user may not read or write it: correct the owner or the permissions of the folder"),
    ("Read-only file system", "it lies on a read-only disk: copy the library to one that can be written"),
    ("No space left", "the disk is full: free some space and run the command again"),
    ("Too many open files", "this process has too many files open: raise the limit (ulimit -n)"),
)
"""Parts of the engine's messages, which have no types of their own, and what to do about each."""

_OWN_NAMES = frozenset({"edge_config.json", "segments", "wal"})
"""All that the engine makes in the folder of a store."""

_DAMAGED = f"it is damaged: {_REBUILD}"
_OF_ANOTHER_KIND = f"it holds descriptors of another kind or width: {_REBUILD}"


class EdgeVideoStore(QdrantStore):
    """:class:`~vdup.store.base.VideoStore` in a folder. One process at a time can have it open."""

    def __init__(self, path: Path, dimensions: int) -> None:
        """Open the store, or make it when the folder is missing or empty.

        Args:
            path: folder of the store.
            dimensions: width of every vector.

        Raises:
            ValueError: ``dimensions`` below 1.
            StoreDamagedError: its files are damaged, or hold vectors of another width.
            StoreError: another process has the folder open, or it cannot be read or written.
            LibraryError: something in the folder is neither a regular file nor a folder, such as a link.
        """
        super().__init__(dimensions)
        self._path = path
        self._process = os.getpid()
        try:
            path.mkdir(parents=True, exist_ok=True)
            check_folder(path)  # the engine would follow a link
        except OSError as error:
            raise StoreError(f"store of descriptors {path} cannot be made: {error.strerror}; check the path") from error
        config = EdgeConfig(
            vectors=EdgeVectorParams(size=dimensions, distance=Distance.Cosine, datatype=VectorStorageDatatype.Float16),
            wal_enabled=True,
        )
        with self._translated():
            self._shard = EdgeShard.load(str(path), config)
            if VIDEO_KEY not in self._shard.info().payload_schema:
                self._shard.update(UpdateOperation.create_field_index(VIDEO_KEY, PayloadSchemaType.Integer))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the engine's failures into :class:`StoreError`: plain ``Exception``, and panics outside of it."""
        try:
            yield
        except StoreError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            text = str(error)
            remedy = next((remedy for sign, remedy in _REMEDIES if sign in text), None)
            place = f"store of descriptors {self._place()}"
            if remedy is not None:
                raise StoreError(f"{place}: {remedy} (engine: {text})") from error
            fault = _OF_ANOTHER_KIND if "Incompatible" in text else _DAMAGED
            raise StoreDamagedError(f"{place}: {fault} (engine: {text})") from error

    def _check_usable(self) -> None:
        super()._check_usable()
        if os.getpid() != self._process:
            raise StoreError(
                f"store of descriptors {self._place()} was opened by process {self._process} and this is a forked "
                "copy: start child processes with multiprocessing.get_context('spawn')"
            )

    def _place(self) -> str:
        return str(self._path)

    def _write(self, points: list[DescriptorPoint]) -> None:
        with self._translated():
            self._shard.update(
                UpdateOperation.upsert_points([Point(point.id, point.vector, point.payload) for point in points])
            )

    def _delete(self, video_numbers: list[int], first_row: int) -> None:
        with self._translated():
            self._shard.update(UpdateOperation.delete_points_by_filter(_rows_of(video_numbers, first_row)))

    def _query(self, queries: list[list[float]], limit: int) -> list[list[DescriptorHit]]:
        exact = SearchParams(exact=True)
        requests = [
            QueryRequest(limit=limit, query=Query.Nearest(query), with_payload=True, params=exact) for query in queries
        ]
        with self._translated():
            answers = self._shard.query_batch(QueryBatchRequest(requests))
            return [[read_hit(point.id, point.payload, point.score) for point in answer] for answer in answers]

    def _count(self, video_numbers: list[int] | None) -> int:
        with self._translated():
            wanted = None if video_numbers is None else _rows_of(video_numbers, 0)
            return int(self._shard.count(CountRequest(exact=True, filter=wanted)))

    def _scroll(self, offset: int | None, limit: int) -> tuple[list[DescriptorPoint], int | None]:
        with self._translated():
            records, following = self._shard.scroll(
                ScrollRequest(offset=offset, limit=limit, with_payload=True, with_vector=True)
            )
            points = [read_point(record.id, record.vector, record.payload) for record in records]
            return points, read_offset(following)

    def _scroll_ids(self, offset: int | None, limit: int) -> tuple[list[int], int | None]:
        with self._translated():
            records, following = self._shard.scroll(
                ScrollRequest(offset=offset, limit=limit, with_payload=False, with_vector=False)
            )
            return [read_id(record.id) for record in records], read_offset(following)

    def _flush(self) -> None:
        with self._translated():
            self._shard.flush()

    def _close(self) -> None:
        # A forked copy must leave the files alone: they belong to the process that opened them.
        if os.getpid() == self._process:
            with self._translated():
                self._shard.close()


class EdgeVideoReader(EdgeVideoStore):
    """A copy of an embedded store, for reading: the engine writes to the files of a store as soon as it opens them.

    The copy lies in the folder for temporary files (``TMPDIR``) until the store is closed.
    """

    def __init__(self, path: Path, dimensions: int) -> None:
        """Copy the store and open the copy.

        Args:
            path: folder of the store, which must exist; nothing in it is changed.
            dimensions: width of every vector.

        Raises:
            ValueError: ``dimensions`` below 1.
            StoreDamagedError: its files are damaged, or hold vectors of another width.
            StoreError: it cannot be read, or not be copied.
            LibraryError: something in the folder is neither a regular file nor a folder, such as a link.
        """
        self._source = path
        with ExitStack() as stack:
            try:
                # Files that cannot be deleted are no reason to fail: they are copies.
                copy = Path(
                    stack.enter_context(TemporaryDirectory(prefix="vdup-descriptors-", ignore_cleanup_errors=True))
                )
                for entry in walk_folder(path):
                    target = copy / entry.relative_to(path)
                    if entry.is_dir():
                        target.mkdir()
                    else:
                        copy_file(entry, target)
            except OSError as error:
                raise StoreError(
                    f"store of descriptors {path} cannot be copied for reading: {error.strerror or error}; check that "
                    "it may be read, and that there is space for temporary files (TMPDIR names their folder)"
                ) from error
            super().__init__(copy, dimensions)
            self._copy = stack.pop_all()

    def _place(self) -> str:
        return str(self._source)

    def _close(self) -> None:
        if os.getpid() == self._process:
            with self._copy:
                super()._close()


def holds_only_a_store(path: Path) -> bool:
    """Whether a folder holds nothing but what the engine makes there, so that a damaged store may be deleted."""
    return all(entry.name in _OWN_NAMES for entry in path.iterdir())


def _rows_of(video_numbers: list[int], first_row: int) -> Filter:
    of_videos = FieldCondition(VIDEO_KEY, match=MatchAny(video_numbers))
    if not first_row:
        return Filter(must=[of_videos])
    return Filter(must=[of_videos, FieldCondition(ROW_KEY, range=RangeFloat(gte=first_row))])
