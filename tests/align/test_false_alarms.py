"""Expected false segments: their number, the threshold that keeps to a number, the score in a larger library."""

import math
from itertools import pairwise

import numpy as np
import pytest

from vdup.align.false_alarms import FASTEST_DECAY, SLOWEST_DECAY, FalseAlarms, fit_false_alarms, logit

MODEL = FalseAlarms(3.0, 0.9, 0.5, 0.6, fitted_hours=2.0)
SCORES = [0.0, 1e-9, 0.01, 0.1, 0.3, 0.5, 0.8, 0.9, 0.99, 0.9999, 1 - 1e-9, 1.0]


def naive(score: float, hours: float) -> float:
    odds = score / (1 - score)
    return float(3.0 * odds**-0.9 + hours * 0.5 * odds**-0.6)


def test_both_tails_are_added_and_unrelated_ones_grow_with_the_library() -> None:
    for score in (0.02, 0.3, 0.5, 0.77, 0.999):
        for hours in (0.0, 0.5, 20.0, 1000.0):
            assert MODEL.per_hour(score, hours) == pytest.approx(naive(score, hours))
    assert MODEL.per_hour(0.5, 4.0) == pytest.approx(3.0 + 4 * 0.5)
    assert math.isfinite(MODEL.per_hour(0.0, 10.0))
    assert MODEL.per_hour(1.0, 10.0) > 0


@pytest.mark.parametrize("wanted", [100.0, 1.0, 0.1, 0.01])
@pytest.mark.parametrize("hours", [0.1, 2.0, 5000.0])
def test_the_threshold_keeps_to_what_is_wanted(wanted: float, hours: float) -> None:
    threshold = MODEL.threshold(wanted, hours)
    assert 0 < threshold < 1
    assert MODEL.per_hour(threshold, hours) == pytest.approx(wanted, rel=1e-6)


def test_a_stricter_demand_or_a_larger_library_raises_the_threshold() -> None:
    assert MODEL.threshold(0.01, 5.0) > MODEL.threshold(0.1, 5.0) > MODEL.threshold(1.0, 5.0)
    assert MODEL.threshold(0.1, 500.0) > MODEL.threshold(0.1, 5.0)
    assert MODEL.threshold(1e-30, 5.0) < 1
    for wanted in (0.0, -1.0):
        with pytest.raises(ValueError, match="per_hour must be above 0"):
            MODEL.threshold(wanted, 5.0)


def test_odds_fall_as_more_false_segments_come_up() -> None:
    for score in (0.1, 0.5, 0.9, 0.99):
        for hours in (3.0, 50.0, 1000.0):
            odds = score / (1 - score) * naive(score, 2.0) / naive(score, hours)
            assert MODEL.in_library(score, hours) == pytest.approx(odds / (1 + odds))


def test_scores_are_never_raised_and_keep_their_order() -> None:
    for hours in (0.0, 1.0, 2.0, 2.5, 100.0, 1e6):
        found = [MODEL.in_library(score, hours) for score in SCORES]
        assert all(new <= old for new, old in zip(found, SCORES, strict=True))
        assert all(first < second for first, second in pairwise(found[1:-1]))
        assert found == SCORES if hours <= 2.0 else found[5] < 0.5
    falling = [MODEL.in_library(0.9, hours) for hours in (2.0, 4.0, 40.0, 400.0)]
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) == 4


def test_the_steepest_models_keep_the_order_too() -> None:
    steep = FalseAlarms(50.0, FASTEST_DECAY, 1e-4, SLOWEST_DECAY, 1.0)
    shallow = FalseAlarms(1e-3, SLOWEST_DECAY, 2.0, SLOWEST_DECAY, 30.0)
    for measured, scored_on in ((steep, None), (shallow, None), (shallow, steep), (steep, shallow)):
        found = [measured.in_library(score, 1e5, scored_on) for score in np.linspace(0.001, 0.999, 200).tolist()]
        assert all(first <= second + 1e-12 for first, second in pairwise(found))


