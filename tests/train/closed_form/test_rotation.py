from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from vdup.train.closed_form.rotation import fit_rotation, iterative_quantisation, train_rotation
from vdup.train.config.experiments import DataConfig, PCAExperiment, RotationExperiment, TrainJobConfig
from vdup.train.families.view_features import ViewFeatures

from vdup.errors import ConfigError

Matrix = NDArray[np.float64]

DIMENSIONS, BITS = 16, 64


def synthetic(count: int = 300, views: int = 3, seed: int = 0) -> ViewFeatures:
    """Unit vectors; edits move them far along the first four directions and little along the others."""
    rng = np.random.default_rng(seed)
    originals = rng.standard_normal((count, DIMENSIONS))
    originals /= np.linalg.norm(originals, axis=1, keepdims=True)
    reach = np.where(np.arange(DIMENSIONS) < 4, 0.6, 0.03)
    edited = originals[:, None] + reach * rng.standard_normal((count, views, DIMENSIONS))
    return ViewFeatures(originals.astype(np.float32), edited.astype(np.float32))


def share_found(features: ViewFeatures, weights: Matrix, biases: Matrix) -> float:
    """How many views have a code that is nearer to the code of their original than to any other."""
    codes = features.originals @ weights.T + biases > 0
    found = 0
    for row, views in enumerate(features.views @ weights.T + biases > 0):
        for view in views:
            distances = (codes != view).sum(axis=1)
            others = np.delete(distances, row)
            found += int(distances[row] < others.min())
    return found / float(features.views.shape[0] * features.views.shape[1])


def quantisation_loss(vectors: Matrix, rotation: Matrix) -> float:
    total = 0.0
    for vector in vectors:
        for row in rotation:
            value = float(np.dot(row, vector))
            total += ((1.0 if value >= 0 else -1.0) - value) ** 2
    return total


def test_every_bit_is_on_for_half_of_the_originals() -> None:
    features = synthetic()
    weights, biases = fit_rotation(features, BITS, seed=0)
    assert (weights.shape, biases.shape) == ((BITS, DIMENSIONS), (BITS,))
    on = (features.originals.astype(np.float64) @ weights.T + biases > 0).sum(axis=0)
    np.testing.assert_allclose(on, len(features.originals) / 2, atol=1)


def test_edits_that_move_some_directions_are_better_withstood_than_by_a_plain_rotation() -> None:
    weights, biases = fit_rotation(synthetic(seed=1), BITS, seed=0)
    plain = np.linalg.qr(np.random.default_rng(0).standard_normal((BITS, DIMENSIONS)))[0]
    unseen = synthetic(seed=2)
    learned, random = share_found(unseen, weights, biases), share_found(unseen, plain, np.zeros(BITS))
    assert learned > 0.6
    assert learned > random + 0.2


def test_seed_decides_the_weights() -> None:
    features = synthetic(60)
    first, again, other = (fit_rotation(features, BITS, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.allclose(first[0], other[0])


@pytest.mark.parametrize("bits", [DIMENSIONS, BITS])
def test_quantisation_gives_orthonormal_columns_and_a_smaller_loss(bits: int) -> None:
    vectors = synthetic(100).originals.astype(np.float64)
    vectors -= vectors.mean(axis=0)
    rotation = iterative_quantisation(vectors, bits, seed=3)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(DIMENSIONS), atol=1e-10)
    start = np.linalg.qr(np.random.default_rng(3).standard_normal((bits, DIMENSIONS)))[0]
    assert quantisation_loss(vectors, rotation) < quantisation_loss(vectors, start)


def test_as_many_bits_as_dimensions_are_enough() -> None:
    assert fit_rotation(synthetic(40), DIMENSIONS, seed=0)[0].shape == (DIMENSIONS, DIMENSIONS)


def test_more_dimensions_than_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="16 dimensions do not fit 15 bits"):
        fit_rotation(synthetic(20), DIMENSIONS - 1, seed=0)


def test_training_needs_photographs(tmp_path: Path) -> None:
    output = tmp_path / "refiner.safetensors"
    for data, experiment in (
        (DataConfig(), RotationExperiment()),
        (DataConfig(images=tmp_path), PCAExperiment()),
    ):
        with pytest.raises(ConfigError, match=r"data\.images=DIR"):
            train_rotation(TrainJobConfig(output=output, data=data, experiment=experiment))
