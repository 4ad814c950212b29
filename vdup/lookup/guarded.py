"""What the kinds of frame index share: checked arguments, the lock, ranking and saving."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vdup.lookup.base import Stamp, check_search_range, checked_codes, checked_row_ids, checked_rows
from vdup.lookup.files import IndexHeader, write_index_file
from vdup.lookup.guard import ReadWriteLock
from vdup.lookup.ranking import nearest_rows
from vdup.lookup.row_ids import RowIds
from vdup.types import CodeArray, FrameHits, RowArray


class GuardedIndex(ABC):
    """A :class:`~vdup.lookup.base.FrameIndex`; a kind adds how rows are stored, fetched and dropped.

    The methods with an underscore run under the lock, with checked arguments. ``_row_ids`` maps the positions that
    faiss counts to the caller's ids.
    """

    kind: ClassVar[str]

    def __init__(self, parameters: dict[str, int]) -> None:
        self.parameters = parameters
        self._lock = ReadWriteLock()
        self._row_ids = RowIds()

    def __len__(self) -> int:
        """Rows that can be found."""
        return len(self._row_ids)

    def add(self, row_ids: RowArray, codes: CodeArray) -> None:
        """See :meth:`vdup.lookup.base.FrameIndex.add`."""
        row_ids, codes = checked_rows(row_ids, codes)
        with self._lock.writing():
            known = self._row_ids.already_stored(row_ids)
            if len(known):
                raise ValueError(f"row_ids must be new: {len(known)} of them are stored already, such as {known[0]}")
            self._add(row_ids, codes)
            self._row_ids.append(row_ids)

    def remove(self, row_ids: RowArray) -> int:
        """See :meth:`vdup.lookup.base.FrameIndex.remove`."""
        row_ids = checked_row_ids(row_ids)
        with self._lock.writing():
            before = len(self)
            if len(row_ids):
                self._remove(row_ids)
            return before - len(self)

    def search(self, codes: CodeArray, neighbours: int, max_distance: int) -> FrameHits:
        """See :meth:`vdup.lookup.base.FrameIndex.search`."""
        codes = checked_codes(codes)
        check_search_range(neighbours, max_distance)
        with self._lock.reading():
            return nearest_rows(self._fetch, self._name, len(self._row_ids), codes, neighbours, max_distance)

    def save(self, path: Path, stamp: Stamp | None = None) -> None:
        """See :meth:`vdup.lookup.base.FrameIndex.save`."""
        with self._lock.reading():
            header = IndexHeader(self.kind, dict(self.parameters), len(self), dict(stamp or {}))
            write_index_file(path, header, self._arrays())

    @abstractmethod
    def _add(self, row_ids: RowArray, codes: CodeArray) -> None:
        """Stores codes; their ids are noted afterwards."""

    @abstractmethod
    def _remove(self, row_ids: RowArray) -> None:
        """Drops the rows that are stored, here and in ``_row_ids``."""

    @abstractmethod
    def _fetch(self, codes: CodeArray, amount: int) -> tuple[NDArray[np.int32], RowArray]:
        """One search by faiss, see :data:`vdup.lookup.ranking.Fetch`."""

    def _name(self, positions: RowArray) -> RowArray:
        """Row ids of positions, -1 for filling and for removed rows."""
        return np.where(positions < 0, -1, self._row_ids.values[positions])

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything that the kind needs to come back from a file."""
