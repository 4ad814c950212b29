"""The measure of VCSL (He et al., CVPR 2022): segment precision and recall of each pair of videos, then averages.

For one pair and one axis, precision is the length that the predicted segments have right over the summed lengths of
the predicted segments. What one prediction has right is the union of its intersections with those true segments which
it overlaps in area; overlapping predictions count twice, in what is right as in the summed length. Recall swaps the
roles. The two axes are multiplied.

A pair without predictions has precision 1, a pair without truth has recall 1, and neither value enters the *micro*
average, which is over pairs. The *macro* average is over query sets, of the averages within each set, and there all
values enter. F1 is taken of the averaged precision and recall.

Published code adds 1e-6 to each summed length (so that a real value stays below 1 and can be told from an assigned one)
and adds up unions in float32; here sums are float64.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vdup.datasets.segments import SegmentLike, overlap_in_area
from vdup.evaluation.intervals import IntervalUnion
from vdup.evaluation.ranking import mean

_EPSILON_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class PairMeasure:
    """Precision and recall of one pair of videos."""

    precision: float
    recall: float
    predicted: bool
    """Whether a segment was predicted."""
    true: bool
    """Whether there is a true segment."""


@dataclass(frozen=True, slots=True)
class Averages:
    """Averaged precision and recall; nan where nothing enters the average."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; 0 when both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total != 0 else 0.0


@dataclass(frozen=True, slots=True)
class VideoErrors:
    """Errors of whole videos."""

    false_rejection_rate: float
    """Share of the pairs with truth for which nothing was predicted; nan when there are none."""
    false_alarm_rate: float
    """Share of the pairs without truth for which something was predicted; nan when there are none."""


def measure_pair(predictions: Sequence[SegmentLike], truth: Sequence[SegmentLike]) -> PairMeasure:
    """Precision and recall of one pair.

    Args:
        predictions: of this pair.
        truth: of this pair.
    """
    predicted, true = bool(predictions), bool(truth)
    if not (predicted and true):
        return PairMeasure(0.0 if predicted else 1.0, 0.0 if true else 1.0, predicted, true)
    return PairMeasure(_right_share(predictions, truth), _right_share(truth, predictions), predicted, true)


def micro_average(measures: Iterable[PairMeasure]) -> Averages:
    """Over pairs: precision over those with a prediction, recall over those with truth."""
    measures = list(measures)
    return Averages(
        precision=mean([measure.precision for measure in measures if measure.predicted]),
        recall=mean([measure.recall for measure in measures if measure.true]),
    )


def macro_average(
    measures: Mapping[tuple[str, str], PairMeasure], query_sets: Mapping[str, Collection[tuple[str, str]]]
) -> Averages:
    """Over query sets, of the averages within each set; assigned values enter.

    Args:
        measures: of each pair.
        query_sets: the pairs of each set; pairs that were not measured are passed over, and so are sets that have no
            other.
    """
    sets = [
        [measures[pair] for pair in pairs if pair in measures]
        for pairs in query_sets.values()
        if any(pair in measures for pair in pairs)
    ]
    return Averages(
        precision=mean([mean([measure.precision for measure in members]) for members in sets]),
        recall=mean([mean([measure.recall for measure in members]) for members in sets]),
    )


def video_errors(measures: Iterable[PairMeasure]) -> VideoErrors:
    """Rates of false rejection and false alarm.

    Equal to the published formula, which takes the ratio of pairs with to pairs without truth as a setting, when that
    ratio is the true one: 1 in VCSL's test split.
    """
    counts = {(predicted, true): 0 for predicted in (False, True) for true in (False, True)}
    for measure in measures:
        counts[measure.predicted, measure.true] += 1
    positive, negative = counts[True, True] + counts[False, True], counts[True, False] + counts[False, False]
    return VideoErrors(
        false_rejection_rate=counts[False, True] / positive if positive else math.nan,
        false_alarm_rate=counts[True, False] / negative if negative else math.nan,
    )


def _right_share(segments: Sequence[SegmentLike], others: Sequence[SegmentLike]) -> float:
    """What the segments have in common with the others, as a share of their summed lengths; both axes multiplied."""
    right_query = right_reference = all_query = all_reference = 0.0
    for segment in segments:
        on_query, on_reference = IntervalUnion(), IntervalUnion()
        for other in others:
            if overlap_in_area(segment, other):
                on_query.add(
                    max(segment.query_start_seconds, other.query_start_seconds),
                    min(segment.query_end_seconds, other.query_end_seconds),
                )
                on_reference.add(
                    max(segment.reference_start_seconds, other.reference_start_seconds),
                    min(segment.reference_end_seconds, other.reference_end_seconds),
                )
        right_query += on_query.length
        right_reference += on_reference.length
        all_query += segment.query_end_seconds - segment.query_start_seconds
        all_reference += segment.reference_end_seconds - segment.reference_start_seconds
    return right_query / (all_query + _EPSILON_SECONDS) * right_reference / (all_reference + _EPSILON_SECONDS)
