"""Writing the codes anew without the rows of videos that are gone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.catalogue import COMMITTED_ROWS, GENERATION, INDEX_ROWS, Catalogue
from vdup.catalogue.code_file import CodeFile, code_paths
from vdup.catalogue.durable import library_errors
from vdup.errors import LibraryError
from vdup.library_files import check_plain
from vdup.types import BoolArray, CodeArray, RowArray

_BLOCK_ROWS = 65_536
"""Rows that are copied at a time: 8 MiB of codes."""


def rows_of(ranges: RowArray) -> RowArray:
    """Rows of the videos in :meth:`Catalogue.row_ranges`, ascending, int64 [N]."""
    starts, counts = ranges[:, 1], ranges[:, 2]
    # Each video's rows are its start plus 0, 1, 2 ...: a running count, set back where a video begins.
    begins = np.cumsum(counts) - counts
    rows: RowArray = np.repeat(starts - begins, counts)
    rows += np.arange(len(rows), dtype=np.int64)
    return rows


def mask_of(live_rows: RowArray, rows: int) -> BoolArray:
    """True for live rows, [rows]."""
    mask = np.zeros(rows, dtype=np.bool_)
    mask[live_rows] = True
    return mask


def orphans(codes: CodeFile, live_rows: RowArray) -> RowArray:
    """Live rows whose representative is dead or does not exist, ascending, int64 [M]."""
    representatives = codes.representatives[live_rows]
    mask = mask_of(live_rows, len(codes))
    known = (representatives >= 0) & (representatives < len(codes))
    known[known] = mask[representatives[known]]
    return live_rows[~known]


def compact_codes(folder: Path, catalogue: Catalogue, old: CodeFile) -> None:
    """Copies the live rows into files of the next generation and switches the catalogue to them.

    Until the one transaction that switches, the old files are the library; from then on the new ones are. The caller
    deletes those that are not.

    Args:
        folder: The library folder.
        catalogue: Its catalogue.
        old: Its code files; left open.

    Raises:
        LibraryError: A live row is represented by a dead one, or there are files of the next generation already.
        LibraryFullError: No space for the copy; the library is as it was.
    """
    ranges = catalogue.row_ranges()
    live = rows_of(ranges)
    orphaned = orphans(old, live)
    if len(orphaned) > 0:
        raise LibraryError(
            f"{folder}: {len(orphaned)} rows, the first being {orphaned[0]}, are represented by rows of removed "
            "videos. Run `python -m vdup.library action=rebuild` for this library, then try again."
        )
    for path in code_paths(folder, old.generation + 1):
        with library_errors(path, "read"):
            status = check_plain(path)
        if status is not None and status.st_size > 0:
            raise LibraryError(f"{path} is in the way, and nobody knows whether it is needed; move it elsewhere")
    new = CodeFile(folder, old.generation + 1, committed_rows=0)
    try:
        blocks = zip(compacted_codes(old.codes, live), compacted_columns(old.columns(), live), strict=True)
        for codes, columns in blocks:
            new.append_rows(codes, columns)
        first_rows = np.cumsum(ranges[:, 2]) - ranges[:, 2]
        with catalogue.transaction():
            for number, first_row in zip(ranges[:, 0].tolist(), first_rows.tolist(), strict=True):
                catalogue.set_first_row(number, first_row)
            catalogue.set_meta(GENERATION, new.generation)
            catalogue.set_meta(COMMITTED_ROWS, len(new))
            catalogue.set_meta(INDEX_ROWS, 0)
    finally:
        new.close()


def compacted_codes(codes: CodeArray, live: RowArray) -> Iterator[CodeArray]:
    """The codes that a compaction writes, in blocks.

    Args:
        codes: Of the older generation, uint8 [N, 128].
        live: Its rows that stay, ascending, int64 [M].
    """
    for rows in _blocks(live):
        yield codes[rows]


def compacted_columns(columns: NDArray[np.void], live: RowArray) -> Iterator[NDArray[np.void]]:
    """The columns that a compaction writes, in the same blocks; ``columns``: those of the older generation, [N]."""
    for rows in _blocks(live):
        block = columns[rows]
        # A row's new place is its rank among the live rows.
        block["representative"] = np.searchsorted(live, block["representative"])
        yield block


def _blocks(live: RowArray) -> Iterator[RowArray]:
    for start in range(0, len(live), _BLOCK_ROWS):
        yield live[start : start + _BLOCK_ROWS]
