import math

import numpy as np
import pytest

from vdup.evaluation.reliability import (
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    score_bins,
)

RNG = np.random.default_rng(4)
SCORES = np.concatenate([RNG.random(200), [0.0, 0.1, 0.3, 0.7, 1.0, 1.0]])
RIGHT = RNG.random(len(SCORES)) < SCORES**2


def naive_bins(bins: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(bins)]
    for row, score in enumerate(SCORES.tolist()):
        place = 0
        while place + 1 < bins and score * bins >= place + 1:
            place += 1
        rows[place].append(row)
    return rows


@pytest.mark.parametrize("bins", [1, 5, 10])
def test_bins_counted_by_hand(bins: int) -> None:
    found = score_bins(SCORES, RIGHT, bins)
    assert [(item.lowest, item.highest) for item in found] == [(n / bins, (n + 1) / bins) for n in range(bins)]
    for item, rows in zip(found, naive_bins(bins), strict=True):
        assert (item.count, item.right) == (len(rows), sum(bool(RIGHT[row]) for row in rows))
        assert item.mean_score == pytest.approx(sum(SCORES[row] for row in rows) / len(rows))
        assert item.share_right == pytest.approx(item.right / len(rows))


@pytest.mark.parametrize("bins", [1, 5, 10])
def test_calibration_error_counted_by_hand(bins: int) -> None:
    total = 0.0
    for rows in naive_bins(bins):
        mean, share = (sum(values[row] for row in rows) / len(rows) for values in (SCORES, RIGHT))
        total += abs(mean - share) * len(rows)
    assert expected_calibration_error(SCORES, RIGHT, bins) == pytest.approx(total / len(SCORES))


def test_brier_score_counted_by_hand() -> None:
    total = sum((score - (1 if right else 0)) ** 2 for score, right in zip(SCORES, RIGHT, strict=True))
    assert brier_score(SCORES, RIGHT) == pytest.approx(total / len(SCORES))


def test_the_extremes() -> None:
    scores, right = np.array([1.0, 0.0, 1.0, 0.0]), np.array([True, False, True, False])
    assert expected_calibration_error(scores, right) == brier_score(scores, right) == 0
    assert expected_calibration_error(scores, ~right) == brier_score(scores, ~right) == 1
    nothing, none = np.zeros(0), np.zeros(0, dtype=np.bool_)
    assert math.isnan(expected_calibration_error(nothing, none))
    assert math.isnan(brier_score(nothing, none))
    assert [item.count for item in score_bins(nothing, none)] == [0] * 10
    assert math.isnan(score_bins(nothing, none)[3].mean_score)
    assert math.isnan(score_bins(nothing, none)[3].share_right)
    assert all(map(math.isnan, bootstrap_interval(brier_score, nothing, none, [])))


def test_the_interval_holds_the_measure_and_is_wider_where_answers_hang_together() -> None:
    apart = bootstrap_interval(brier_score, SCORES, RIGHT, list(range(len(SCORES))), samples=400)
    assert apart[0] < brier_score(SCORES, RIGHT) < apart[1]
    assert apart == bootstrap_interval(brier_score, SCORES, RIGHT, list(range(len(SCORES))), samples=400)
    often = np.tile(SCORES, 4), np.tile(RIGHT, 4)
    groups = list(range(len(SCORES))) * 4
    together = bootstrap_interval(brier_score, *often, groups, samples=400)
    assert together == pytest.approx(apart, abs=0.01)
    taken_apart = bootstrap_interval(brier_score, *often, list(range(4 * len(SCORES))), samples=400)
    assert taken_apart[1] - taken_apart[0] < 0.7 * (together[1] - together[0])


def test_the_interval_is_about_that_of_the_normal_distribution() -> None:
    errors = (SCORES - RIGHT) ** 2
    half = 1.96 * errors.std() / math.sqrt(len(errors))
    low, high = bootstrap_interval(brier_score, SCORES, RIGHT, list(range(len(SCORES))), samples=2000)
    assert low == pytest.approx(errors.mean() - half, abs=0.3 * half)
    assert high == pytest.approx(errors.mean() + half, abs=0.3 * half)


def test_what_is_no_score() -> None:
    for scores in ([0.5, 1.1], [-0.1, 0.5], [0.5, math.nan]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            score_bins(np.array(scores), np.array([True, False]))
    with pytest.raises(ValueError, match="2 scores but 1 marks"):
        brier_score(np.zeros(2), np.zeros(1, dtype=np.bool_))
    with pytest.raises(ValueError, match="2 scores but 1 groups"):
        bootstrap_interval(brier_score, np.zeros(2), np.zeros(2, dtype=np.bool_), ["a"])
