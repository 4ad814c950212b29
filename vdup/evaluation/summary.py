"""All measures of one set of predictions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vdup.datasets.segments import ScoredSegmentLike, SegmentLike
from vdup.evaluation.breakdown import Group, by_edit, by_length, outcomes
from vdup.evaluation.pairs import pair_average_precision, pair_recall, wrong_segments
from vdup.evaluation.segments import segment_curve


@dataclass(frozen=True)
class Summary:
    """Measures of one set of predictions. Shares are nan when there is nothing to share."""

    segment_average_precision: float
    pair_average_precision: float
    threshold: float
    """Score from which on a prediction counts in the fields below."""
    pair_recall: float
    segment_recall: float
    """Share of the true segments that a prediction overlaps in area."""
    segment_recall_half: float
    """Share of those whose overlap with one prediction is a half or more; see :attr:`Outcome.overlap`."""
    segments_predicted: int
    segments_wrong: int
    """Predictions that overlap no true segment of their pair in area."""
    segments_wrong_without_truth: int
    """Those of them on queries that have no true segment at all."""
    queries_with_wrong_segments: int
    by_edit: list[Group]
    by_length: list[Group]


def summarise(
    truth: Sequence[SegmentLike],
    predictions: Sequence[ScoredSegmentLike],
    edits: Mapping[str, Sequence[str]],
    threshold: float,
) -> Summary:
    """Measures predictions against the truth.

    Args:
        truth: true segments, in the order of the ground truth file.
        predictions: predicted segments, also those below the threshold: the average precisions use them all.
        edits: labels of each query id; may be empty.
        threshold: score from which on a prediction counts in all but the average precisions.

    Returns:
        The measures.
    """
    results = outcomes(truth, predictions, threshold)
    wrong = wrong_segments(truth, predictions, threshold)
    with_truth = {segment.query_id for segment in truth}
    return Summary(
        segment_average_precision=segment_curve(truth, predictions).average_precision,
        pair_average_precision=pair_average_precision(truth, predictions),
        threshold=threshold,
        pair_recall=pair_recall(truth, predictions, threshold),
        segment_recall=sum(outcome.found for outcome in results) / len(results) if results else math.nan,
        segment_recall_half=(
            sum(outcome.overlap >= 0.5 for outcome in results) / len(results) if results else math.nan
        ),
        segments_predicted=sum(prediction.score >= threshold for prediction in predictions),
        segments_wrong=len(wrong),
        segments_wrong_without_truth=sum(prediction.query_id not in with_truth for prediction in wrong),
        queries_with_wrong_segments=len({prediction.query_id for prediction in wrong}),
        by_edit=by_edit(results, edits),
        by_length=by_length(results),
    )
