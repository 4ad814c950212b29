"""Mean average precision of binary codes ranked by Hamming distance, with a stated rule for ties.

Codes of a few dozen bits have few distances, so most items of a ranking are tied, and what a program does with ties can
move the figure by several points. Two rules are offered:

- ``expectation``: the mean of average precision over all orders of the tied items, by the exact formula of McSherry and
  Najork (ECIR 2008). It depends on nothing but the distances.
- ``database_order``: tied items stand in the order of the database, as a stable sort leaves them.
"""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from vdup.types import CodeArray


class Ties(Enum):
    """What is done with items of the same distance."""

    expectation = "expectation"
    database_order = "database_order"


def hamming_average_precisions(
    queries: CodeArray,
    database: CodeArray,
    query_labels: NDArray[np.int64],
    database_labels: NDArray[np.int64],
    ties: Ties = Ties.expectation,
) -> NDArray[np.float64]:
    """Average precision of every query over the full ranking; an item is relevant when it has the query's label.

    Args:
        queries: packed codes, uint8 [Q, B].
        database: packed codes, uint8 [N, B].
        query_labels: class of each query, int64 [Q].
        database_labels: class of each database item, int64 [N].
        ties: what is done with equal distances.

    Returns:
        Float64 [Q]; 0 where nothing in the database is relevant, as is the custom in hashing.

    Raises:
        ValueError: shapes do not fit.
    """
    if queries.ndim != 2 or database.ndim != 2 or queries.shape[1] != database.shape[1]:
        raise ValueError(f"codes of shapes {queries.shape} and {database.shape} cannot be compared")
    if len(query_labels) != len(queries) or len(database_labels) != len(database):
        raise ValueError("every code needs one label")
    rule = _expected if ties is Ties.expectation else _in_database_order
    bits = 8 * queries.shape[1]
    values = np.zeros(len(queries), dtype=np.float64)
    for number, (code, label) in enumerate(zip(queries, query_labels, strict=True)):
        distances = np.bitwise_count(code ^ database).sum(axis=1, dtype=np.int64)
        relevant = database_labels == label
        if relevant.any():
            values[number] = rule(distances, relevant, bits)
    return values


def _in_database_order(distances: NDArray[np.int64], relevant: NDArray[np.bool_], _bits: int) -> float:
    ranks = np.flatnonzero(relevant[np.argsort(distances, kind="stable")])
    return float(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1)))


def _expected(distances: NDArray[np.int64], relevant: NDArray[np.bool_], bits: int) -> float:
    """Sum over groups of tied items of what their relevant ones add to average precision in the mean over all orders.

    In a group of g items, r of them relevant, behind n items, R of them relevant, the item at place j (1 ... g) is
    relevant with probability r / g; if it is, then of the j - 1 before it (j - 1) c are so in the mean, where
    c = (r - 1) / (g - 1). Its precision is (R + 1 + (j - 1) c) / (n + j) = c + (R + 1 - c (n + 1)) / (n + j), and the
    sum over j is a difference of harmonic numbers.
    """
    group = np.bincount(distances, minlength=bits + 1).astype(np.float64)
    hits = np.bincount(distances[relevant], minlength=bits + 1).astype(np.float64)
    before = np.concatenate([[0], np.cumsum(group)[:-1]])
    hits_before = np.concatenate([[0], np.cumsum(hits)[:-1]])
    taken = hits > 0
    group, hits, before, hits_before = group[taken], hits[taken], before[taken], hits_before[taken]
    slope = np.where(group > 1, (hits - 1) / np.where(group > 1, group - 1, 1), 0.0)
    harmonic = np.concatenate([[0], np.cumsum(1 / np.arange(1, len(distances) + 1))])
    between = harmonic[(before + group).astype(int)] - harmonic[before.astype(int)]
    sums = slope * group + (hits_before + 1 - slope * (before + 1)) * between
    return float(np.sum(hits / group * sums) / relevant.sum())
