import random

import pytest

from vdup.evaluation.intervals import IntervalUnion


@pytest.mark.parametrize("seed", range(30))
def test_length_equals_counting_small_cells(seed: int) -> None:
    """Integer ends: a cell [i, i + 1) is covered or not."""
    source = random.Random(seed)
    union = IntervalUnion()
    covered: set[int] = set()
    for _ in range(60):
        start = source.randrange(200)
        end = start + source.randrange(12)
        union.add(start, end)
        covered.update(range(start, end))
        assert union.length == len(covered)


def test_touching_and_repeated_intervals_count_once() -> None:
    union = IntervalUnion()
    for start, end in [(0.0, 1.0), (1.0, 2.0), (0.0, 1.0), (5.0, 6.0), (0.5, 5.5), (3.0, 3.0)]:
        union.add(start, end)
    assert union.length == 6.0


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="2 to 1"):
        IntervalUnion().add(2, 1)
