import numpy as np
import pytest

from vdup.types import TimeArray
from vdup.video.ticks import TickClock, frames_at_ticks


def naive(times: list[float], end: float, fps: float, start: float) -> list[int]:
    rows: list[int] = []
    tick = 0
    while tick / fps < end - 1e-6:
        moment = tick / fps
        row = sum(time <= moment + 1e-6 for time in times) - 1
        if moment >= start - 1e-6 and row not in rows:
            rows.append(row)
        tick += 1
    return rows


def by_clock(times: TimeArray, end: float, fps: float, start: float) -> list[int]:
    clock = TickClock(fps, start)
    ends = [*times[1:].tolist(), end]
    return [row for row in range(len(times)) if clock.shows(ends[row])]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0, 3.7, 29.97, 60.0])
def test_both_ways_agree_with_walking_the_ticks(seed: int, fps: float) -> None:
    random = np.random.default_rng(seed)
    gaps = random.choice([0.001, 0.02, 0.04, 0.5, 1.0, 3.3], size=40)
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    end = float(times[-1] + gaps[0])
    start = float(random.choice([0.0, 0.3, 2.0, times[20]]))
    expected = naive(times.tolist(), end, fps, start)
    assert frames_at_ticks(times, end, fps, start).tolist() == expected
    assert by_clock(times, end, fps, start) == expected


@pytest.mark.parametrize("rate", [25.0, 30_000 / 1001, 24_000 / 1001, 50.0])
def test_own_rate_gives_every_frame_of_three_hours(rate: float) -> None:
    times = np.arange(int(3 * 3600 * rate)).astype(np.float64) / rate
    assert len(frames_at_ticks(times, float(times[-1] + 1 / rate), rate)) == len(times)


def test_a_tick_on_a_frame_boundary_takes_the_new_frame() -> None:
    times = np.arange(100).astype(np.float64) * 0.1  # 0.30000000000000004 and the like
    assert frames_at_ticks(times, 10.0, 1.0).tolist() == list(range(0, 100, 10))


def test_no_frames_and_start_beyond_the_end() -> None:
    assert frames_at_ticks(np.zeros(0), 0.0, 1.0).tolist() == []
    assert frames_at_ticks(np.array([0.0, 1.0]), 2.0, 1.0, start_seconds=5.0).tolist() == []


def test_one_frame_without_length_is_shown_at_the_first_tick() -> None:
    assert frames_at_ticks(np.zeros(1), 0.0, 1.0).tolist() == [0]


@pytest.mark.parametrize("fps", [0.0, -2.0, float("inf"), float("nan")])
def test_impossible_rates(fps: float) -> None:
    with pytest.raises(ValueError, match="frames_per_second must be a positive number"):
        TickClock(fps)
    with pytest.raises(ValueError, match="frames_per_second must be a positive number"):
        frames_at_ticks(np.zeros(1), 1.0, fps)