def test_a_measured_model_is_held_against_that_of_the_scores() -> None:
    measured = FalseAlarms(30.0, 0.9, 5.0, 0.6, fitted_hours=100.0)
    score = 0.9
    there, here = naive(score, 2.0), measured.per_hour(score, 100.0)
    odds = 9 * there / here
    assert measured.in_library(score, 100.0, MODEL) == pytest.approx(odds / (1 + odds))
    assert measured.in_library(score, 100.0) == score
    assert MODEL.in_library(score, 2.0, measured) == score


def test_fit_of_a_tail_that_is_exponential() -> None:
    rng = np.random.default_rng(3)
    floor = math.log(0.1 / 0.9)
    alike, strange = floor + rng.exponential(1 / 0.5, 4000), floor + rng.exponential(1 / 1.1, 2000)
    below = floor - rng.random(500)
    logits = np.concatenate([alike, strange, below])
    marks = np.repeat([True, False, True], [4000, 2000, 500])
    fitted = fit_false_alarms(logits, marks, query_hours=20.0, library_hours=4.0)
    assert fitted.same_source_decay == pytest.approx(0.5, rel=0.05)
    assert fitted.unrelated_decay == pytest.approx(1.1, rel=0.08)
    assert fitted.per_hour(0.1, 0.0) == pytest.approx(4000 / 20, rel=0.01)
    assert fitted.per_hour(0.1, 4.0) == pytest.approx(6000 / 20, rel=0.01)
    assert fitted.fitted_hours == 4.0
    for score in (0.5, 0.9):
        counted = (np.concatenate([alike, strange]) >= math.log(score / (1 - score))).sum() / 20
        assert fitted.per_hour(score, 4.0) == pytest.approx(counted, rel=0.12)


def test_no_false_segment_means_less_than_one_in_the_hours_that_were_searched() -> None:
    nothing = fit_false_alarms(np.zeros(0), np.zeros(0, dtype=np.bool_), query_hours=5.0, library_hours=10.0)
    assert nothing.per_hour(0.1, 0.0) == pytest.approx(1 / 5)
    assert nothing.per_hour(0.1, 10.0) == pytest.approx(2 / 5)
    assert nothing.per_hour(0.9, 10.0) == pytest.approx(2 / 5 * (1 / 9) / 9)
    more = fit_false_alarms(np.zeros(0), np.zeros(0, dtype=np.bool_), query_hours=50.0, library_hours=10.0)
    assert more.threshold(0.01, 10.0) < nothing.threshold(0.01, 10.0)


def test_a_few_segments_do_not_make_a_tail_that_never_ends_or_ends_at_once() -> None:
    at_the_floor = np.full(9, math.log(0.1 / 0.9))
    assert fit_false_alarms(at_the_floor, np.ones(9, dtype=np.bool_), 1.0, 1.0).same_source_decay == FASTEST_DECAY
    assert fit_false_alarms(np.full(9, 26.0), np.zeros(9, dtype=np.bool_), 1.0, 1.0).unrelated_decay == SLOWEST_DECAY


def test_what_cannot_be_fitted_or_be_a_model() -> None:
    with pytest.raises(ValueError, match="2 scores but 1 marks"):
        fit_false_alarms(np.zeros(2), np.ones(1, dtype=np.bool_), 1.0, 1.0)
    for hours in ((0.0, 1.0), (1.0, 0.0)):
        with pytest.raises(ValueError, match="hours must be above 0"):
            fit_false_alarms(np.zeros(0), np.zeros(0, dtype=np.bool_), *hours)
    for numbers in (
        (math.nan, 1.0, 1.0, 1.0, 1.0),
        (-1.0, 1.0, 1.0, 1.0, 1.0),
        (0.0, 1.0, 0.0, 1.0, 1.0),
        (1.0, 2.0, 1.0, 1.0, 1.0),
        (1.0, 1.0, 1.0, 0.1, 1.0),
        (1.0, 1.0, 1.0, 1.0, 0.0),
    ):
        with pytest.raises(ValueError, match="must"):
            FalseAlarms(*numbers)


def test_log_odds() -> None:
    for score in (0.001, 0.3, 0.5, 0.99):
        assert logit(score) == pytest.approx(math.log(score / (1 - score)))
    assert logit(1.0) == -logit(0.0) == logit(1 - 1e-15)
