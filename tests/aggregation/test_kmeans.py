import numpy as np
import pytest

from vdup.aggregation.kmeans import mini_batch_kmeans, nearest_centres
from vdup.types import FloatArray


def blobs(seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Sixty points round each of four corners, and the corners."""
    corners = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], dtype=np.float32)
    rng = np.random.default_rng(seed)
    points = np.repeat(corners, 60, axis=0) + rng.normal(0, 0.3, (240, 2)).astype(np.float32)
    return points[rng.permutation(240)].astype(np.float32), corners


def test_centres_of_clear_clusters_are_found() -> None:
    points, corners = blobs()
    centres = mini_batch_kmeans(points, 4, batch_size=40, batches=20)
    distances = np.linalg.norm(centres[:, None] - corners[None], axis=2)
    assert sorted(distances.argmin(axis=1).tolist()) == [0, 1, 2, 3]
    assert distances.min(axis=1).max() < 0.3


def test_batches_bring_centres_nearer_to_the_points() -> None:
    points = np.random.default_rng(3).random((4000, 6), dtype=np.float32)

    def spread(centres: FloatArray) -> float:
        return float(((points - centres[nearest_centres(points, centres)]) ** 2).sum())

    start = mini_batch_kmeans(points, 40, batches=0, seed=1)
    assert spread(mini_batch_kmeans(points, 40, batch_size=500, batches=40, seed=1)) < spread(start)


def test_equal_seeds_give_equal_centres() -> None:
    points, _ = blobs()
    first, second = (mini_batch_kmeans(points, 5, batch_size=50, batches=5, seed=2) for _ in range(2))
    assert np.array_equal(first, second)


def test_nearest_centre_is_the_nearest() -> None:
    rng = np.random.default_rng(4)
    points, centres = rng.random((30, 3), dtype=np.float32), rng.random((7, 3), dtype=np.float32)
    for row, number in zip(points, nearest_centres(points, centres).tolist(), strict=True):
        assert number == min(range(7), key=lambda one: float(((row - centres[one]) ** 2).sum()))


def test_progress_and_wrong_numbers() -> None:
    points, _ = blobs()
    seen: list[tuple[int, int]] = []
    mini_batch_kmeans(points, 2, batches=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(ValueError, match="240 frames cannot give 241 clusters"):
        mini_batch_kmeans(points, 241)
    with pytest.raises(ValueError, match="batch_size=0"):
        mini_batch_kmeans(points, 2, batch_size=0)
