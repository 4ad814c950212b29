import numpy as np
import pytest

from vdup.matchers.alignment import Span, aligned, steps_between
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
