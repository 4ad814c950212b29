import math

import pytest
from segment_sets import random_segments

from vdup.datasets.segments import ScoredSegment, Segment
from vdup.evaluation.pairs import pair_average_precision, pair_recall, pair_scores, wrong_segments


def predicted(query_id: str, reference_id: str, score: float) -> ScoredSegment:
    return ScoredSegment(query_id, reference_id, 0, 10, 0, 10, score)


TRUTH = [Segment("Q0", "R0", 0, 10, 0, 10), Segment("Q0", "R0", 20, 30, 20, 30), Segment("Q1", "R1", 0, 10, 0, 10)]


def naive_average_precision(truth: list[Segment], predictions: list[ScoredSegment]) -> float:
    """Everything afresh at every threshold."""
    true = {(s.query_id, s.reference_id) for s in truth}
    total = previous = 0.0
    for threshold in sorted({p.score for p in predictions}, reverse=True):
        seen = {(p.query_id, p.reference_id) for p in predictions if p.score >= threshold}
        recall = len(seen & true) / len(true)
        total += len(seen & true) / len(seen) * (recall - previous)
        previous = recall
    return total


@pytest.mark.parametrize("seed", range(60))
def test_average_precision_equals_the_naive_count(seed: int) -> None:
    truth, predictions = random_segments(seed)
    expected = naive_average_precision(truth, predictions)
    assert pair_average_precision(truth, predictions) == pytest.approx(expected, abs=1e-9)
    assert pair_average_precision(truth[::-1], predictions[::-1]) == pytest.approx(expected, abs=1e-9)


def test_average_precision_by_hand() -> None:
    """Ranks: right, wrong, right. Two of three true pairs are found: (1/1 + 2/3) / 3."""
    truth = [*TRUTH, Segment("Q2", "R2", 0, 1, 0, 1)]
    predictions = [predicted("Q1", "R1", 0.2), predicted("Q0", "R0", 0.9), predicted("Q0", "R1", 0.5)]
    assert pair_average_precision(truth, predictions) == pytest.approx((1 + 2 / 3) / 3, abs=1e-12)


def test_ties_are_one_group() -> None:
    """One right, one wrong at .5: precision 1/2 for half of the recall, in either order."""
    tied = [predicted("Q0", "R0", 0.5), predicted("Q5", "R0", 0.5)]
    for predictions in (tied, tied[::-1]):
        assert pair_average_precision(TRUTH, predictions) == pytest.approx(0.25, abs=1e-12)


def test_a_pair_has_the_highest_score_of_its_segments() -> None:
    predictions = [predicted("Q0", "R0", 0.1), predicted("Q0", "R0", 0.8), predicted("Q0", "R0", 0.3)]
    assert pair_scores(predictions) == {("Q0", "R0"): 0.8}
    assert pair_scores([predicted("Q0", "R0", -2.0)]) == {("Q0", "R0"): -2.0}


def test_recall_counts_pairs_once_and_includes_the_threshold() -> None:
    predictions = [predicted("Q0", "R0", 0.5), predicted("Q1", "R1", 0.4), predicted("Q9", "R9", 1.0)]
    assert pair_recall(TRUTH, predictions, 0.5) == 0.5
    assert pair_recall(TRUTH, predictions, 0.4) == 1.0
    assert pair_recall(TRUTH, predictions, 0.6) == 0.0


def test_nothing_predicted_or_nothing_true() -> None:
    assert pair_average_precision(TRUTH, []) == 0.0
    assert pair_recall(TRUTH, [], 0.0) == 0.0
    assert math.isnan(pair_average_precision([], [predicted("Q0", "R0", 1.0)]))
    assert math.isnan(pair_recall([], [], 0.0))


def test_wrong_segments_are_of_a_wrong_pair_or_off_the_truth() -> None:
    right = ScoredSegment("Q0", "R0", 9, 15, 9, 15, 0.9)
    crossed = ScoredSegment("Q0", "R0", 0, 10, 20, 30, 0.9)
    touching = ScoredSegment("Q0", "R0", 10, 20, 10, 20, 0.9)
    other_pair = ScoredSegment("Q0", "R1", 0, 10, 0, 10, 0.5)
    below = ScoredSegment("Q7", "R1", 0, 10, 0, 10, 0.49)
    everything = [right, crossed, touching, other_pair, below]
    assert wrong_segments(TRUTH, everything, 0.5) == [crossed, touching, other_pair]
    assert wrong_segments([], [right], 0.0) == [right]
    assert wrong_segments(TRUTH, [], 0.0) == []
