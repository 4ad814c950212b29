"""From what faiss returns to sorted hits that do not depend on faiss' choice among equal distances."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vdup.types import CodeArray, FrameHits, RowArray

Fetch = Callable[[CodeArray, int], tuple[NDArray[np.int32], RowArray]]
"""(query codes [Q, 128], k) -> distances [Q, k], rising, and positions [Q, k]; position -1 fills up short rows."""

NameRows = Callable[[RowArray], RowArray]
"""Positions -> row ids of the same shape; -1 for filling and for removed rows."""

_FETCHED_AT_ONCE = 1 << 21
"""Most results held by one call of faiss: 24 MiB."""


def nearest_rows(
    fetch: Fetch, name_rows: NameRows, stored: int, codes: CodeArray, neighbours: int, max_distance: int
) -> FrameHits:
    """Nearest rows of each query, removed rows left out and ties cut by row id.

    A query's answer is settled once ``neighbours`` live rows lie strictly nearer than the last row fetched, for then
    every row as near as they are was seen. Until then it is asked again for four times as many.

    Args:
        fetch: one search.
        name_rows: gives positions their row ids.
        stored: rows that ``fetch`` looks through, removed ones included.
        codes: query codes, uint8 [Q, 128].
        neighbours: most hits of one query.
        max_distance: largest distance of a hit.

    Returns:
        Hits as :meth:`vdup.lookup.base.FrameIndex.search` gives them.
    """
    parts: list[FrameHits] = []
    waiting = np.arange(len(codes) if stored else 0, dtype=np.int64)
    amount = neighbours + max(8, neighbours // 4)
    while len(waiting):
        amount = min(amount, stored)
        unsettled: list[RowArray] = []
        step = max(1, _FETCHED_AT_ONCE // amount)
        for first in range(0, len(waiting), step):
            rows = waiting[first : first + step]
            distances, positions = fetch(codes[rows], amount)
            row_ids = name_rows(positions)
            last = distances[:, -1]
            nearer = np.count_nonzero((row_ids >= 0) & (distances < last[:, None]), axis=1)
            settled = (nearer >= neighbours) | (positions[:, -1] < 0) | (last > max_distance)
            if amount == stored:
                settled[:] = True
            parts.append(
                ranked(rows[settled], distances[settled], row_ids[settled], neighbours, max_distance),
            )
            unsettled.append(rows[~settled])
        waiting = np.concatenate(unsettled)
        amount *= 4
    return _joined(parts)


def ranked(
    query_rows: RowArray, distances: NDArray[np.int32], row_ids: RowArray, neighbours: int, max_distance: int
) -> FrameHits:
    """The best results of each query, sorted.

    Args:
        query_rows: query of each line of results, int64 [Q].
        distances: int32 [Q, K].
        row_ids: int64 [Q, K]; negative ones are left out.
        neighbours: most hits of one query.
        max_distance: largest distance of a hit.

    Returns:
        Hits sorted by query row, distance and row id.
    """
    usable = (row_ids >= 0) & (distances <= max_distance)
    queries = np.broadcast_to(query_rows[:, None], row_ids.shape)[usable]
    hits = sorted_hits(queries, row_ids[usable], distances[usable])
    return first_of_each_query(hits, neighbours)


def sorted_hits(query_rows: RowArray, row_ids: RowArray, distances: NDArray[np.int32]) -> FrameHits:
    """Hits sorted by query row, distance and row id; the columns are [M]."""
    order = np.lexsort((row_ids, distances, query_rows))
    return FrameHits(query_rows[order], row_ids[order], distances[order].astype(np.int32, copy=False))


def first_of_each_query(hits: FrameHits, neighbours: int) -> FrameHits:
    """At most ``neighbours`` hits of each query, from hits sorted by query."""
    kept = place_in_group(hits.query_rows) < neighbours
    return FrameHits(hits.query_rows[kept], hits.reference_rows[kept], hits.distances[kept])


def place_in_group(keys: RowArray) -> RowArray:
    """Place of each element among its equals, 0 first, int64 [M]; equal keys must be adjacent."""
    places = np.arange(len(keys), dtype=np.int64)
    starts_group = np.ones(len(keys), dtype=np.bool_)
    starts_group[1:] = keys[1:] != keys[:-1]
    return places - np.maximum.accumulate(np.where(starts_group, places, 0))


def _joined(parts: list[FrameHits]) -> FrameHits:
    query_rows = np.concatenate([np.empty(0, np.int64), *(part.query_rows for part in parts)])
    row_ids = np.concatenate([np.empty(0, np.int64), *(part.reference_rows for part in parts)])
    distances = np.concatenate([np.empty(0, np.int32), *(part.distances for part in parts)])
    # Each query lies whole in one part, so a stable sort by query keeps its order.
    order = np.argsort(query_rows, kind="stable")
    return FrameHits(query_rows[order], row_ids[order], distances[order])
