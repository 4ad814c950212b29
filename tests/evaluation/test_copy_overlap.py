import math
from collections.abc import Sequence

import pytest
from segment_sets import random_segments

from vdup.datasets.segments import Segment, pair_of
from vdup.evaluation.copy_overlap import (
    Averages,
    PairMeasure,
    macro_average,
    measure_pair,
    micro_average,
    video_errors,
)


def box(query_start: float, query_end: float, reference_start: float, reference_end: float) -> Segment:
    return Segment("Q", "R", query_start, query_end, reference_start, reference_end)


def naive_share(segments: Sequence[Segment], others: Sequence[Segment]) -> float:
    """Second by second; times are whole seconds."""
    share = 1.0
    for axis in ("query", "reference"):
        right = total = 0
        for segment in segments:
            own = seconds(segment, axis)
            covered: set[int] = set()
            for other in others:
                if all(seconds(segment, side) & seconds(other, side) for side in ("query", "reference")):
                    covered |= own & seconds(other, axis)
            right += len(covered)
            total += len(own)
        share *= right / (total + 1e-6)
    return share


def seconds(segment: Segment, axis: str) -> set[int]:
    return set(range(int(getattr(segment, f"{axis}_start_seconds")), int(getattr(segment, f"{axis}_end_seconds"))))


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_naive_count(seed: int) -> None:
    truth, predictions = random_segments(seed)
    truth += truth[:2]  # duplicates
    for pair in {pair_of(segment) for segment in [*truth, *predictions]}:
        true = [segment for segment in truth if pair_of(segment) == pair]
        predicted = [segment for segment in predictions if pair_of(segment) == pair]
        measure = measure_pair(predicted, true)
        assert measure.precision == pytest.approx(
            naive_share(predicted, true) if predicted and true else float(not predicted), abs=1e-9
        )
        assert measure.recall == pytest.approx(
            naive_share(true, predicted) if predicted and true else float(not true), abs=1e-9
        )


def test_one_box_by_hand() -> None:
    """5 of 10 s right on the query, 8 of 10 on the reference; of the truth 5 of 20 s and 8 of 8."""
    measure = measure_pair([box(0, 10, 0, 10)], [box(5, 25, 2, 10)])
    assert measure.precision == pytest.approx(5 / (10 + 1e-6) * 8 / (10 + 1e-6), abs=1e-9)
    assert measure.recall == pytest.approx(5 / (20 + 1e-6) * 8 / (8 + 1e-6), abs=1e-9)


def test_overlapping_predictions_count_twice() -> None:
    """The same box twice: what is right and what is predicted double, recall stays."""
    once = measure_pair([box(0, 8, 0, 8)], [box(0, 4, 0, 4)])
    twice = measure_pair([box(0, 8, 0, 8)] * 2, [box(0, 4, 0, 4)])
    assert twice.precision == pytest.approx(once.precision, abs=1e-6)
    assert twice.recall == pytest.approx(once.recall, abs=1e-9)
    assert once.precision == pytest.approx(0.25, abs=1e-6)


def test_meeting_on_one_axis_only_earns_nothing() -> None:
    measure = measure_pair([box(0, 10, 20, 30)], [box(0, 10, 0, 10)])
    assert measure == PairMeasure(0.0, 0.0, predicted=True, true=True)


def test_empty_cases() -> None:
    one = [box(0, 10, 0, 10)]
    assert measure_pair([], []) == PairMeasure(1.0, 1.0, predicted=False, true=False)
    assert measure_pair(one, []) == PairMeasure(0.0, 1.0, predicted=True, true=False)
    assert measure_pair([], one) == PairMeasure(1.0, 0.0, predicted=False, true=True)
    assert measure_pair([box(3, 3, 3, 3)], one).precision == 0.0  # of no length


MEASURES = {
    ("q0", "r0"): PairMeasure(0.8, 0.6, predicted=True, true=True),
    ("q0", "r1"): PairMeasure(1.0, 1.0, predicted=False, true=False),
    ("q1", "r2"): PairMeasure(0.0, 1.0, predicted=True, true=False),
    ("q1", "r3"): PairMeasure(1.0, 0.0, predicted=False, true=True),
}


def test_micro_average_leaves_assigned_values_out() -> None:
    """Precision of (.8, 0), recall of (.6, 0)."""
    average = micro_average(MEASURES.values())
    assert (average.precision, average.recall) == pytest.approx((0.4, 0.3), abs=1e-12)
    assert average.f1 == pytest.approx(2 * 0.4 * 0.3 / 0.7, abs=1e-12)


def test_macro_average_is_over_sets() -> None:
    """Sets: (.8 + 1) / 2 and (0 + 1) / 2 in precision, (.6 + 1) / 2 and (1 + 0) / 2 in recall."""
    sets = {
        "s0": [("q0", "r0"), ("q0", "r1")],
        "s1": [("q1", "r2"), ("q1", "r3"), ("q1", "not measured")],
        "s2": [("q9", "not measured")],
    }
    average = macro_average(MEASURES, sets)
    assert (average.precision, average.recall) == pytest.approx((0.7, 0.65), abs=1e-12)


def test_rates_of_whole_videos() -> None:
    """Two pairs with truth, one of them missed; two without, one of them with an alarm."""
    errors = video_errors(MEASURES.values())
    assert (errors.false_rejection_rate, errors.false_alarm_rate) == (0.5, 0.5)
    # The published formula with its ratio of positives to negatives: (1 + ratio) / ratio * missed / all.
    unequal = [*MEASURES.values(), *[PairMeasure(0.5, 0.5, predicted=True, true=True)] * 4]
    ratio, missed, alarms = 6 / 2, 1, 1
    errors = video_errors(unequal)
    assert errors.false_rejection_rate == pytest.approx((1 + ratio) / ratio * missed / len(unequal), abs=1e-12)
    assert errors.false_alarm_rate == pytest.approx((1 + ratio) * alarms / len(unequal), abs=1e-12)


def test_averages_of_nothing() -> None:
    nothing = micro_average([])
    assert math.isnan(nothing.precision)
    assert math.isnan(nothing.recall)
    assert math.isnan(nothing.f1)
    assert math.isnan(macro_average({}, {"s": [("q", "r")]}).precision)
    assert math.isnan(video_errors([]).false_rejection_rate)
    assert Averages(0.0, 0.0).f1 == 0.0
    only_misses = micro_average([measure_pair([], [box(0, 1, 0, 1)])])
    assert math.isnan(only_misses.precision)
    assert only_misses.recall == 0.0
