"""The frame index of a library, kept in step with its catalogue.

The catalogue decides which rows exist. The saved index is only a faster way to the same answers: when it is behind it
catches up from the stored codes, when it is damaged it is made again. In a library that was opened for reading all of
this happens in memory.
"""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import FrameIndexConfig
from vdup.errors import IndexFileError
from vdup.library_files import is_there
from vdup.lookup.base import FrameIndex
from vdup.lookup.build import build_index, load_index, should_rebuild
from vdup.lookup.files import read_header
from vdup.lookup.postings import Postings
from vdup.lookup.representatives import NOT_INDEXED, assign_representatives, promote
from vdup.types import BoolArray, CodeArray, FrameHits, RowArray, VideoCodes

logger = logging.getLogger(__name__)

SAME_CONTENT_BITS = 24
"""A row within this distance of an indexed one is reached through it instead of being indexed itself."""


@dataclass(frozen=True)
class _Shown:
    representatives: RowArray
    """Representative of every row, :data:`NOT_INDEXED` for blank and dead ones, int64 [N]."""
    postings: Postings


class FrameLookup:
    """Finds the stored rows nearest to query codes."""

    def __init__(self, folder: LibraryFolder, config: FrameIndexConfig) -> None:
        """Loads the saved index and brings it up to date."""
        self._folder = folder
        self._config = config
        self._shown: _Shown | None = None
        self._saved = False
        self._mended: RowArray | None = None
        """Representatives of all rows, where they had to be mended and the library is open for reading only."""
        self._index, covered_rows = self._load()
        self._catch_up(covered_rows)

    @property
    def index(self) -> FrameIndex:
        """The index in use."""
        return self._index

    def representatives_for(self, codes: VideoCodes, replaced: VideoRecord | None = None) -> RowArray:
        """Representatives of rows that are about to be stored.

        Args:
            codes: codes of the new video.
            replaced: older record of the same video; its rows go, so they stand for none of the new ones.

        Returns:
            int64 [N], see :meth:`LibraryFolder.add_video`.
        """
        first = self._folder.next_row
        rows = np.arange(first, first + len(codes), dtype=np.int64)
        shown = codes.searchable
        representatives = np.full(len(codes), -1, dtype=np.int64)
        representatives[shown] = assign_representatives(self._index, rows[shown], codes.codes[shown], SAME_CONTENT_BITS)
        if replaced is not None and replaced.state is VideoState.indexed:
            representatives[np.isin(representatives, self._folder.rows_of(replaced))] = -1
        return representatives

    def add(self, rows: RowArray) -> None:
        """Takes in rows that were stored with :meth:`representatives_for`."""
        # Only these rows are looked at: the cost of a video must not grow with the library.
        columns = self._folder.codes.columns()[rows]
        own = rows[(columns["representative"] == rows) & (columns["searchable"] != 0)]
        if len(own):
            self._index.add(own, self._folder.codes.codes[own])
        self._changed()

    def forget(self, rows: RowArray) -> None:
        """Drops rows that are dead; what they stood for gets another representative."""
        if not len(rows):
            return
        promotion = promote(self._representatives(dead_too=rows), rows)
        self._write_representatives(promotion.representatives)
        self._index.remove(promotion.removed_rows)
        if len(promotion.added_rows):
            self._index.add(promotion.added_rows, self._folder.codes.codes[promotion.added_rows])
        self._changed()

    def search(
        self, codes: CodeArray, neighbours: int, max_distance: int, common_videos: int
    ) -> tuple[FrameHits, NDArray[np.float32]]:
        """Nearest rows of every query code, and their weights: below 1 for content of several videos."""
        hits = self._index.search(codes, neighbours, max_distance)
        return self._rows_shown().postings.expand(hits, codes, self._folder.codes.codes, common_videos)

    def weights(self, rows: RowArray) -> NDArray[np.float32]:
        """Weight of stored rows, in (0, 1]: 1 / (1 + ln v) for content of v videos; 1 for rows out of look-up."""
        shown = self._rows_shown()
        return shown.postings.weights(shown.representatives[rows])

    def save(self) -> None:
        """Writes the index when it has changed; remakes it first when the library has outgrown its plan.

        Raises:
            LibraryError: the library was opened for reading.
        """
        self._folder.check_may_change()
        if should_rebuild(self._index, self._config, len(self._index)):
            self.rebuild()
        if not self._saved:
            self._index.save(self._folder.index_path, stamp={"rows": self._folder.next_row})
            self._saved = True

    def rebuild(self) -> None:
        """Makes the index anew from the stored codes, of the kind that the settings choose."""
        representatives = self._representatives()
        own = np.flatnonzero(representatives == np.arange(len(representatives)))
        self._index = build_index(self._config, own, self._folder.codes.codes[own])
        self._changed()

    def _changed(self) -> None:
        self._shown, self._saved = None, False

    def _rows_shown(self) -> _Shown:
        """What searching needs of every row, gathered once after each change: it takes a pass over all rows."""
        if self._shown is None:
            representatives = self._representatives()
            self._shown = _Shown(representatives, Postings(representatives, self._folder.codes.video_numbers))
        return self._shown

    def _load(self) -> tuple[FrameIndex, int]:
        """The saved index and the rows it has seen; an empty one and 0 when there is none that can be used."""
        path = self._folder.index_path
        empty = build_index(self._config, np.empty(0, dtype=np.int64), np.empty((0, 128), dtype=np.uint8))
        if not is_there(path):
            return empty, 0
        try:
            index = load_index(path)
            covered_rows = int(read_header(path).stamp.get("rows") or 0)
        except IndexFileError as error:
            logger.warning("%s; made anew from the stored codes", error)
            return empty, 0
        # Of more rows than there are: it belongs to another state of the library.
        return (index, covered_rows) if covered_rows <= self._folder.next_row else (empty, 0)

    def _catch_up(self, covered_rows: int) -> None:
        """Adds rows that were stored after the index was saved, drops rows that have died since."""
        mended = self._mend_representatives()
        if covered_rows == 0 or mended:
            self.rebuild()
            return
        representatives = self._representatives()
        wanted = representatives == np.arange(len(representatives))
        self._index.remove(np.flatnonzero(~wanted[:covered_rows]))
        new = np.flatnonzero(wanted[covered_rows:]) + covered_rows
        if len(new):
            self._index.add(new, self._folder.codes.codes[new])
        self._saved = covered_rows == len(representatives)
        if len(self._index) != int(wanted.sum()):
            logger.warning("%s does not fit the catalogue; made anew from the stored codes", self._folder.index_path)
            self.rebuild()

    def _mend_representatives(self) -> bool:
        """Gives rows whose representative is gone another one; True when there were any.

        A run that was cut off leaves such rows when the videos that stood for them were removed or replaced.
        """
        stored, live = self._stored(), self._folder.live_mask()
        known = live & self._folder.codes.searchable
        exists = (stored >= 0) & (stored < len(stored))
        stands = known & (stored == np.arange(len(stored)))
        named = np.where(exists, stored, 0)
        rows = np.flatnonzero(known & ~(exists & stands[named]))
        if not len(rows):
            return False
        # Rows that shared a representative share the first of themselves, which some may have been given already.
        _, first, group = np.unique(stored[named[rows]], return_index=True, return_inverse=True)
        self._set(rows, rows[first][group])
        return True

    def _representatives(self, dead_too: RowArray | None = None) -> RowArray:
        """Representative of every row: NOT_INDEXED for blank rows, and for dead ones other than ``dead_too``."""
        live: BoolArray = self._folder.live_mask()
        if dead_too is not None:
            live[dead_too] = True
        known = live & self._folder.codes.searchable
        return np.where(known, self._stored(), NOT_INDEXED)

    def _write_representatives(self, renewed: RowArray) -> None:
        changed = np.flatnonzero((renewed != NOT_INDEXED) & (renewed != self._stored()))
        if len(changed):
            self._set(changed, renewed[changed])

    def _stored(self) -> RowArray:
        """Representative of every row, dead ones included, int64 [N]."""
        return self._folder.codes.representatives if self._mended is None else self._mended

    def _set(self, rows: RowArray, values: RowArray) -> None:
        if not self._folder.read_only:
            self._folder.codes.set_representatives(rows, values)
            return
        if self._mended is None:
            self._mended = self._folder.codes.representatives.copy()
        self._mended[rows] = values
