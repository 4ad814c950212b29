import math

import numpy as np
import pytest

from vdup.temporal.segment_score import score_segment
from vdup.types import FloatArray, TimeArray


class Film:
    """Shots of random codes, cut every 1.5-4 s, with noise of its own in every sampled frame."""

    def __init__(self, seed: int, length_seconds: float) -> None:
        self.random = np.random.default_rng(seed)
        cuts = [0.0]
        while cuts[-1] < length_seconds:
            cuts.append(cuts[-1] + self.random.uniform(1.5, 4.0))
        self.cuts = np.array(cuts)
        self.shots = self.random.choice([-1.0, 1.0], size=(len(cuts), 1024)) / 32

    def frames(self, times_seconds: TimeArray, flipped: float = 0.1) -> FloatArray:
        shots = self.shots[np.searchsorted(self.cuts, times_seconds, side="right") - 1]
        signs = np.where(self.random.random(shots.shape) < flipped, -1.0, 1.0)
        noisy: FloatArray = (shots * signs).astype(np.float32)
        return noisy


def score(
    query: FloatArray,
    query_times: TimeArray,
    reference: FloatArray,
    reference_times: TimeArray,
    speed: float = 1.0,
) -> tuple[float, float]:
    return score_segment(
        query, query_times, reference, reference_times, speed=speed, search_seconds=3.0, step_seconds=0.1
    )


@pytest.mark.parametrize("length_seconds", [1.0, 20.0, 300.0])
def test_a_segment_with_itself_scores_one_at_offset_zero(length_seconds: float) -> None:
    times = np.arange(0, length_seconds, 0.5)
    frames = Film(0, length_seconds).frames(times)
    value, offset = score(frames, times, frames, times)
    assert value == pytest.approx(1.0, abs=1e-5)
    assert offset == 0.0


@pytest.mark.parametrize("length_seconds", [8.0, 20.0, 300.0])
@pytest.mark.parametrize("shift_seconds", [-1.7, 0.0, 2.4])
def test_finds_the_offset_of_a_noisy_copy_sampled_at_half_the_rate(length_seconds: float, shift_seconds: float) -> None:
    film = Film(1, length_seconds + 2)
    query_times, reference_times = np.arange(0, length_seconds, 0.5), np.arange(0.25, length_seconds, 1.0)
    value, offset = score(
        film.frames(query_times), query_times, film.frames(reference_times), reference_times + shift_seconds
    )
    assert offset == pytest.approx(shift_seconds, abs=0.5)
    assert value > 0.6


def test_the_query_is_put_on_the_clock_of_the_reference() -> None:
    film = Film(2, 50)
    reference_times = np.arange(0, 40, 1.0)
    query_times = np.arange(0, 20, 0.5)
    query = film.frames(query_times * 2.0)
    reference = film.frames(reference_times)
    value, offset = score(query, query_times, reference, reference_times, speed=2.0)
    assert value > 0.6
    assert abs(offset) <= 0.5
    assert score(query, query_times, reference, reference_times, speed=1.0)[0] < value - 0.1


def test_unrelated_content_scores_near_zero() -> None:
    times = np.arange(0, 20, 0.5)
    value, _ = score(Film(3, 20).frames(times), times, Film(4, 20).frames(times), times)
    assert abs(value) < 0.1


def test_the_same_shots_in_another_order_score_less() -> None:
    times = np.arange(0, 60, 0.5)
    film = Film(5, 60)
    frames, again = film.frames(times), film.frames(times)
    assert score(frames, times, again[::-1], times)[0] < 0.5 * score(frames, times, again, times)[0]


def test_of_equal_scores_the_smallest_offset_is_taken() -> None:
    silent = np.zeros((4, 8), dtype=np.float32)
    times = np.arange(4.0)
    assert score(silent, times, silent, times) == (0.0, 0.0)


def test_offsets_stay_within_the_search() -> None:
    film = Film(6, 20)
    times = np.arange(0, 20, 1.0)
    frames = film.frames(times)
    _, offset = score_segment(frames, times, frames, times + 5.0, speed=1.0, search_seconds=0.35, step_seconds=0.1)
    assert offset == pytest.approx(0.3)
    assert score_segment(frames, times, frames, times + 5.0, speed=1.0, search_seconds=0.0, step_seconds=1.0)[1] == 0.0


def test_a_side_without_frames_scores_zero() -> None:
    nothing, times = np.zeros((0, 8), dtype=np.float32), np.zeros(0)
    some = np.ones((2, 8), dtype=np.float32)
    assert score(nothing, times, some, np.arange(2.0)) == (0.0, 0.0)
    assert score(some, np.arange(2.0), nothing, times) == (0.0, 0.0)


def test_refuses_what_does_not_fit() -> None:
    frames, times = np.ones((2, 8), dtype=np.float32), np.arange(2.0)
    with pytest.raises(ValueError, match="query features"):
        score(frames, np.arange(3.0), frames, times)
    with pytest.raises(ValueError, match="wide"):
        score(frames, times, np.ones((2, 4), dtype=np.float32), times)
    with pytest.raises(ValueError, match="speed"):
        score(frames, times, frames, times, speed=0.0)
    with pytest.raises(ValueError, match="step_seconds"):
        score_segment(frames, times, frames, times, speed=1.0, search_seconds=1.0, step_seconds=0.0)
    with pytest.raises(ValueError, match="finite"):
        score(frames, np.array([0.0, math.nan]), frames, times)
