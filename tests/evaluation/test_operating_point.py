import numpy as np
import pytest

from vdup.errors import ConfigError
from vdup.evaluation.operating_point import OperatingPoint, best_f1, operating_points, point_for

RIGHT, WRONG = [0.9, 0.8, 0.8, 0.4], [0.7, 0.8, 0.3, 0.1, 0.1]


def naive(threshold: float) -> tuple[float, float, float]:
    hits = sum(1 for value in RIGHT if value >= threshold)
    alarms = sum(1 for value in WRONG if value >= threshold)
    return hits / (hits + alarms), hits / len(RIGHT), alarms / len(WRONG)


def test_every_threshold_counted_by_hand() -> None:
    points = operating_points(RIGHT, WRONG)
    assert [point.threshold for point in points] == [0.9, 0.8, 0.7, 0.4, 0.3, 0.1]
    for point in points:
        assert (point.precision, point.recall, point.false_alarm_rate) == pytest.approx(naive(point.threshold))
        precision, recall, _ = naive(point.threshold)
        assert point.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_best_f1() -> None:
    assert best_f1(RIGHT, WRONG).threshold == 0.4
    assert OperatingPoint(0.5, 0.0, 0.0, 0.0).f1 == 0


def test_what_is_wanted_decides() -> None:
    points = operating_points(RIGHT, WRONG)
    assert point_for(points, precision=1.0).threshold == 0.9
    assert point_for(points, precision=0.6).threshold == 0.4
    assert point_for(points, false_alarm_rate=0.0).threshold == 0.9
    assert point_for(points, false_alarm_rate=0.2).threshold == 0.8
    assert point_for(points, precision=0.7, false_alarm_rate=0.5).threshold == 0.8
    with pytest.raises(ConfigError, match=r"the highest precision is 0\.500"):
        point_for(operating_points([0.5], [0.5]), precision=0.9)


def test_both_kinds_of_pairs_are_needed() -> None:
    with pytest.raises(ValueError, match="0 duplicates and 1 other pairs"):
        operating_points([], [0.5])
    with pytest.raises(ValueError, match="not finite"):
        operating_points([np.nan], [0.5])
