import numpy as np
import pytest

from vdup.temporal.window_means import WindowMeans
from vdup.types import FloatArray, FrameFeatures


def video(times: list[float], features: object, duration: float = 100.0) -> FrameFeatures:
    return FrameFeatures(np.array(features, dtype=np.float32).reshape(len(times), -1), np.array(times), duration)


def naive(shown: FrameFeatures, start: float, end: float) -> tuple[FloatArray, float]:
    """Mean over very many moments, each of which shows the nearest frame that is not too far."""
    times, step = shown.times_seconds, float(np.median(np.diff(shown.times_seconds)))
    total, seen = np.zeros(shown.features.shape[1]), 0
    moments = np.linspace(start, end, 4_001)[:-1] + (end - start) / 8_000
    for moment in moments:
        row = int(np.abs(times - moment).argmin())
        first_or_last = row in (0, len(times) - 1) and not times[0] <= moment <= times[-1]
        reach = step / 2 if first_or_last else step
        if abs(times[row] - moment) <= reach and shown.features[row].any():
            total += shown.features[row]
            seen += 1
    return (total / max(seen, 1)).astype(np.float32), seen / len(moments)


def test_means_are_those_of_very_many_moments() -> None:
    random = np.random.default_rng(0)
    times = np.sort(random.uniform(0, 10, 12)).tolist()
    times = [*times, 18.0, 18.5]  # behind a gap
    shown = video(times, random.standard_normal((14, 3)))
    shown.features[4] = 0.0
    edges = np.array([-1.0, 0.3, 1.7, 1.9, 6.0, 9.9, 12.0, 15.0, 17.0, 30.0])
    means, coverage = WindowMeans(shown).means(edges)
    for row, (start, end) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        expected, share = naive(shown, start, end)
        assert coverage[row] == pytest.approx(share, abs=1e-2)
        assert means[row] == pytest.approx(expected, abs=2e-2)


def test_one_frame_stands_for_the_whole_video() -> None:
    means, coverage = WindowMeans(video([0.0], [[2.0]], duration=4.0)).means(np.array([-2.0, -1.0, 1.0, 3.0]))
    assert means[:, 0].tolist() == [2.0, 2.0, 2.0]
    assert coverage.tolist() == [1.0, 1.0, 0.5]


def test_no_frames() -> None:
    empty = FrameFeatures(np.zeros((0, 2), np.float32), np.zeros(0), 1.0)
    means, coverage = WindowMeans(empty).means(np.array([0.0, 1.0]))
    assert means.tolist() == [[0.0, 0.0]]
    assert coverage.tolist() == [0.0]


@pytest.mark.parametrize("times", [[0.0, 0.0], [1.0, 0.5], [0.0, np.nan]])
def test_times_must_increase(times: list[float]) -> None:
    with pytest.raises(ValueError, match="finite and increase"):
        WindowMeans(video(times, [[1.0], [1.0]]))


def test_regions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \[N, d\]"):
        WindowMeans(FrameFeatures(np.zeros((1, 2, 3), np.float32), np.zeros(1), 1.0))
