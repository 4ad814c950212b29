"""One indexed row for content that occurs again and again.

A slate or a logo that opens a thousand videos would fill the answers with a thousand equal hits. Such rows are kept
once in the index, as a representative, and the others are reached through it, see :mod:`vdup.lookup.postings`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.codes.hamming import hamming_distances
from vdup.lookup.base import FrameIndex, checked_rows
from vdup.lookup.flat import FlatIndex
from vdup.types import CODE_BITS, CodeArray, RowArray

NOT_INDEXED = -1
"""Representative of a row that stays out of look-up: blank, or removed."""

_BLOCK_ROWS = 512


@dataclass(frozen=True)
class Promotion:
    """What follows from the removal of rows."""

    representatives: RowArray
    """New representative of every row, int64 [N]."""
    added_rows: RowArray
    """Rows that became representatives and must be added to the index, rising."""
    removed_rows: RowArray
    """Representatives that are gone and must be removed from the index, rising."""


def assign_representatives(index: FrameIndex, row_ids: RowArray, codes: CodeArray, radius: int) -> RowArray:
    """Representative of each new row: a near row that is indexed, else itself.

    Rows are taken in the given order. The candidates of a row are the rows of the index and those earlier rows of the
    batch that represent themselves; the nearest within ``radius`` is taken, at equal distance the smaller id. The
    index is not changed: add the rows that represent themselves. Calls must not overlap with changes of the index.

    Args:
        index: holds representatives only. One that is not exact may miss a near row, which is then indexed twice.
        row_ids: ids of the new rows, not in the index, int64 [N].
        codes: their codes, uint8 [N, 128].
        radius: largest Hamming distance to a representative, 0-1024.

    Returns:
        int64 [N].

    Raises:
        ValueError: malformed rows, or ``radius`` out of range.
    """
    row_ids, codes = checked_rows(row_ids, codes)
    if not 0 <= radius <= CODE_BITS:
        raise ValueError(f"radius must be 0-{CODE_BITS} bits, got {radius}")
    representatives = row_ids.copy()
    nearest = np.full(len(row_ids), CODE_BITS + 1, dtype=np.int32)
    _take_nearer(index, codes, radius, representatives, nearest)
    newcomers = FlatIndex()
    for first in range(0, len(row_ids), _BLOCK_ROWS):
        block = slice(first, first + _BLOCK_ROWS)
        _take_nearer(newcomers, codes[block], radius, representatives[block], nearest[block])
        _compare_inside(row_ids[block], codes[block], radius, representatives[block], nearest[block])
        alone = representatives[block] == row_ids[block]
        newcomers.add(row_ids[block][alone], codes[block][alone])
    return representatives


def promote(representatives: RowArray, dead_rows: RowArray) -> Promotion:
    """Representatives after some rows are gone.

    The rows that a dead representative leaves behind get the first of them as their new one. It may lie up to twice
    the radius from another of them; :meth:`vdup.lookup.postings.Postings.expand` measures each row's own distance, so
    only the choice of rows that are looked at changes.

    Args:
        representatives: representative of every row, :data:`NOT_INDEXED` for rows out of look-up, int64 [N].
        dead_rows: rows to take out, in any order, int64 [D].

    Returns:
        New representatives, and the rows to add to and remove from the index.

    Raises:
        ValueError: a dead row that does not exist.
    """
    if len(dead_rows) and not (dead_rows.min() >= 0 and dead_rows.max() < len(representatives)):
        raise ValueError(f"dead_rows must lie in 0-{len(representatives) - 1}, got {dead_rows.min()}-{dead_rows.max()}")
    dead = np.zeros(len(representatives), dtype=np.bool_)
    dead[dead_rows] = True
    rows = np.arange(len(representatives), dtype=np.int64)
    removed_rows = rows[dead & (representatives == rows)]
    renewed = representatives.copy()
    renewed[dead] = NOT_INDEXED
    indexed = renewed != NOT_INDEXED
    orphans = rows[indexed][dead[renewed[indexed]]]
    _, first, group = np.unique(renewed[orphans], return_index=True, return_inverse=True)
    renewed[orphans] = orphans[first][group]
    return Promotion(renewed, np.sort(orphans[first]), removed_rows)


def _take_nearer(
    index: FrameIndex, codes: CodeArray, radius: int, representatives: RowArray, nearest: NDArray[np.int32]
) -> None:
    """Writes the nearest row of an index where it beats what is there."""
    hits = index.search(codes, 1, radius)
    rows, found = hits.query_rows, hits.reference_rows
    better = _beats(hits.distances, found, nearest[rows], representatives[rows])
    representatives[rows[better]] = found[better]
    nearest[rows[better]] = hits.distances[better]


def _compare_inside(
    row_ids: RowArray, codes: CodeArray, radius: int, representatives: RowArray, nearest: NDArray[np.int32]
) -> None:
    """Lets later rows of a block join earlier ones that represent themselves."""
    distances = hamming_distances(codes, codes)
    close = np.tril(distances <= radius, k=-1)
    for row in np.flatnonzero(close.any(axis=1)):
        earlier = np.flatnonzero(close[row])
        earlier = earlier[representatives[earlier] == row_ids[earlier]]
        if len(earlier) == 0:
            continue
        best = earlier[np.lexsort((row_ids[earlier], distances[row, earlier]))[0]]
        if _beats(distances[row, best], row_ids[best], nearest[row], representatives[row]):
            representatives[row], nearest[row] = row_ids[best], distances[row, best]


def _beats(
    distance: NDArray[np.int32], row_id: RowArray, best_distance: NDArray[np.int32], best_row_id: RowArray
) -> NDArray[np.bool_]:
    better: NDArray[np.bool_] = (distance < best_distance) | ((distance == best_distance) & (row_id < best_row_id))
    return better
