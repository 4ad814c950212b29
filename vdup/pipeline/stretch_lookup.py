"""The descriptors of a library, kept in step with its catalogue.

The catalogue decides which videos exist. Descriptors are made from the stored codes, so that what the store lost can be
made again: in the store, or in memory over it when the library was opened for reading.
"""

import logging

from vdup.catalogue.catalogue import STORE_DIRTY
from vdup.catalogue.folder import LibraryFolder
from vdup.store.base import Descriptors, VideoStore
from vdup.store.memory import OverlaidVideoStore
from vdup.store.pooling import pool_codes
from vdup.types import DescriptorHit, VideoCodes

logger = logging.getLogger(__name__)

_WRITE_VIDEOS = 32
"""New videos whose descriptors are written together: every write waits for the disk, for longer than it computes."""

_MEND_VIDEOS = 64
_STORED_DESCRIPTORS = "store_descriptors"
"""Meta key: descriptors in the store when it was last in step. A store with another number is not the one it was."""
_NEXT_NUMBER = "store_next_number"
"""Meta key: number of the next video at that time. Of a newer one, a write that was cut off may have left a part."""


class StretchLookup:
    """Finds the stored stretches that look most like stretches of a query."""

    def __init__(self, folder: LibraryFolder, store: VideoStore, stretch_seconds: float) -> None:
        """Takes a store that is open already, and mends it when the last change was cut off or descriptors are gone.

        Of a library that was opened for reading, the store is left alone, and mended in memory before the first search.

        Raises:
            StoreError: the store failed.
        """
        self._folder = folder
        self._kept = store
        self._store = OverlaidVideoStore(store) if folder.read_only else store
        self._stretch_seconds = stretch_seconds
        self._pending: set[int] = set()
        catalogue = folder.catalogue
        self._is_dirty = bool(catalogue.meta_number(STORE_DIRTY))
        self._to_mend = self._is_dirty or store.count() != catalogue.meta_number(_STORED_DESCRIPTORS)
        if not folder.read_only:
            self._mend_once()

    def add(self, number: int) -> None:
        """Takes in a new video, at the latest with the next :meth:`save`; the catalogue knows that the store lags."""
        self._pending.add(number)
        if len(self._pending) >= _WRITE_VIDEOS:
            self._write_pending()

    def forget(self, number: int) -> None:
        """Drops a video that the catalogue no longer holds."""
        if number in self._pending:
            self._pending.remove(number)
        else:
            self._store.remove([number])

    def search(self, codes: VideoCodes, limit: int) -> list[tuple[float, float, list[DescriptorHit]]]:
        """Stretches of a query with the most similar stored ones.

        Args:
            codes: codes of the query.
            limit: most hits of one stretch.

        Returns:
            For each stretch its start and end in seconds and its hits, best first; the first one is the whole query.
        """
        self._mend_once()
        self._write_pending()
        starts, ends, vectors = pool_codes(codes, self._stretch_seconds)
        return list(zip(starts.tolist(), ends.tolist(), self._store.search(vectors, limit), strict=True))

    def save(self) -> None:
        """Brings the store on disk into step with the catalogue."""
        self._write_pending()
        self._store.flush()
        with self._folder.catalogue.transaction():
            self._folder.catalogue.set_meta(STORE_DIRTY, 0)
            self._folder.catalogue.set_meta(_STORED_DESCRIPTORS, self._store.count())
            self._folder.catalogue.set_meta(_NEXT_NUMBER, self._folder.catalogue.next_number())

    def rebuild(self) -> None:
        """Makes all descriptors anew from the stored codes."""
        self._store.remove(sorted(self._store.video_numbers()))
        self._mend()

    def problems(self) -> list[str]:
        """Where store and catalogue differ; one sentence a problem."""
        found: list[str] = []
        if self._folder.read_only and self._is_dirty:
            return found  # an interrupted run left it so, which the next run that changes the library puts right
        if others := self._not_indexed(self._kept):
            found.append(f"the store holds descriptors of {len(others)} videos that are not indexed")
        if missing := self._missing(self._kept):
            found.append(f"the store lacks the descriptors of {len(missing)} videos")
        return [f"{text}; run `python -m vdup.library action=rebuild`" for text in found]

    def _write_pending(self) -> None:
        if self._pending:
            self._store.upsert([self._describe(number) for number in sorted(self._pending)])
            self._pending.clear()

    def _mend_once(self) -> None:
        if self._to_mend:
            self._mend()
            self._to_mend = False

    def _mend(self) -> None:
        self._store.remove(self._not_indexed(self._store))
        unsure = {number for number in self._indexed() if number >= self._folder.catalogue.meta_number(_NEXT_NUMBER)}
        wanted = sorted(unsure.union(self._missing(self._store)))
        if wanted:
            logger.info("descriptors of %d videos are made from their codes", len(wanted))
        for first in range(0, len(wanted), _MEND_VIDEOS):
            self._store.upsert([self._describe(number) for number in wanted[first : first + _MEND_VIDEOS]])
        if not self._folder.read_only:
            self.save()

    def _not_indexed(self, store: VideoStore) -> list[int]:
        """Videos of a store that are not indexed."""
        return sorted(store.video_numbers() - self._indexed())

    def _missing(self, store: VideoStore) -> list[int]:
        """Indexed videos that should have descriptors and have none; one without a searchable frame has none."""
        lacking = sorted(self._indexed() - store.video_numbers())
        return [number for number in lacking if self._folder.video_codes(number).searchable.any()]

    def _indexed(self) -> set[int]:
        return set(self._folder.catalogue.row_ranges()[:, 0].tolist())

    def _describe(self, number: int) -> Descriptors:
        return Descriptors(number, *pool_codes(self._folder.video_codes(number), self._stretch_seconds))
