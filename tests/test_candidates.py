from collections import defaultdict

import numpy as np
import pytest

from vdup.candidates import Candidate, add_coarse, frame_votes, rank_candidates
from vdup.types import DescriptorHit, FloatArray, RowArray


def _rows(*values: int) -> RowArray:
    return np.array(values, dtype=np.int64)


def _votes(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float32)


def _hit(video: int) -> DescriptorHit:
    return DescriptorHit(video, 0.0, 20.0, 0.9)


def _rank_by_loops(
    frames: list[int], votes: list[float], videos: list[int], times: list[float]
) -> list[tuple[int, float, list[int]]]:
    best_hit: dict[tuple[int, int], float] = defaultdict(float)
    for frame, vote, video in zip(frames, votes, videos, strict=True):
        best_hit[frame, video] = max(best_hit[frame, video], vote)
    in_window: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (frame, video), vote in best_hit.items():
        if vote > 0:
            in_window[int(times[frame] // 20)][video] += vote
    windows: dict[int, list[int]] = defaultdict(list)
    score: dict[int, float] = defaultdict(float)
    for window, sums in in_window.items():
        for video in sorted(sums, key=lambda video: (-sums[video], video))[:40]:
            windows[video].append(window)
            score[video] = max(score[video], sums[video])
    ranked = []
    for video in sorted(score, key=lambda video: (-score[video], video)):
        rows = [
            row
            for row, time in enumerate(times)
            if any(20 * window - 10 <= time < 20 * window + 30 for window in windows[video])
        ]
        ranked.append((video, score[video], rows))
    return ranked


@pytest.mark.parametrize("seed", range(6))
def test_ranking_against_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.1, 1.0, 200))
    frames = np.sort(random.integers(0, 200, 3000))
    videos = random.integers(1, 90, 3000)
    # Sums of such votes are exact, so that ties are ties for both.
    votes = (random.integers(0, 9, 3000) / 8).astype(np.float32)
    found = rank_candidates(frames, votes, videos, times)
    expected = _rank_by_loops(frames.tolist(), votes.tolist(), videos.tolist(), times.tolist())
    assert [(c.video_number, c.votes, c.query_rows.tolist()) for c in found] == expected


def test_many_hits_of_one_frame_count_once() -> None:
    times = np.arange(10.0)
    found = rank_candidates(_rows(0, 0, 0, 1, 2), _votes(0.5, 0.5, 0.5, 0.4, 0.4), _rows(1, 1, 1, 2, 2), times)
    assert [(candidate.video_number, candidate.votes) for candidate in found] == [(2, pytest.approx(0.8)), (1, 0.5)]


def test_short_copy_in_a_long_query_is_not_drowned_and_followed_where_it_is() -> None:
    times = np.arange(1000.0)
    frames = np.concatenate([np.arange(0, 1000, 10), np.arange(500, 506)])
    videos = np.concatenate([np.full(100, 1), np.full(6, 2)])
    votes = np.concatenate([np.full(100, 0.3), np.full(6, 0.9)]).astype(np.float32)
    first, second = rank_candidates(frames, votes, videos, times)
    assert first.video_number == 2
    assert first.query_rows.tolist() == list(range(490, 530))
    assert second.query_rows.tolist() == list(range(1000))


def test_each_window_has_places_of_its_own() -> None:
    times = np.array([0.0, 25.0])
    frames, videos = np.repeat(_rows(0, 1), [100, 1]), np.append(np.arange(1, 101), 500)
    votes = np.append(np.linspace(1.0, 0.5, 100), 0.1).astype(np.float32)
    found = rank_candidates(frames, votes, videos, times)
    assert [candidate.video_number for candidate in found] == [*range(1, 41), 500]


def test_no_votes_no_candidates() -> None:
    times = np.arange(5.0)
    assert rank_candidates(_rows(), _votes(), _rows(), times) == []
    assert rank_candidates(_rows(1, 2), _votes(0.0, 0.0), _rows(1, 1), times) == []


def test_votes_grow_with_nearness_and_weight() -> None:
    distances = np.array([0, 100, 200, 400, 500, 200], dtype=np.int32)
    backgrounds, weights = np.full(6, 400, dtype=np.float32), _votes(1, 1, 1, 1, 1, 0.5)
    found = frame_votes(distances, backgrounds, weights)
    assert found.dtype == np.float32
    expected = [max(400 - d, 0) ** 2 / 400**2 * w for d, w in zip(distances.tolist(), weights.tolist(), strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert frame_votes(_rows(0).astype(np.int32), np.zeros(1, dtype=np.float32), _votes(1)).tolist() == [0.0]


def test_stretches_widen_candidates_and_add_new_ones() -> None:
    times = np.arange(0.0, 100.0)
    known = Candidate(7, 3.0, np.arange(0, 10, dtype=np.int64))
    found = add_coarse([known], [(40.0, 60.0, [_hit(7), _hit(3), _hit(7)]), (50.0, 70.0, [_hit(3)])], times, 10)
    assert [(candidate.video_number, candidate.votes) for candidate in found] == [(7, 3.0), (3, 0.0)]
    assert found[0].query_rows.tolist() == [*range(10), *range(30, 70)]
    assert found[1].query_rows.tolist() == list(range(30, 80))


def test_each_stretch_adds_so_many_videos_at_most() -> None:
    stretch = (0.0, 20.0, [_hit(5), _hit(5), _hit(4), _hit(9), _hit(1)])
    found = add_coarse([], [stretch], np.arange(20.0), 2)
    assert [candidate.video_number for candidate in found] == [4, 5]


def test_a_stretch_without_query_frames_adds_nothing() -> None:
    assert add_coarse([], [(500.0, 520.0, [_hit(1)])], np.arange(20.0), 5) == []
    assert add_coarse([], [], np.arange(20.0), 5) == []
