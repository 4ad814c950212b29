"""Mean average precision of fine-grained incident retrieval (FIVR-200K, Kordopatis-Zilos et al., TMM 2019).

Four tasks differ in which labels count as relevant:

====  ==========================  =======================
DSVR  duplicate scenes            ND, DS
CSVR  complementary scenes        ND, DS, CS
ISVR  incident scenes             ND, DS, CS, IS
DAVR  duplicate audio             DA
====  ==========================  =======================

Each query ranks the database without the query itself; average precision is over the relevant videos that are
available. Videos that a task does not count as relevant count as wrong, whatever their label.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.evaluation.ranking import RECALL_LEVELS, average_precision, interpolated_precisions, mean, ranked

RELEVANT_LABELS = {
    "DSVR": ("ND", "DS"),
    "CSVR": ("ND", "DS", "CS"),
    "ISVR": ("ND", "DS", "CS", "IS"),
    "DAVR": ("DA",),
}
"""Labels that count as relevant, by task."""


@dataclass(frozen=True)
class IncidentScores:
    """Measures of one task."""

    mean_average_precision: float
    """Over the queries that were ranked and have something relevant; nan when there are none."""
    by_query: dict[str, float]
    """Average precision of each of these queries."""
    interpolated_precisions: NDArray[np.float64]
    """Mean over the same queries at the recalls of :data:`~vdup.evaluation.ranking.RECALL_LEVELS`, shape [21]."""
    without_relevant: int
    """Ranked queries for which no relevant video is available; they enter no mean."""


def incident_scores(
    similarities: Mapping[str, Mapping[str, float]],
    annotations: Mapping[str, Mapping[str, Collection[str]]],
    available: Collection[str],
    task: str,
) -> IncidentScores:
    """Measures one task.

    Args:
        similarities: of each ranked query to each video; ties stand in the order of the mapping.
        annotations: videos of each label of each query; labels without videos may be absent.
        available: videos that take part; others are neither ranked nor relevant.
        task: a key of :data:`RELEVANT_LABELS`.
    """
    present = frozenset(available)
    by_query: dict[str, float] = {}
    curves = []
    without = 0
    for query, scores in similarities.items():
        labels = annotations[query]
        relevant = {name for label in RELEVANT_LABELS[task] for name in labels.get(label, ())} & present - {query}
        if not relevant:
            without += 1
            continue
        ranking = [name for name in ranked(scores) if name in present and name != query]
        ranks = relevant_ranks(ranking, relevant)
        by_query[query] = average_precision(ranks, len(relevant))
        curves.append(interpolated_precisions(ranks, len(relevant)))
    return IncidentScores(
        mean_average_precision=mean(list(by_query.values())),
        by_query=by_query,
        interpolated_precisions=np.mean(curves, axis=0) if curves else np.full(len(RECALL_LEVELS), np.nan),
        without_relevant=without,
    )


def relevant_ranks(ranking: Sequence[str], relevant: Collection[str]) -> list[int]:
    """Ranks of the relevant items, counted from 0."""
    return [rank for rank, name in enumerate(ranking) if name in relevant]
