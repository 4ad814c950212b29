import math

import pytest

from vdup.datasets.segments import ScoredSegment, Segment
from vdup.evaluation.summary import summarise

TRUTH = [Segment("Q0", "R0", 0, 10, 0, 10), Segment("Q1", "R1", 0, 10, 0, 10)]


def test_by_hand() -> None:
    predictions = [
        ScoredSegment("Q0", "R0", 0, 10, 0, 10, 0.9),
        ScoredSegment("Q0", "R1", 0, 10, 0, 10, 0.8),
        ScoredSegment("Q2", "R1", 0, 10, 0, 10, 0.7),
        ScoredSegment("Q2", "R1", 20, 30, 0, 10, 0.6),
        ScoredSegment("Q1", "R1", 0, 10, 0, 10, 0.4),
    ]
    summary = summarise(TRUTH, predictions, {"Q0": ["crop"], "Q1": ["flip"]}, threshold=0.5)
    assert summary.pair_recall == summary.segment_recall == 0.5
    assert (summary.segments_predicted, summary.segments_wrong) == (4, 3)
    assert (summary.segments_wrong_without_truth, summary.queries_with_wrong_segments) == (2, 2)
    assert [(group.name, group.found) for group in summary.by_edit] == [("crop", 1), ("flip", 0)]
    assert [(group.name, group.segments) for group in summary.by_length] == [("10-20 s", 2)]
    # The right prediction below the threshold still counts for the average precisions.
    assert summary.pair_average_precision == pytest.approx((1 + 2 / 4) / 2, abs=1e-12)
    # Found 20 of 50 s on the query axis; on the reference axis 20 of 40, as Q2's two segments show the same 10 s.
    assert summary.segment_average_precision == pytest.approx(0.5 + 0.5 * math.sqrt(20 / 50 * 20 / 40), abs=1e-12)


def test_a_half_of_the_overlap() -> None:
    near = [ScoredSegment("Q0", "R0", 0, 4, 0, 4, 0.9), ScoredSegment("Q1", "R1", 0, 6, 2, 10, 0.9)]
    summary = summarise(TRUTH, near, {}, threshold=0.5)
    assert summary.segment_recall == 1
    assert summary.segment_recall_half == 0.5  # overlaps of 0.4 and sqrt(0.6 * 0.8)


def test_nothing_at_all() -> None:
    summary = summarise([], [], {}, threshold=0.5)
    assert math.isnan(summary.segment_recall)
    assert math.isnan(summary.segment_recall_half)
    assert math.isnan(summary.segment_average_precision)
    assert summary.segments_wrong == 0
    assert summary.by_edit == summary.by_length == []
