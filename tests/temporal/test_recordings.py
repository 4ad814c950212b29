import numpy as np
import pytest

from benchmarks.recording_cases import make_event, record
from vdup.temporal.recordings import Alignment, align_recordings, confidence_of
from vdup.types import FrameFeatures


def aligned(a: FrameFeatures, b: FrameFeatures, **settings: float) -> Alignment:
    alignment = align_recordings(a, b, **settings)
    assert alignment is not None
    return alignment


@pytest.mark.parametrize(
    ("a", "b", "speed"),
    [
        ((0, 40), (12.34, 52.0), 1.0),  # b goes on beyond a
        ((20, 60), (3.21, 41.0), 1.0),  # b begins before a
        ((5, 55), (21.07, 33.0), 1.0),  # b inside a
        ((21.07, 33.0), (5, 55), 1.0),  # a inside b
        ((0, 50), (10, 60), 25 / 24),
        ((0, 50), (10, 60), 24 / 25),
        ((0, 60), (0, 60), 2.0),
        ((0, 60), (4.4, 50), 0.5),
        ((0, 60), (7, 57), 1.137),
    ],
)
def test_planted_offsets_and_speeds(a: tuple[float, float], b: tuple[float, float], speed: float) -> None:
    event = make_event(1, 60)
    first = record(event, *a, noise=0.15, seed=1)
    second = record(event, *b, speed=speed, phase=0.07, noise=0.15, seed=2)
    alignment = aligned(first, second)
    shared = (max(a[0], b[0]), min(a[1], b[1]))
    for moment in shared:
        assert alignment.offset_seconds + alignment.speed * (moment - b[0]) / speed == pytest.approx(
            moment - a[0], abs=0.1
        )
    assert alignment.overlap_in_a == pytest.approx((shared[0] - a[0], shared[1] - a[0]), abs=0.15)
    assert alignment.confidence > 0.9


def test_a_usual_speed_is_taken_exactly() -> None:
    event = make_event(2, 60)
    assert aligned(record(event, 0, 60), record(event, 0, 60, speed=25 / 24)).speed == 25 / 24
    assert aligned(record(event, 0, 60), record(event, 9, 60, phase=0.03)).speed == 1.0


def test_frame_rates_may_differ() -> None:
    event = make_event(3, 50)
    alignment = aligned(record(event, 0, 45, fps=8), record(event, 11.5, 50, fps=3.3, phase=0.1))
    assert alignment.offset_seconds == pytest.approx(11.5, abs=0.1)


def test_identical_recordings() -> None:
    shown = record(make_event(4, 30), 0, 30)
    alignment = aligned(shown, shown)
    assert alignment.offset_seconds == pytest.approx(0.0, abs=1e-6)
    assert alignment.speed == 1.0
    assert alignment.likeness == pytest.approx(1.0, abs=1e-6)
    assert alignment.overlap_in_a == pytest.approx((0.0, 30.0))
    assert alignment.confidence > 0.95


def test_swapping_the_recordings_turns_the_answer_round() -> None:
    event = make_event(5, 50)
    first, second = record(event, 0, 40), record(event, 8, 50, speed=1.25)
    there, back = aligned(first, second), aligned(second, first)
    assert back.speed == pytest.approx(1 / there.speed, rel=6e-3)
    assert back.offset_seconds == pytest.approx(-there.offset_seconds / there.speed, abs=0.15)


@pytest.mark.parametrize("seed", range(6))
def test_unrelated_recordings_have_little_confidence(seed: int) -> None:
    lengths = np.random.default_rng(seed).uniform(8, 40, 2).tolist()
    first, second = (record(make_event(100 + 2 * seed + side, 40), 0, lengths[side]) for side in (0, 1))
    assert aligned(first, second).confidence < 0.5


def test_what_repeats_has_little_confidence() -> None:
    event = make_event(6, 10)
    twice = record(event, 0, 10)
    looped = FrameFeatures(
        np.concatenate([twice.features] * 3), np.concatenate([twice.times_seconds + 10 * turn for turn in range(3)]), 30
    )
    alignment = aligned(looped, twice)
    assert alignment.offset_seconds % 10 == pytest.approx(0.0, abs=0.1) or alignment.offset_seconds % 10 > 9.9
    assert alignment.rivalry > 0.9
    assert alignment.confidence < 0.1


def test_scores_over_offset_peak_at_the_offset() -> None:
    event = make_event(7, 40)
    alignment = aligned(record(event, 0, 30), record(event, 12, 40))
    assert (np.diff(alignment.offsets_seconds) > 0).all()
    best = alignment.offsets_seconds[np.nanargmax(alignment.scores)]
    assert best == pytest.approx(alignment.offset_seconds, abs=0.2)
    assert np.isnan(alignment.scores[[0, -1]]).all()  # one sample shared


def _frames(count: int, *, blank: bool = False) -> FrameFeatures:
    features = np.zeros((count, 4)) if blank else np.tile([1.0, 0.0, 0.0, 0.0], (count, 1))
    return FrameFeatures(features.astype(np.float32), np.arange(count) / 5, count / 5)


@pytest.mark.parametrize("still", [_frames(0), _frames(1), _frames(50), _frames(50, blank=True)])
def test_nothing_to_compare(still: FrameFeatures) -> None:
    moving = record(make_event(8, 20, 4), 0, 20)
    assert align_recordings(still, moving) is None
    assert align_recordings(moving, still) is None
    assert align_recordings(still, still) is None


def test_least_overlap_is_kept() -> None:
    event = make_event(9, 60)
    first, second = record(event, 0, 33), record(event, 28, 60)  # 5 s shared
    near, far = aligned(first, second), aligned(first, second, min_overlap_seconds=12.0)
    assert near.offset_seconds == pytest.approx(28, abs=0.1)
    assert far.overlap_in_a.end_seconds - far.overlap_in_a.start_seconds > 11.5
    assert far.confidence < 0.5


def test_speeds_outside_the_limits_are_not_tried() -> None:
    event = make_event(10, 40)
    first, second = record(event, 0, 40), record(event, 0, 40, speed=1.5)
    assert aligned(first, second, min_speed=1.0, max_speed=1.0).speed == 1.0
    assert aligned(first, second, min_speed=1.4, max_speed=1.6).speed == pytest.approx(1.5, abs=0.005)


@pytest.mark.parametrize(
    "settings",
    [
        {"min_speed": 0.0},
        {"min_speed": 2.0, "max_speed": 1.0},
        {"max_speed": np.inf},
        {"min_overlap_seconds": -1.0},
        {"min_overlap_seconds": np.nan},
    ],
)
def test_wrong_settings(settings: dict[str, float]) -> None:
    shown = record(make_event(11, 5), 0, 5)
    with pytest.raises(ValueError, match=r"need|must be"):
        align_recordings(shown, shown, **settings)


def test_confidence_falls_with_rivalry() -> None:
    values = [confidence_of(rivalry) for rivalry in np.linspace(0, 3, 31).tolist()]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.99
    assert values[-1] < 0.01
    assert confidence_of(1e9) == pytest.approx(0.0)
