import numpy as np
import pytest

from vdup.matchers.alignment import Span, aligned, batches, best_step, steps_between
from vdup.matchers.base import Box, Comparison


@pytest.mark.parametrize(
    ("query", "reference", "inside", "expected"),
    [
        ((0, 2), (0, 3), False, range(-4, 7)),
        ((5, 7), (1, 4), False, range(-4, 7)),
        ((0, 2), (0, 3), True, range(3)),
        ((0, 3), (0, 2), True, range(-2, 1)),
        ((0, 2), (0, 2), True, range(1)),
        ((0.1, 0.3), (0, 0.4), True, range(1)),
    ],
)
def test_steps(query: tuple[float, float], reference: tuple[float, float], inside: bool, expected: range) -> None:
    found = steps_between(Span(*query), Span(*reference), fps=2, inside=inside)
    assert found.tolist() == list(expected)


def test_steps_cover_every_overlap() -> None:
    """Whole numbers of frames, checked one by one."""
    query, reference, fps = Span(0.0, 1.3), Span(2.0, 4.7), 15.0
    found = steps_between(query, reference, fps, inside=False)
    for step in range(-100, 101):
        overlaps = min(1.3, 2.7 - step / fps) > max(0.0, -step / fps)
        assert (not overlaps) or step in found
    assert np.all(np.diff(found) == 1)


def test_there_is_always_a_step() -> None:
    assert len(steps_between(Span(0, 0), Span(0, 0), 15.0, inside=True)) == 1


@pytest.mark.parametrize(
    ("query", "reference", "shift", "expected"),
    [
        ((0, 4), (0, 10), 3.0, Comparison(0.9, 3.0, 1.0, (Box(0, 4, 3, 7, 0.9),))),
        ((0, 4), (0, 10), 8.0, Comparison(0.9, 8.0, 1.0, (Box(0, 2, 8, 10, 0.9),))),
        ((0, 4), (0, 10), -1.0, Comparison(0.9, -1.0, 1.0, (Box(1, 4, 0, 3, 0.9),))),
        ((20, 24), (5, 10), 1.0, Comparison(0.9, -14.0, 1.0, (Box(20, 24, 6, 10, 0.9),))),
        ((0, 4), (0, 10), 10.0, Comparison(0.9, 10.0, 1.0, ())),
    ],
)
def test_box_is_the_overlap(
    query: tuple[float, float], reference: tuple[float, float], shift: float, expected: Comparison
) -> None:
    assert aligned(Span(*query), Span(*reference), shift, 0.9) == expected


@pytest.mark.parametrize("most_scores", [1, 40, 1000])
@pytest.mark.parametrize("most_pairs", [1, 3, 100])
def test_batches(most_pairs: int, most_scores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pair once, all its alignments in its batch, and no batch above the limits unless one pair is."""
    monkeypatch.setattr("vdup.matchers.alignment._MOST_PAIRS", most_pairs)
    monkeypatch.setattr("vdup.matchers.alignment._MOST_SCORES", most_scores)
    ranges = [(-5, 3), (0, 0), (-5, 9), (4, 6), (-5, 3), (-20, -8)]
    steps = [np.arange(first, last + 1) for first, last in ranges]
    seen = []
    for batch in batches(steps):
        seen += batch.pairs
        low, high = min(ranges[pair][0] for pair in batch.pairs), max(ranges[pair][1] for pair in batch.pairs)
        assert batch.steps.tolist() == list(range(low, high + 1))
        assert len(batch.pairs) <= most_pairs
        assert len(batch.pairs) == 1 or len(batch.pairs) * len(batch.steps) <= most_scores
    assert sorted(seen) == list(range(len(ranges)))
    assert list(batches([])) == []


def test_best_step_is_one_of_the_pair() -> None:
    scores, scored = np.array([9.0, 1.0, 3.0, 3.0, 8.0]), np.arange(-2, 3)
    assert best_step(scores, scored, np.arange(-1, 2)) == (0, 3.0)
    assert best_step(scores, scored, scored) == (-2, 9.0)
