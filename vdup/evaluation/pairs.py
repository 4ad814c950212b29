"""Metrics of pairs of videos, and of segments as right or wrong.

A pair is a query and a reference; the score of a predicted pair is the highest of its segments.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from typing import TypeVar

from vdup.datasets.segments import ScoredSegmentLike, SegmentLike, overlap_in_area, pair_of

Prediction = TypeVar("Prediction", bound=ScoredSegmentLike)


def pair_scores(predictions: Sequence[ScoredSegmentLike]) -> dict[tuple[str, str], float]:
    """Score of every predicted pair (query id, reference id)."""
    scores: dict[tuple[str, str], float] = {}
    for prediction in predictions:
        pair = pair_of(prediction)
        scores[pair] = max(prediction.score, scores.get(pair, -math.inf))
    return scores


def pair_average_precision(truth: Sequence[SegmentLike], predictions: Sequence[ScoredSegmentLike]) -> float:
    """Micro average precision of pairs: all pairs of all queries in one ranking.

    ``sum of precision * (recall - previous recall)`` over the groups of pairs with the same score, the precision taken
    after the group; so the order of ties does not matter. Recall is measured against all true pairs, so pairs that were
    never predicted cost their share. The same measure ranks the descriptor track of the Video Similarity Challenge.

    Args:
        truth: true segments; several of one pair count once.
        predictions: predicted segments.

    Returns:
        0 to 1; nan when there is no truth.
    """
    return micro_average_precision({pair_of(segment) for segment in truth}, pair_scores(predictions))


def micro_average_precision(true_pairs: Set[tuple[str, str]], scores: Mapping[tuple[str, str], float]) -> float:
    """Micro average precision, as :func:`pair_average_precision` defines it, of pairs with a score.

    Args:
        true_pairs: (query id, reference id).
        scores: of every predicted pair.

    Returns:
        0 to 1; nan when there is no truth.
    """
    if not true_pairs:
        return math.nan
    ranking = sorted(scores.items(), key=lambda item: -item[1])
    average_precision = 0.0
    seen = right = 0
    for _, group in groupby(ranking, key=lambda item: item[1]):
        pairs = [pair for pair, _ in group]
        newly_right = sum(pair in true_pairs for pair in pairs)
        seen += len(pairs)
        right += newly_right
        average_precision += (right / seen) * (newly_right / len(true_pairs))
    return average_precision


def pair_recall(truth: Sequence[SegmentLike], predictions: Sequence[ScoredSegmentLike], threshold: float) -> float:
    """Share of the true pairs that are predicted with at least the threshold.

    Args:
        truth: true segments; several of one pair count once.
        predictions: predicted segments.
        threshold: least score that counts.

    Returns:
        0 to 1; nan when there is no truth.
    """
    true_pairs = {pair_of(segment) for segment in truth}
    found = {pair for pair, score in pair_scores(predictions).items() if score >= threshold}
    return len(true_pairs & found) / len(true_pairs) if true_pairs else math.nan


def wrong_segments(
    truth: Sequence[SegmentLike], predictions: Sequence[Prediction], threshold: float
) -> list[Prediction]:
    """Predictions with at least the threshold that overlap no true segment of their pair in area.

    Args:
        truth: true segments.
        predictions: predicted segments.
        threshold: least score that counts.

    Returns:
        The wrong ones, in the order given.
    """
    by_pair: defaultdict[tuple[str, str], list[SegmentLike]] = defaultdict(list)
    for segment in truth:
        by_pair[pair_of(segment)].append(segment)
    return [
        prediction
        for prediction in predictions
        if prediction.score >= threshold
        and not any(overlap_in_area(prediction, segment) for segment in by_pair.get(pair_of(prediction), ()))
    ]
