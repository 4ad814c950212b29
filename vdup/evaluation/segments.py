"""Average precision of predicted segments: the matching track of the Video Similarity Challenge (VSC2022).

Definition (Pizzi et al., "The 2023 Video Similarity Dataset and Challenge", 2023; its per-axis lengths go back to VCSL,
He et al., CVPR 2022):

- Predicted segments are taken by falling score; segments of the same score are added together.
- On each axis (query, reference) of each pair of videos stand the union of the segments predicted so far and the union
  of the true segments that at least one of them overlaps in area. The intersection of the two unions is what was found;
  a true segment that no prediction overlaps in area adds nothing there, even where the two meet on one axis.
- Summed over all pairs, for the query axis: ``Pq = found / predicted length``, ``Rq = found / length of the union of
  all true segments``; likewise ``Pr, Rr``. ``P = sqrt(Pq Pr)``, ``R = sqrt(Rq Rr)``.
- ``AP`` is the sum of ``P * (R - previous R)`` over the groups of equal score.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from vdup.datasets.segments import ScoredSegmentLike, SegmentLike, overlap_in_area, pair_of
from vdup.evaluation.intervals import IntervalUnion


@dataclass(frozen=True)
class SegmentCurve:
    """Precision and recall of segments as the threshold falls."""

    average_precision: float
    """0 to 1; nan when there is no truth, since nothing can be recalled."""
    thresholds: NDArray[np.float64]
    """Scores that occur, falling, shape [N]."""
    precisions: NDArray[np.float64]
    """P of all predictions with at least that score, shape [N]."""
    recalls: NDArray[np.float64]
    """R of all predictions with at least that score, shape [N], never falling."""


class _Axis:
    """One axis of one pair: what is predicted, what is true and overlapped, and both together."""

    def __init__(self) -> None:
        self.predicted = IntervalUnion()
        self.true = IntervalUnion()
        self.either = IntervalUnion()

    def add_predicted(self, start: float, end: float) -> None:
        self.predicted.add(start, end)
        self.either.add(start, end)

    def add_true(self, start: float, end: float) -> None:
        self.true.add(start, end)
        self.either.add(start, end)

    @property
    def found(self) -> float:
        """Length of the intersection: what the two unions have too much over their common union."""
        return max(0.0, self.predicted.length + self.true.length - self.either.length)


class _Pair:
    """Predictions and truth of one query and one reference."""

    def __init__(self) -> None:
        self.waiting: list[SegmentLike] = []
        """True segments that no prediction has overlapped yet."""
        self.query = _Axis()
        self.reference = _Axis()

    def add(self, prediction: SegmentLike) -> None:
        self.query.add_predicted(prediction.query_start_seconds, prediction.query_end_seconds)
        self.reference.add_predicted(prediction.reference_start_seconds, prediction.reference_end_seconds)
        still_waiting = []
        for segment in self.waiting:
            if overlap_in_area(segment, prediction):
                self.query.add_true(segment.query_start_seconds, segment.query_end_seconds)
                self.reference.add_true(segment.reference_start_seconds, segment.reference_end_seconds)
            else:
                still_waiting.append(segment)
        self.waiting = still_waiting

    def lengths(self) -> tuple[float, float, float, float]:
        """Found on the query and the reference axis, then predicted on both."""
        return self.query.found, self.reference.found, self.query.predicted.length, self.reference.predicted.length


def _true_lengths(truth: Sequence[SegmentLike]) -> tuple[float, float]:
    """Length of the true segments on the query and the reference axis, summed over pairs, overlaps counted once."""
    query: defaultdict[tuple[str, str], IntervalUnion] = defaultdict(IntervalUnion)
    reference: defaultdict[tuple[str, str], IntervalUnion] = defaultdict(IntervalUnion)
    for segment in truth:
        query[pair_of(segment)].add(segment.query_start_seconds, segment.query_end_seconds)
        reference[pair_of(segment)].add(segment.reference_start_seconds, segment.reference_end_seconds)
    return math.fsum(union.length for union in query.values()), math.fsum(union.length for union in reference.values())


def segment_curve(truth: Sequence[SegmentLike], predictions: Sequence[ScoredSegmentLike]) -> SegmentCurve:
    """Average precision of segments and the curve behind it, as the module's text defines them.

    The cost is O(n log n) in the predictions; each is also held against the true segments of its own pair that nothing
    has overlapped yet.

    Args:
        truth: true segments.
        predictions: predicted segments; those of pairs without truth count as wrong.

    Returns:
        The curve; empty when there are no predictions.
    """
    pairs: defaultdict[tuple[str, str], _Pair] = defaultdict(_Pair)
    for segment in truth:
        pairs[pair_of(segment)].waiting.append(segment)
    true = math.sqrt(math.prod(_true_lengths(truth)))

    thresholds, precisions, recalls = [], [], []
    average_precision = recall = 0.0
    totals = [0.0] * 4
    by_score = sorted(predictions, key=lambda prediction: -prediction.score)
    for score, group in groupby(by_score, key=lambda prediction: prediction.score):
        for prediction in group:
            pair = pairs[pair_of(prediction)]
            before = pair.lengths()
            pair.add(prediction)
            totals = [total - old + new for total, old, new in zip(totals, before, pair.lengths(), strict=True)]
        # Differences of sums may fall below zero by a rounding error.
        query_found, reference_found, query_predicted, reference_predicted = (max(0.0, total) for total in totals)
        found, predicted = math.sqrt(query_found * reference_found), math.sqrt(query_predicted * reference_predicted)
        precision = found / predicted if predicted > 0 else 0.0
        new_recall = max(recall, found / true) if true > 0 else 0.0
        average_precision += precision * (new_recall - recall)
        recall = new_recall
        thresholds.append(score)
        precisions.append(precision)
        recalls.append(recall)
    return SegmentCurve(
        average_precision=average_precision if truth else math.nan,
        thresholds=np.array(thresholds, dtype=np.float64),
        precisions=np.array(precisions, dtype=np.float64),
        recalls=np.array(recalls, dtype=np.float64),
    )
