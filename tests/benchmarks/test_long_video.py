"""The course of memory, in a few lines."""

from benchmarks.long_video import thinned
from benchmarks.processes import MemorySample


def test_each_line_holds_the_largest_values_of_its_stretch() -> None:
    samples = [MemorySample(float(second), second % 10, 100 - second) for second in range(1, 41)]
    assert thinned(samples, 4) == [
        MemorySample(10.0, 9, 99),
        MemorySample(20.0, 9, 89),
        MemorySample(30.0, 9, 79),
        MemorySample(40.0, 9, 69),
    ]


def test_stretches_without_a_look_are_left_out() -> None:
    samples = [MemorySample(1.0, 5, 0), MemorySample(8.0, 7, 1)]
    assert thinned(samples, 4) == [MemorySample(2.0, 5, 0), MemorySample(8.0, 7, 1)]
    assert thinned([], 4) == []
