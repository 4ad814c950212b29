import math
import random
from itertools import pairwise

import numpy as np
import pytest

from vdup.evaluation.ranking import (
    RECALL_LEVELS,
    average_precision,
    interpolated_precisions,
    mean,
    ranked,
    trapezoid_average_precision,
)


def random_ranks(seed: int) -> tuple[list[bool], list[int], int]:
    """A ranking as flags and as ranks, and the number of relevant items, of which some may not be ranked."""
    source = random.Random(seed)
    flags = [source.random() < 0.4 for _ in range(source.randint(0, 20))]
    relevant = sum(flags) + source.randint(0, 3) or 1
    return flags, [rank for rank, flag in enumerate(flags) if flag], relevant


def naive_average_precision(flags: list[bool], relevant: int) -> float:
    total = 0.0
    for end in range(1, len(flags) + 1):
        if flags[end - 1]:
            total += sum(flags[:end]) / end
    return total / relevant


def naive_trapezoids(flags: list[bool], relevant: int) -> float:
    """The curve as points, one for each item that was taken, and the area under their connecting lines."""
    points = [(0.0, 1.0)]
    for taken in range(1, len(flags) + 1):
        found = sum(flags[:taken])
        points.append((found / relevant, found / taken))
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def naive_interpolation(flags: list[bool], relevant: int, level_twentieths: int) -> float:
    best = 0.0
    for end in range(1, len(flags) + 1):
        found = sum(flags[:end])
        if 20 * found >= level_twentieths * relevant and flags[end - 1]:
            best = max(best, found / end)
    return best


@pytest.mark.parametrize("seed", range(60))
def test_equal_the_naive_forms(seed: int) -> None:
    flags, ranks, relevant = random_ranks(seed)
    assert average_precision(ranks, relevant) == pytest.approx(naive_average_precision(flags, relevant), abs=1e-9)
    assert trapezoid_average_precision(ranks, relevant) == pytest.approx(naive_trapezoids(flags, relevant), abs=1e-9)
    expected = [naive_interpolation(flags, relevant, level) for level in range(21)]
    np.testing.assert_allclose(interpolated_precisions(ranks, relevant), expected, atol=1e-9)


def test_by_hand() -> None:
    """Right, wrong, right; one more is never found."""
    assert average_precision([0, 2], 3) == pytest.approx((1 + 2 / 3) / 3, abs=1e-12)
    # Before the third item the precision is 1/2, with it 2/3.
    assert trapezoid_average_precision([0, 2], 3) == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 3, abs=1e-12)
    # Before the second item it is 0.
    assert trapezoid_average_precision([1], 1) == pytest.approx(0.25, abs=1e-12)
    curve = interpolated_precisions([0, 2], 4)
    np.testing.assert_allclose(curve[:6], 1.0)  # recalls 0 - .25
    np.testing.assert_allclose(curve[6:11], 2 / 3)  # .3 - .5
    np.testing.assert_allclose(curve[11:], 0.0)


def test_levels_that_fall_on_a_recall_need_no_further_item() -> None:
    """0.15 x 20 is 3.0000000000000004 in floating point; the third item is enough."""
    curve = interpolated_precisions([0, 1, 2, 99], 20)
    assert RECALL_LEVELS[3] == 0.15
    assert curve[3] == 1.0
    assert curve[4] == pytest.approx(4 / 100)


def test_nothing_relevant_or_nothing_found() -> None:
    assert math.isnan(average_precision([], 0))
    assert trapezoid_average_precision([], 0) == 0.0
    assert average_precision([], 3) == trapezoid_average_precision([], 3) == 0.0
    with pytest.raises(ValueError, match="nothing is relevant"):
        interpolated_precisions([], 0)
    with pytest.raises(ValueError, match="only 1"):
        average_precision([0, 1], 1)


def test_equal_scores_keep_their_order() -> None:
    assert ranked({"b": 0.5, "a": 0.5, "c": 0.9, "d": -1.0}) == ["c", "b", "a", "d"]


def test_mean() -> None:
    assert mean([1.0, 2.0]) == 1.5
    assert math.isnan(mean([]))
