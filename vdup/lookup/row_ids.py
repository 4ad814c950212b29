"""The caller's names of stored rows, by position."""

import numpy as np

from vdup.types import BoolArray, RowArray

FORGOTTEN = -1
"""Stands at a position whose row was removed."""


class RowIds:
    """A growing column of row ids: position -> id. Not locked; the index that owns it is."""

    def __init__(self) -> None:
        self._column = np.empty(0, dtype=np.int64)
        self._length = 0
        self._largest = -1

    def __len__(self) -> int:
        """Positions, those of removed rows included."""
        return self._length

    @property
    def values(self) -> RowArray:
        """Id at each position, int64 [N]; :data:`FORGOTTEN` where a row was removed."""
        return self._column[: self._length]

    def append(self, row_ids: RowArray) -> None:
        """Adds ids at the next positions; room is doubled so that many small additions stay cheap."""
        needed = self._length + len(row_ids)
        if needed > len(self._column):
            roomier = np.empty(max(needed, 2 * len(self._column), 1024), dtype=np.int64)
            roomier[: self._length] = self.values
            self._column = roomier
        self._column[self._length : needed] = row_ids
        self._length = needed
        self._largest = max(self._largest, int(row_ids.max(initial=-1)))

    def already_stored(self, row_ids: RowArray) -> RowArray:
        """Those of the given ids that are stored."""
        # Rows mostly come in rising order, and then no search is needed.
        if row_ids.min(initial=self._largest + 1) > self._largest:
            return row_ids[:0]
        return row_ids[np.isin(row_ids, self.values)]

    def mask(self, row_ids: RowArray) -> BoolArray:
        """True at the positions of the given ids, bool [N]."""
        return np.isin(self.values, row_ids)

    def forget(self, mask: BoolArray) -> None:
        """Keeps the positions but drops their ids."""
        self.values[mask] = FORGOTTEN

    def drop(self, mask: BoolArray) -> None:
        """Takes positions out; later ones move up."""
        kept = self.values[~mask]
        self._column[: len(kept)] = kept
        self._length = len(kept)
