import math
from collections.abc import Sequence

import numpy as np
import pytest
from segment_sets import random_segments

from vdup.datasets.segments import ScoredSegment, Segment
from vdup.evaluation.segments import segment_curve
from vdup.types import Match


def seconds(segments: Sequence[Segment], axis: str) -> set[int]:
    covered: set[int] = set()
    for segment in segments:
        covered.update(
            range(int(getattr(segment, f"{axis}_start_seconds")), int(getattr(segment, f"{axis}_end_seconds")))
        )
    return covered


def naive_average_precision(truth: list[Segment], predictions: list[ScoredSegment]) -> float:
    """Everything afresh at every threshold, second by second; times are whole seconds."""

    def cells(segment: Segment) -> set[tuple[int, int]]:
        return {(q, r) for q in seconds([segment], "query") for r in seconds([segment], "reference")}

    pairs = {(s.query_id, s.reference_id) for s in [*truth, *predictions]}
    total = previous = 0.0
    for threshold in sorted({p.score for p in predictions}, reverse=True):
        ratios = []
        for axis in ("query", "reference"):
            found = predicted = true = 0
            for pair in pairs:
                true_here = [s for s in truth if (s.query_id, s.reference_id) == pair]
                here = [p for p in predictions if (p.query_id, p.reference_id) == pair and p.score >= threshold]
                overlapped = [s for s in true_here if any(cells(s) & cells(p) for p in here)]
                found += len(seconds(here, axis) & seconds(overlapped, axis))
                predicted += len(seconds(here, axis))
                true += len(seconds(true_here, axis))
            ratios.append((found / predicted, found / true))
        precision = math.sqrt(ratios[0][0] * ratios[1][0])
        recall = math.sqrt(ratios[0][1] * ratios[1][1])
        total += precision * (recall - previous)
        previous = recall
    return total


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_naive_count(seed: int) -> None:
    truth, predictions = random_segments(seed)
    expected = naive_average_precision(truth, predictions)
    assert segment_curve(truth, predictions).average_precision == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_repetition_matters(seed: int) -> None:
    truth, predictions = random_segments(seed)
    expected = segment_curve(truth, predictions).average_precision
    again = segment_curve(truth[::-1], predictions[::-1] + predictions).average_precision
    assert again == pytest.approx(expected, abs=1e-12)


def test_by_hand() -> None:
    """Truth 10 s on both axes.

    Score .9: 8 s on both axes, 6 s of them right: P = 6/8, R = 6/10. Score .4, of another pair: 4 s, all wrong:
    P = 6/12, R unchanged. Score .2: the last 4 s: P = 10/16, R = 1.
    """
    truth = [Segment("Q0", "R0", 10, 20, 50, 60)]
    predictions = [
        ScoredSegment("Q0", "R0", 16, 20, 56, 60, score=0.2),
        ScoredSegment("Q0", "R0", 8, 16, 48, 56, score=0.9),
        ScoredSegment("Q0", "R1", 8, 12, 48, 52, score=0.4),
    ]
    curve = segment_curve(truth, predictions)
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.4, 0.2])
    np.testing.assert_allclose(curve.precisions, [6 / 8, 6 / 12, 10 / 16])
    np.testing.assert_allclose(curve.recalls, [0.6, 0.6, 1.0])
    assert curve.average_precision == pytest.approx(0.75 * 0.6 + 0.625 * 0.4, abs=1e-12)


def test_ties_are_added_together() -> None:
    truth = [Segment("Q0", "R0", 0, 10, 0, 10)]
    right, wrong = ScoredSegment("Q0", "R0", 0, 10, 0, 10, 0.5), ScoredSegment("Q1", "R0", 0, 10, 0, 10, 0.5)
    for predictions in ([right, wrong], [wrong, right]):
        assert segment_curve(truth, predictions).average_precision == pytest.approx(0.5, abs=1e-12)


def test_a_truth_that_is_met_on_one_axis_only_counts_for_nothing() -> None:
    truth = [Segment("Q0", "R0", 0, 10, 0, 10), Segment("Q0", "R0", 20, 30, 20, 30)]
    crossed = [ScoredSegment("Q0", "R0", 0, 10, 20, 30, 1.0)]
    assert segment_curve(truth, crossed).average_precision == 0.0


def test_the_axes_are_averaged_geometrically() -> None:
    truth = [Segment("Q0", "R0", 0, 8, 0, 8)]
    curve = segment_curve(truth, [ScoredSegment("Q0", "R0", 0, 8, 0, 2, 1.0)])
    np.testing.assert_allclose(curve.precisions, [1.0])
    np.testing.assert_allclose(curve.recalls, [math.sqrt(1.0 * 0.25)])


def test_perfect_predictions_score_one() -> None:
    truth, _ = random_segments(3)
    predictions = [
        ScoredSegment(
            s.query_id,
            s.reference_id,
            s.query_start_seconds,
            s.query_end_seconds,
            s.reference_start_seconds,
            s.reference_end_seconds,
            score=index / 10,
        )
        for index, s in enumerate(truth)
    ]
    assert segment_curve(truth, predictions).average_precision == pytest.approx(1.0, abs=1e-12)


def test_no_predictions_score_zero_and_no_truth_has_no_score() -> None:
    truth, predictions = random_segments(4)
    curve = segment_curve(truth, [])
    assert curve.average_precision == 0.0
    assert len(curve.thresholds) == len(curve.precisions) == len(curve.recalls) == 0
    assert math.isnan(segment_curve([], predictions).average_precision)
    assert math.isnan(segment_curve([], []).average_precision)


def test_predictions_of_no_length_are_harmless() -> None:
    truth = [Segment("Q0", "R0", 0, 10, 0, 10)]
    points = [ScoredSegment("Q0", "R0", 5, 5, 5, 5, 1.0)]
    assert segment_curve(truth, points).average_precision == 0.0
    whole = [*points, ScoredSegment("Q0", "R0", 0, 10, 0, 10, 0.5)]
    assert segment_curve(truth, whole).average_precision == pytest.approx(1.0, abs=1e-12)


def test_takes_matches_of_the_pipeline() -> None:
    match = Match("Q0", "R0", 0.0, 10.0, 0.0, 10.0, score=0.7)
    assert segment_curve([Segment("Q0", "R0", 0, 10, 0, 10)], [match]).average_precision == pytest.approx(1.0)
