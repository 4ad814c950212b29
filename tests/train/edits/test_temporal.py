from fractions import Fraction

import numpy as np
import pytest
from vdup.train.edits.temporal import DROPPED_FRAMES, FAST, SLOW, TemporalEdit, TimeMapping

RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)]


def frame_on_screen(seconds: float, rate: Fraction, frames: int) -> int:
    """Walks through the frames of a source and returns the last one that has been shown by ``seconds``."""
    shown = 0
    for number in range(frames):
        if number / float(rate) <= seconds + 1e-7:
            shown = number
    return shown


@pytest.mark.parametrize("source_rate", RATES)
@pytest.mark.parametrize("copy_rate", RATES)
@pytest.mark.parametrize("speed", [0.5, 0.73, 1.0, 1.25, 2.0])
def test_frames_are_those_on_screen_at_the_mapped_time(
    speed: float, copy_rate: Fraction, source_rate: Fraction
) -> None:
    mapping = TimeMapping(speed=speed)
    chosen = mapping.source_frames(40, copy_rate, source_rate, source_start_seconds=1.37)
    expected = [frame_on_screen(1.37 + speed * k / float(copy_rate), source_rate, 200) for k in range(40)]
    assert chosen.dtype == np.int64
    assert chosen.tolist() == expected


def test_a_clip_whose_frames_carry_their_number_keeps_the_truth() -> None:
    rate = Fraction(25)
    source = np.arange(250, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(6, 2).repeat(3, 3)
    for edit in (FAST, SLOW, DROPPED_FRAMES, TemporalEdit("none")):
        mapping = edit.draw(np.random.default_rng(5))
        start_seconds = 2.0
        copy = source[mapping.source_frames(75, rate, rate, start_seconds)]
        seen_seconds = copy[:, 0, 0, 0] / float(rate)
        line_seconds = start_seconds + mapping.speed * np.arange(75) / float(rate)
        held_seconds = mapping.speed / (mapping.held_frames_per_second or float(rate))
        lag_seconds = line_seconds - seen_seconds
        assert lag_seconds.min() >= -1e-6
        assert lag_seconds.max() <= held_seconds + 1 / float(rate)


def test_same_rate_and_speed_shows_every_frame_once() -> None:
    rate = Fraction(30000, 1001)
    assert TimeMapping().source_frames(900, rate, rate).tolist() == list(range(900))


def test_held_frames_change_at_their_own_rate() -> None:
    chosen = TimeMapping(held_frames_per_second=5.0).source_frames(25, Fraction(25), Fraction(25))
    assert chosen.tolist() == [0] * 5 + [5] * 5 + [10] * 5 + [15] * 5 + [20] * 5


def test_draws_stay_in_their_family() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert 1.25 <= FAST.draw(rng).speed <= 2.0
        assert 0.5 <= SLOW.draw(rng).speed <= 0.8
        dropped = DROPPED_FRAMES.draw(rng)
        assert dropped.speed == 1.0
        assert dropped.held_frames_per_second is not None
        assert 5.0 <= dropped.held_frames_per_second <= 12.0


def test_draws_repeat_for_equal_seeds_and_vary_otherwise() -> None:
    assert FAST.draw(np.random.default_rng(3)) == FAST.draw(np.random.default_rng(3))
    assert FAST.draw(np.random.default_rng(3)) != FAST.draw(np.random.default_rng(4))


@pytest.mark.parametrize("wrong", [{"speed": 0.0}, {"speed": -1.0}, {"held_frames_per_second": 0.0}])
def test_impossible_mappings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        TimeMapping(**wrong)
