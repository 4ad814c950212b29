import numpy as np
import pytest

from vdup.align.track import ReferenceTrack

# Rows: 0 s alone, a still from 1 to 5 s, 6 s and 7 s alone.
TRACK = ReferenceTrack(np.array([0.0, 1.0, 6.0, 7.0]), np.array([0.0, 5.0, 6.0, 7.0]), 8.0, 1.0)


def test_length_is_the_number_of_rows() -> None:
    assert len(TRACK) == 4


def test_times_of_the_video_are_inside() -> None:
    times = np.array([-0.1, 0.0, 4.0, 8.0, 8.1])
    assert TRACK.contains(times).tolist() == [False, True, True, True, False]


def test_neighbours_are_the_row_shown_and_the_next() -> None:
    times = np.array([[-3.0, 0.0, 0.9], [1.0, 4.0, 5.9], [6.0, 7.5, 99.0]])
    before, after = TRACK.neighbours(times)
    assert before.tolist() == [[0, 0, 0], [1, 1, 1], [2, 3, 3]]
    assert after.tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]


def _look_up_one(time: float, evidence: list[float], reach: float) -> tuple[float, float]:
    """The same by hand: the row shown last, or the next one when it is better and begins soon enough."""
    shown = max((row for row in range(4) if TRACK.starts_seconds[row] <= time), default=0)
    following = min(shown + 1, 3)
    row = shown
    if evidence[following] > evidence[shown] and TRACK.starts_seconds[following] - time <= reach:
        row = following
    nearest = min(max(time, TRACK.starts_seconds[row] - 0.5), TRACK.ends_seconds[row] + 0.5)
    return evidence[row], float(nearest)


@pytest.mark.parametrize("seed", range(4))
def test_best_evidence_near_a_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    evidence = random.normal(size=4).astype(np.float32)
    times = np.concatenate([random.uniform(-1, 9, 40), [0.25, 5.25, 6.25]])
    found, nearest = TRACK.look_up(times, evidence, 0.75)
    expected = [_look_up_one(time, evidence.tolist(), 0.75) for time in times.tolist()]
    np.testing.assert_allclose(np.column_stack([found, nearest]), expected)


def test_next_row_counts_only_within_reach() -> None:
    evidence = np.array([0, 1, 9, 0], dtype=np.float32)
    found, nearest = TRACK.look_up(np.array([5.2, 5.3]), evidence, 0.75)
    assert found.tolist() == [1, 9]
    np.testing.assert_allclose(nearest, [5.2, 5.5])


def test_a_reference_without_rows_or_step_is_refused() -> None:
    none = np.empty(0)
    with pytest.raises(ValueError, match="without rows"):
        ReferenceTrack(none, none, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"step_seconds=0\.0 must be above 0"):
        ReferenceTrack(np.zeros(1), np.zeros(1), 1.0, 0.0)
