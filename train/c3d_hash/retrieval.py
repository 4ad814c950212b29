"""How well clips of a class are found among others: mean average precision over the whole ranking.

Codes of equal distance have no order of their own, so average precision is the mean over all their orders; see
:mod:`vdup.evaluation.hamming_ranking`. Real values are ranked by Euclidean distance, where ties do not matter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.evaluation.hamming_ranking import hamming_average_precisions
from vdup.evaluation.ranking import average_precision
from vdup.hashing.network import pack
from vdup.types import FloatArray

from .batches import Numbers


@dataclass(frozen=True)
class Retrieval:
    """Mean average precision, 0 to 1."""

    code_ap: float
    """By the Hamming distance of the codes."""
    float_ap: float
    """By the distance of the values before they become bits, squashed by tanh: what the bits cost is the difference."""


def retrieve(queries: FloatArray, query_labels: Numbers, database: FloatArray, database_labels: Numbers) -> Retrieval:
    """Searches for clips among others.

    Args:
        queries: values of the network, float32 [Q, bits].
        query_labels: int64 [Q].
        database: float32 [N, bits].
        database_labels: int64 [N].
    """
    codes = hamming_average_precisions(pack(queries), pack(database), query_labels, database_labels)
    values = float_average_precisions(np.tanh(queries), np.tanh(database), query_labels, database_labels)
    return Retrieval(float(codes.mean()), float(values.mean()))


def retrieve_among_themselves(values: FloatArray, labels: Numbers) -> Retrieval:
    """Searches for each clip among the others; values are float32 [N, bits]."""
    found: list[Retrieval] = []
    for place in range(len(values)):
        others = np.arange(len(values)) != place
        own = slice(place, place + 1)
        found.append(retrieve(values[own], labels[own], values[others], labels[others]))
    return Retrieval(float(np.mean([one.code_ap for one in found])), float(np.mean([one.float_ap for one in found])))


def float_average_precisions(
    queries: FloatArray, database: FloatArray, query_labels: Numbers, database_labels: Numbers
) -> NDArray[np.float64]:
    """Average precision of every query by Euclidean distance over the whole ranking.

    Args:
        queries: float32 [Q, D].
        database: float32 [N, D].
        query_labels: int64 [Q].
        database_labels: int64 [N].

    Returns:
        float64 [Q]; 0 where nothing in the database is relevant.
    """
    results = np.zeros(len(queries), dtype=np.float64)
    for place, (query, label) in enumerate(zip(queries, query_labels, strict=True)):
        order = np.argsort(np.square(database - query).sum(axis=1), kind="stable")
        ranks = np.flatnonzero(database_labels[order] == label)
        if len(ranks):
            results[place] = average_precision(ranks.tolist(), len(ranks))
    return results
