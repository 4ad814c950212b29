from pathlib import Path

import numpy as np
import pytest
from aggregation.test_codebook import book

from vdup.aggregation.aggregator import Aggregator, BagAggregator, EmbeddingAggregator, RunningMean, build_aggregator
from vdup.aggregation.codebook import save_codebook
from vdup.aggregation.embedding import VideoEmbedding, embedding_bytes
from vdup.config import (
    AggregationConfig,
    BagAggregationConfig,
    DMLAggregationConfig,
    MeanAggregationConfig,
    NoAggregationConfig,
)
from vdup.errors import WeightsError

MAXIMA = {"backbone": "tiny"}
WIDTHS = (1, 2)


def frames(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(count).random((count, 3), dtype=np.float32)


def test_mean() -> None:
    aggregator = Aggregator(MAXIMA, WIDTHS)
    average = aggregator.of_frames(frames(6)).mean(axis=0)
    expected = np.zeros(3)
    for first, second, third in frames(6).tolist():
        length = (second**2 + third**2) ** 0.5
        expected += np.array([first / abs(first), second / length, third / length]) / 6
    np.testing.assert_allclose(average, expected, rtol=1e-5)
    centred = expected - expected.mean()
    np.testing.assert_allclose(aggregator.vectors(average[None])[0], centred / np.sqrt((centred**2).sum()), rtol=1e-4)


def test_bag_is_the_weighted_histogram() -> None:
    codebook = book().with_idf_of(np.array([[1, 0, 1, 0, 0], [1, 0, 0, 1, 0]], dtype=np.float32))
    aggregator = BagAggregator(MAXIMA, WIDTHS, codebook)
    histogram = aggregator.of_frames(frames(5)).mean(axis=0)
    assert histogram.sum() == pytest.approx(2)  # one word of each book
    weighted = histogram * np.concatenate(codebook.idf)
    found = aggregator.vectors(histogram[None])[0]
    np.testing.assert_allclose(found * np.sqrt((weighted**2).sum()), weighted, atol=1e-6)


def test_what_is_kept_differs_only_where_frames_do() -> None:
    mean = Aggregator(MAXIMA, WIDTHS)
    refined = EmbeddingAggregator(MAXIMA, WIDTHS, lambda: VideoEmbedding([3, 2]))
    bag = BagAggregator(MAXIMA, WIDTHS, book())
    assert mean.kept == refined.kept != bag.kept
    assert len({mean.digest, refined.digest, bag.digest}) == 3
    assert mean.kept != Aggregator({"backbone": "other"}, WIDTHS).kept


def test_embedding_of_nothing_is_nothing() -> None:
    refined = EmbeddingAggregator(MAXIMA, WIDTHS, lambda: VideoEmbedding([3, 2]))
    found = refined.vectors(np.array([[1, 1, 1], [1, 2, 4]], dtype=np.float32))
    assert not found[0].any()
    assert np.linalg.norm(found[1]) == pytest.approx(1, rel=1e-4)


def test_every_setting_has_its_aggregator(tmp_path: Path) -> None:
    codebook, weights = tmp_path / "c.safetensors", tmp_path / "e.safetensors"
    save_codebook(codebook, book(), MAXIMA, ["a", "b"])
    weights.write_bytes(embedding_bytes(VideoEmbedding([3, 2], 0.25), MAXIMA))

    def built(config: AggregationConfig) -> Aggregator | None:
        return build_aggregator(config, MAXIMA, WIDTHS)

    assert built(NoAggregationConfig()) is None
    assert type(built(MeanAggregationConfig())) is Aggregator
    assert isinstance(built(BagAggregationConfig(codebook=codebook)), BagAggregator)
    refined = built(DMLAggregationConfig(weights=weights))
    assert refined is not None
    assert (refined.dimensions, refined.threshold) == (2, 0.25)


def test_without_weights_for_these_layers_averages_are_made_all_the_same() -> None:
    aggregator = build_aggregator(DMLAggregationConfig(), MAXIMA, WIDTHS)
    assert aggregator is not None
    assert aggregator.kept == Aggregator(MAXIMA, WIDTHS).kept
    with pytest.raises(WeightsError):
        aggregator.vectors(frames(1))


def test_running_mean_is_the_mean() -> None:
    running = RunningMean()
    assert running.mean is None
    rows = frames(9)
    for first in range(0, 9, 4):
        running.add(rows[first : first + 4])
    running.add(rows[:0])
    assert running.mean is not None
    np.testing.assert_allclose(running.mean, rows.mean(axis=0), rtol=1e-6)
