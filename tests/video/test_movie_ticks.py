"""Sampled frames picked out of a finer sampling, against a plain reading of the clock."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.video.movie_ticks import movie_ticks, ticks_between
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
