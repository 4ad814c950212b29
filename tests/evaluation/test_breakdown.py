import math

import pytest

from vdup.datasets.segments import ScoredSegment, Segment
from vdup.evaluation.breakdown import COMBINED, UNLABELLED, Group, by_edit, by_length, outcomes

TRUTH = [
    Segment("Q0", "R0", 0, 10, 0, 10),
    Segment("Q0", "R1", 20, 24, 0, 4),
    Segment("Q1", "R0", 0, 20, 0, 40),
    Segment("Q2", "R0", 0, 100, 0, 100),
]


class TestOutcomes:
    def test_overlap_is_the_geometric_mean_of_both_axes(self) -> None:
        """Query: 5 of 10 s; reference: 8 of 10 s."""
        (outcome, *others) = outcomes(TRUTH, [ScoredSegment("Q0", "R0", 5, 10, 0, 8, 1.0)], 0.5)
        assert outcome.overlap == pytest.approx(math.sqrt(0.5 * 0.8), abs=1e-12)
        assert outcome.found
        assert not any(other.found for other in others)

    def test_the_best_prediction_counts(self) -> None:
        predictions = [
            ScoredSegment("Q0", "R0", 0, 1, 0, 1, 1.0),
            ScoredSegment("Q0", "R0", 0, 9, 0, 9, 0.5),
            ScoredSegment("Q0", "R0", 0, 10, 0, 10, 0.4),
        ]
        assert outcomes(TRUTH, predictions, 0.5)[0].overlap == pytest.approx(0.9, abs=1e-12)
        assert outcomes(TRUTH, predictions, 0.4)[0].overlap == 1.0

    def test_meeting_on_one_axis_or_in_another_pair_is_a_miss(self) -> None:
        predictions = [ScoredSegment("Q0", "R0", 0, 10, 50, 60, 1.0), ScoredSegment("Q0", "R9", 0, 10, 0, 10, 1.0)]
        assert [outcome.overlap for outcome in outcomes(TRUTH, predictions, 0.0)] == [0.0] * 4


class TestByEdit:
    def test_labels_belong_to_segments_in_order_when_there_are_as_many(self) -> None:
        results = outcomes(TRUTH, [ScoredSegment("Q0", "R0", 0, 10, 0, 10, 1.0)], 0.5)
        groups = by_edit(results, {"Q0": ["crop", "blur+flip"], "Q1": ["crop"]})
        assert [group.name for group in groups] == ["crop", COMBINED, UNLABELLED]
        assert groups[0] == Group(name="crop", queries=2, segments=2, found=1, mean_overlap=1.0)
        assert groups[0].recall == 0.5
        assert groups[1].found == 0
        assert math.isnan(groups[1].mean_overlap)

    def test_otherwise_each_segment_has_all_labels(self) -> None:
        results = outcomes(TRUTH[:2], [], 0.5)
        (one,) = by_edit(results, {"Q0": ["crop"]})
        assert (one.name, one.queries, one.segments) == ("crop", 1, 2)
        (several,) = by_edit(results, {"Q0": ["crop", "flip", "crop"]})
        assert several.name == COMBINED

    def test_queries_without_truth_make_no_group(self) -> None:
        assert by_edit([], {"Q9": ["none"]}) == []


class TestByLength:
    def test_a_segment_as_long_as_a_bound_is_in_the_longer_group(self) -> None:
        results = outcomes(TRUTH, [ScoredSegment("Q1", "R0", 0, 20, 0, 20, 1.0)], 0.5)
        groups = by_length(results)
        assert [(group.name, group.segments, group.found) for group in groups] == [
            ("0-5 s", 1, 0),
            ("10-20 s", 1, 0),
            ("20-60 s", 1, 1),
            ("60 s or more", 1, 0),
        ]
        assert groups[2].mean_overlap == pytest.approx(math.sqrt(0.5), abs=1e-12)

    def test_own_bounds(self) -> None:
        assert [group.segments for group in by_length(outcomes(TRUTH, [], 0.5), [15.0])] == [2, 2]
