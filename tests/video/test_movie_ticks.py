"""Sampled frames picked out of a finer sampling, against a plain reading of the clock."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.video.movie_ticks import SampledFrame, movie_ticks, parted_at_cut, ticks_between
from vdup.video.ticks import frames_at_ticks

END_SECONDS = 10.3


def _picture(number: int) -> NDArray[np.uint8]:
    return np.full((4, 6, 3), number, dtype=np.uint8)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("rate", "ticks"), [(1.0, 4), (2.0, 2), (6.0, 1), (1.2, 4)])
def test_frames_and_ticks_are_those_of_the_clock(seed: int, rate: float, ticks: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.concatenate([[0.0], np.sort(rng.uniform(0, 10, rng.integers(1, 200)))])
    fine = frames_at_ticks(times, END_SECONDS, rate * ticks)
    given = iter([(float(times[row]), _picture(row)) for row in fine])
    found = list(movie_ticks(given, rate, ticks, lambda: END_SECONDS))
    expected = frames_at_ticks(times, END_SECONDS, rate)
    assert [frame.time_seconds for frame in found] == times[expected].tolist()
    assert [int(frame.picture[0, 0, 0]) for frame in found] == expected.tolist()
    shown = [int(grey[0, 0]) for frame in found for grey in frame.movie]
    clock = []
    tick = 0
    while tick / (rate * ticks) < END_SECONDS:
        clock.append(int(np.flatnonzero(times <= tick / (rate * ticks) + 1e-6)[-1]))
        tick += 1
    assert shown == clock


def test_a_video_of_one_frame_has_a_movie_of_one_picture_at_least() -> None:
    [frame] = movie_ticks(iter([(0.0, _picture(1))]), 1.0, 4, lambda: 0.0)
    assert len(frame.movie) == 1
    assert list(movie_ticks(iter([]), 1.0, 4, lambda: 0.0)) == []


def test_ticks_for_a_rate() -> None:
    assert [ticks_between(rate, 4.0) for rate in (0.5, 1.0, 1.2, 2.0, 3.0, 4.0, 6.0)] == [8, 4, 4, 2, 2, 1, 1]
    assert ticks_between(1.0, 0.0) == 0


def _frame(*greys: int) -> SampledFrame:
    """A frame whose grey pictures have these levels, the first of them its own."""
    return SampledFrame(0.0, _picture(greys[0]), [np.full((64, 64), grey, dtype=np.uint8) for grey in greys])


@pytest.mark.parametrize(
    ("before", "kept"),
    [((10, 11, 12, 11), 4), ((10, 12, 198, 203), 2), ((10, 190, 200, 201), 1), ((10, 90, 120, 200), 2), ((10,), 1)],
)
def test_pictures_between_go_to_the_side_of_the_cut_that_they_are_like(before: tuple[int, ...], kept: int) -> None:
    first, second = parted_at_cut(_frame(*before), _frame(200, 202))
    levels = [[int(grey[0, 0]) for grey in frame.movie] for frame in (first, second)]
    assert levels == [list(before[:kept]), [*before[kept:], 200, 202]]


def test_frames_without_a_movie_are_left_as_they_are() -> None:
    frames = SampledFrame(0.0, _picture(1)), SampledFrame(1.0, _picture(200))
    assert parted_at_cut(*frames) == frames


def test_pictures_of_another_size_stay_with_their_frame() -> None:
    small = np.full((32, 48), 200, dtype=np.uint8)
    before = SampledFrame(0.0, _picture(10), [small // 20, small, small])
    first, second = parted_at_cut(before, _frame(200, 202))
    assert (len(first.movie), len(second.movie)) == (3, 2)
