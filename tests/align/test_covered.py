import numpy as np
import pytest

from vdup.align.covered import covered_seconds


@pytest.mark.parametrize("seed", range(10))
def test_covered_seconds_equal_a_count_of_small_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    intervals = []
    for _ in range(int(rng.integers(0, 12))):
        start = int(rng.integers(0, 90))
        intervals.append((start, start + int(rng.integers(0, 20))))
    counted = sum(any(start <= step < end for start, end in intervals) for step in range(120))
    assert covered_seconds(intervals) == counted
