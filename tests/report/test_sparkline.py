import numpy as np
import pytest

from vdup.report.sparkline import sparkline


def test_heights() -> None:
    assert sparkline(np.array([-3.0, 0.0, 1.0, 3.5, 7.0]), 60) == "▁▁▂▅█"
    assert sparkline(np.array([0.0, 7.0]), 60, plain=True) == "_#"


def test_the_highest_value_of_a_stretch_is_kept() -> None:
    values = np.zeros(1000)
    values[517] = 1.0
    line = sparkline(values, 50)
    assert len(line) == 50
    assert line.count("█") == 1
    assert line.index("█") == 517 // 20


def test_stretches_without_values_are_left_open() -> None:
    assert sparkline(np.array([np.nan, 1.0, np.inf]), 60) == " █ "


@pytest.mark.parametrize(("values", "line"), [([], ""), ([np.nan], ""), ([-1.0, -2.0], "▁▁"), ([5.0], "█")])
def test_few_values(values: list[float], line: str) -> None:
    assert sparkline(np.array(values), 60) == line
