import math
import random

import pytest

from vdup.evaluation.labelled_scores import LabelledScore, precision_recall


def naive_points(items: list[LabelledScore]) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall), everything afresh at every threshold."""
    positives = sum(item.positive for item in items)
    points = []
    for threshold in sorted({item.score for item in items}, reverse=True):
        taken = [item for item in items if item.score >= threshold]
        found = sum(item.positive for item in taken)
        points.append((threshold, found / len(taken), found / positives))
    return points


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_naive_count(seed: int) -> None:
    source = random.Random(seed)
    items = [
        LabelledScore(source.choice([0.0, 0.5, source.uniform(-1, 1)]), source.random() < 0.5)
        for _ in range(source.randint(0, 30))
    ] + [LabelledScore(0.1, positive=True)]
    curve = precision_recall(items)
    points = naive_points(items)
    assert len(points) == len(curve.thresholds)
    for index, (threshold, precision, recall) in enumerate(points):
        assert curve.thresholds[index] == threshold
        assert curve.precisions[index] == pytest.approx(precision, abs=1e-9)
        assert curve.recalls[index] == pytest.approx(recall, abs=1e-9)
    best = max(2 * p * r / (p + r) for _, p, r in points if p + r > 0)
    assert curve.best_f1 == pytest.approx(best, abs=1e-9)


def test_by_hand() -> None:
    """Right .9, wrong .8, right .7 give F1 = 2/3; all five, with the miss at 0, have P = 3/5, R = 1 and F1 = 3/4."""
    scores = [(0.7, True), (0.9, True), (0.8, False), (0.1, False), (0.0, True)]
    curve = precision_recall([LabelledScore(score, positive) for score, positive in scores])
    assert curve.best_f1 == pytest.approx(3 / 4, abs=1e-12)
    assert curve.best == 4
    found = precision_recall([LabelledScore(score, positive) for score, positive in [*scores, *[(-1.0, False)] * 9]])
    assert found.best_f1 == pytest.approx(3 / 4, abs=1e-12)
    assert found.thresholds[4] == 0.0


def test_ties_go_together() -> None:
    items = [LabelledScore(0.5, positive=True), LabelledScore(0.5, positive=False)]
    for order in (items, items[::-1]):
        curve = precision_recall(order)
        assert curve.thresholds.tolist() == [0.5]
        assert curve.precisions.tolist() == [0.5]
        assert curve.best_f1 == pytest.approx(2 / 3, abs=1e-12)


def test_nothing_positive_or_nothing_at_all() -> None:
    assert math.isnan(precision_recall([]).best_f1)
    assert precision_recall([]).best is None
    negative = precision_recall([LabelledScore(0.5, positive=False)])
    assert math.isnan(negative.best_f1)
    assert negative.precisions.tolist() == [0.0]
