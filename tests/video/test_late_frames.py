"""Frames that a decoder gives out late, behind one from beyond a damaged stretch."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from vdup.video import pyav

STREAM: Any = SimpleNamespace(time_base=Fraction(1, 100), average_rate=Fraction(10))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 10, 20, 400, 30, 410, 420, 40, 430], [0, 10, 20, 400, 410, 420, 430]),
        ([0, 10, 400, 410, 0, 10, 20], [0, 10, 400, 410, 420, 430, 440]),  # the clock begins anew
        ([0, 10, 20, 30], [0, 10, 20, 30]),
    ],
)
def test_late_frames_do_not_begin_a_new_time_line(times: list[int], expected: list[int]) -> None:
    frames: Any = iter([SimpleNamespace(pts=time, duration=10) for time in times])
    shown = [start for start, _, _ in pyav._presented_frames(STREAM, frames)]
    assert shown == pytest.approx([time / 100 for time in expected])
