"""The part of a Qdrant store that does not depend on where Qdrant runs."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from types import TracebackType
from typing import Self, TypeVar

from vdup.errors import StoreError
from vdup.store.base import Descriptors, check_items, check_vectors, unit_vectors
from vdup.store.points import DescriptorPoint, descriptors_of, points_of, video_number_of
from vdup.types import DescriptorHit, FloatArray

_Value = TypeVar("_Value")

_WRITE_POINTS = 500
"""Points in one write: about 2.5 MB of JSON for the server."""

_READ_POINTS = 1000
"""Points in one page when everything is read."""

_READ_IDS = 10_000
"""Points in one page when only their ids are read."""

_QUERIES = 64
"""Queries in one request."""

_FILTER_VIDEOS = 1000
"""Video numbers in one filter."""

_SPARE_HITS = 8
"""Hits asked for beyond the limit, so that ties at the limit are seen whole in the first request."""


class QdrantStore(ABC):
    """:class:`~vdup.store.base.VideoStore` in terms of the few requests that both forms of Qdrant answer."""

    def __init__(self, dimensions: int) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions={dimensions} must be 1 or more")
        self._dimensions = dimensions
        self._closed = False

    @property
    def dimensions(self) -> int:
        """Width of every vector."""
        return self._dimensions

    def upsert(self, items: Sequence[Descriptors]) -> None:
        """Store these videos' descriptors in place of any they had; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        if not items:
            return
        check_items(items, self._dimensions)
        numbers = [item.video_number for item in items]
        had_rows = any(self._count(part) for part in _parts(numbers, _FILTER_VIDEOS))
        points = chain.from_iterable(points_of(item) for item in items)
        while batch := list(islice(points, _WRITE_POINTS)):
            self._write(batch)
        # New rows first: a crash in between then leaves too many rows of a video, never too few.
        if had_rows:
            videos_by_rows: dict[int, list[int]] = defaultdict(list)
            for item in items:
                videos_by_rows[len(item)].append(item.video_number)
            for rows, videos in videos_by_rows.items():
                for part in _parts(videos, _FILTER_VIDEOS):
                    self._delete(part, first_row=rows)
        self.flush()

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """Find the most similar descriptors; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        if limit < 1:
            raise ValueError(f"limit={limit} must be 1 or more")
        check_vectors(vectors, self._dimensions, "query")
        if not len(vectors):
            return []
        queries: list[list[float]] = unit_vectors(vectors).tolist()
        results: list[list[DescriptorHit]] = []
        for part in _parts(queries, _QUERIES):
            results += self._search_settled(part, limit)
        return results

    def _search_settled(self, queries: list[list[float]], limit: int) -> list[list[DescriptorHit]]:
        """Search until no hit that ties with the last one inside the limit can be missing: engines cut ties anyhow."""
        results: list[list[DescriptorHit]] = [[] for _ in queries]
        open_rows = list(range(len(queries)))
        asked = limit + _SPARE_HITS
        while open_rows:
            answers = self._query([queries[row] for row in open_rows], asked)
            unsettled = []
            for row, answer in zip(open_rows, answers, strict=True):
                hits = sorted(answer, key=lambda hit: (-hit.similarity, hit.video_number, hit.start_seconds))
                results[row] = hits[:limit]
                if len(hits) >= asked and hits[-1].similarity >= hits[limit - 1].similarity:
                    unsettled.append(row)
            open_rows = unsettled
            asked *= 2
        return results

    def remove(self, video_numbers: Sequence[int]) -> None:
        """Delete all descriptors of these videos; numbers that are not stored are passed over."""
        self._check_usable()
        if not video_numbers:
            return
        for part in _parts(list(video_numbers), _FILTER_VIDEOS):
            self._delete(part, first_row=0)
        self.flush()

    def video_numbers(self) -> set[int]:
        """Numbers of the videos that have descriptors."""
        self._check_usable()
        numbers: set[int] = set()
        offset: int | None = None
        while True:
            identifiers, offset = self._scroll_ids(offset, _READ_IDS)
            numbers.update(map(video_number_of, identifiers))
            if offset is None:
                return numbers

    def count(self) -> int:
        """Number of descriptors of all videos together."""
        self._check_usable()
        return self._count(None)

    def iterate(self) -> Iterator[Descriptors]:
        """All descriptors in the order of video number, a video at a time. Don't write to the store meanwhile."""
        self._check_usable()
        return descriptors_of(self._pages())

    def _pages(self) -> Iterator[DescriptorPoint]:
        offset: int | None = None
        while True:
            self._check_usable()
            points, offset = self._scroll(offset, _READ_POINTS)
            yield from points
            if offset is None:
                return

    def flush(self) -> None:
        """Return once everything stored so far is on disk."""
        self._check_usable()
        self._flush()

    def close(self) -> None:
        """Release files or connections; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._close()

    def __enter__(self) -> Self:
        self._check_usable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreError(f"store of descriptors {self._place()} is closed: open it again to use it")

    @abstractmethod
    def _place(self) -> str:
        """Path or address, for messages."""

    @abstractmethod
    def _write(self, points: list[DescriptorPoint]) -> None:
        """Insert points or replace those of the same id."""

    @abstractmethod
    def _delete(self, video_numbers: list[int], first_row: int) -> None:
        """Delete these videos' points from a row on."""

    @abstractmethod
    def _query(self, queries: list[list[float]], limit: int) -> list[list[DescriptorHit]]:
        """Nearest points of each unit vector, best first."""

    @abstractmethod
    def _count(self, video_numbers: list[int] | None) -> int:
        """Number of points, of these videos or of all."""

    @abstractmethod
    def _scroll(self, offset: int | None, limit: int) -> tuple[list[DescriptorPoint], int | None]:
        """A page of points in the order of their ids, and where the next page starts (None: no more)."""

    @abstractmethod
    def _scroll_ids(self, offset: int | None, limit: int) -> tuple[list[int], int | None]:
        """A page of ids in order, and where the next page starts (None: no more)."""

    @abstractmethod
    def _flush(self) -> None:
        """Make earlier writes durable."""

    @abstractmethod
    def _close(self) -> None:
        """Release what is held; called once."""


def _parts(values: list[_Value], size: int) -> Iterator[list[_Value]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
