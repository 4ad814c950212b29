"""Lectures on one template: the template is theirs together, the pages are each one's own."""

from fractions import Fraction

import numpy as np
import pytest
from vdup.train.edits.types import Frames
from vdup.train.material.lectures import Template, draw_template, show_lecture

SIZE = (160, 90)
RATE = Fraction(5)


def _lecture(template: Template, seed: int, seconds: float = 30.0) -> Frames:
    return np.concatenate(list(show_lecture(template, np.random.default_rng(seed), seconds, RATE, SIZE)))


@pytest.mark.parametrize("seconds", [0.2, 7.3, 30.0])
def test_length_size_and_pages(seconds: float) -> None:
    frames = _lecture(draw_template(np.random.default_rng(1)), 2, seconds)
    assert frames.shape == (round(seconds * 5), 90, 160, 3)
    assert frames.dtype == np.uint8
    changes = np.flatnonzero((frames[1:] != frames[:-1]).any(axis=(1, 2, 3)))
    lengths = np.diff([-1, *changes, len(frames) - 1]) / 5
    assert (lengths[:-1] >= 3).all()
    assert lengths.max() <= 8


@pytest.mark.parametrize("seed", range(4))
def test_lectures_on_one_template_differ_in_their_text_only(seed: int) -> None:
    template = draw_template(np.random.default_rng(seed))
    first, second, same = _lecture(template, 1), _lecture(template, 2), _lecture(template, 1)
    np.testing.assert_array_equal(first, same)
    differs = (first[0] != second[0]).any(axis=2)
    assert 0.005 < differs.mean() < 0.5
    other = _lecture(draw_template(np.random.default_rng(seed + 100)), 1)
    assert (first[0] != other[0]).any(axis=2).mean() > 0.8
