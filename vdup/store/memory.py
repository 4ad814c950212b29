"""Descriptors in memory, for a library that is only read: on their own, or over a store that must not be changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from types import TracebackType
from typing import Self

import numpy as np

from vdup.errors import StoreError
from vdup.store.base import Descriptors, VideoStore, check_items, check_vectors, unit_vectors
from vdup.types import DescriptorHit, FloatArray, RowArray, TimeArray


@dataclass(frozen=True)
class _Rows:
    """All descriptors together."""

    video_numbers: RowArray
    """int64 [N]."""
    starts_seconds: TimeArray
    ends_seconds: TimeArray
    vectors: FloatArray
    """Unit vectors, float32 [N, D]."""


class _InMemory:
    """What both kinds share: there is nothing to flush or to release, but a closed one is closed."""

    def __init__(self) -> None:
        self._closed = False

    def flush(self) -> None:
        """Nothing to wait for."""
        self._check_usable()

    def close(self) -> None:
        """Ends its use; a second call does nothing."""
        self._closed = True

    def __enter__(self) -> Self:
        self._check_usable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreError("this store of descriptors is closed: open it again to use it")

    def _while_open(self, items: Iterable[Descriptors]) -> Iterator[Descriptors]:
        for item in items:
            self._check_usable()
            yield item
        self._check_usable()


class MemoryVideoStore(_InMemory):
    """:class:`~vdup.store.base.VideoStore` that lasts as long as the object and compares with every vector."""

    def __init__(self, dimensions: int) -> None:
        """An empty store; ``dimensions``: width of every vector."""
        super().__init__()
        if dimensions < 1:
            raise ValueError(f"dimensions={dimensions} must be 1 or more")
        self._dimensions = dimensions
        self._items: dict[int, Descriptors] = {}
        self._rows: _Rows | None = None
        """Gathered for the first search after a change."""

    @property
    def dimensions(self) -> int:
        """Width of every vector."""
        return self._dimensions

    def upsert(self, items: Sequence[Descriptors]) -> None:
        """Store these videos' descriptors in place of any they had; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        check_items(items, self._dimensions)
        for item in items:
            self._items.pop(item.video_number, None)
            if len(item):
                # In half precision like the other stores, so that a similarity is the same in all of them.
                kept = unit_vectors(item.vectors).astype(np.float16).astype(np.float32)
                self._items[item.video_number] = Descriptors(
                    item.video_number, item.starts_seconds, item.ends_seconds, kept
                )
        self._rows = None

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """Find the most similar descriptors; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        if limit < 1:
            raise ValueError(f"limit={limit} must be 1 or more")
        check_vectors(vectors, self._dimensions, "query")
        rows = self._gathered()
        answers = []
        for vector in unit_vectors(vectors) if len(vectors) else vectors:
            similarities = np.clip(rows.vectors @ vector, -1.0, 1.0)
            best = np.lexsort((rows.starts_seconds, rows.video_numbers, -similarities))[:limit]
            columns = (rows.video_numbers, rows.starts_seconds, rows.ends_seconds, similarities)
            found = zip(*(column[best].tolist() for column in columns), strict=True)
            answers.append([DescriptorHit(*hit) for hit in found])
        return answers

    def remove(self, video_numbers: Sequence[int]) -> None:
        """Delete all descriptors of these videos; numbers that are not stored are skipped."""
        self._check_usable()
        for number in video_numbers:
            self._items.pop(number, None)
        self._rows = None

    def video_numbers(self) -> set[int]:
        """Numbers of the videos that have descriptors."""
        self._check_usable()
        return set(self._items)

    def count(self) -> int:
        """Number of descriptors of all videos together."""
        self._check_usable()
        return sum(map(len, self._items.values()))

    def iterate(self) -> Iterator[Descriptors]:
        """All descriptors in the order of video number, a video at a time."""
        self._check_usable()
        return self._while_open([self._items[number] for number in sorted(self._items)])

    def _gathered(self) -> _Rows:
        if self._rows is None:
            items = list(self.iterate())
            self._rows = _Rows(
                np.repeat(np.array([item.video_number for item in items], np.int64), [len(item) for item in items]),
                np.concatenate([np.empty(0), *(item.starts_seconds for item in items)]),
                np.concatenate([np.empty(0), *(item.ends_seconds for item in items)]),
                np.concatenate([np.empty((0, self._dimensions), dtype=np.float32), *(item.vectors for item in items)]),
            )
        return self._rows


class OverlaidVideoStore(_InMemory):
    """:class:`~vdup.store.base.VideoStore` that keeps every change in memory and leaves the store below it alone."""

    def __init__(self, below: VideoStore) -> None:
        """Takes the store that is read; it is closed by whoever opened it."""
        super().__init__()
        self._below = below
        self._added = MemoryVideoStore(below.dimensions)
        self._hidden: set[int] = set()
        """Videos whose descriptors below do not count any more."""

    @property
    def dimensions(self) -> int:
        """Width of every vector."""
        return self._below.dimensions

    def upsert(self, items: Sequence[Descriptors]) -> None:
        """Store these videos' descriptors in place of any they had; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        self._added.upsert(items)
        self._hidden.update(item.video_number for item in items)

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """Find the most similar descriptors; see :class:`~vdup.store.base.VideoStore`."""
        self._check_usable()
        answers = zip(self._search_below(vectors, limit), self._added.search(vectors, limit), strict=True)
        return [
            sorted([*below, *added], key=lambda hit: (-hit.similarity, hit.video_number, hit.start_seconds))[:limit]
            for below, added in answers
        ]

    def remove(self, video_numbers: Sequence[int]) -> None:
        """Delete all descriptors of these videos; numbers that are not stored are skipped."""
        self._check_usable()
        self._added.remove(video_numbers)
        self._hidden.update(video_numbers)

    def video_numbers(self) -> set[int]:
        """Numbers of the videos that have descriptors."""
        self._check_usable()
        return (self._below.video_numbers() - self._hidden) | self._added.video_numbers()

    def count(self) -> int:
        """Number of descriptors of all videos together."""
        self._check_usable()
        if not self._hidden:
            return self._below.count()
        return sum(map(len, self.iterate()))

    def iterate(self) -> Iterator[Descriptors]:
        """All descriptors in the order of video number, a video at a time."""
        self._check_usable()
        shown = (item for item in self._below.iterate() if item.video_number not in self._hidden)
        return self._while_open(merge(shown, self._added.iterate(), key=lambda item: item.video_number))

    def _search_below(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """The best that are not hidden: as many more are asked for as it takes."""
        asked = limit
        while True:
            found = self._below.search(vectors, asked)
            shown = [[hit for hit in hits if hit.video_number not in self._hidden] for hits in found]
            if all(len(kept) >= limit or len(hits) < asked for kept, hits in zip(shown, found, strict=True)):
                return [kept[:limit] for kept in shown]
            asked *= 2
