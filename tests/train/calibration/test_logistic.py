import numpy as np
import pytest
from numpy.typing import NDArray
from vdup.train.calibration.logistic import fit_logistic

Matrix = NDArray[np.float64]


def sampled(count: int, truth: Matrix, seed: int = 0) -> tuple[Matrix, NDArray[np.bool_]]:
    """Inputs of different centre and spread, with labels drawn from a logistic model."""
    rng = np.random.default_rng(seed)
    columns = len(truth) - 1
    inputs = rng.standard_normal((count, columns)) * np.linspace(0.5, 3, columns) + np.linspace(-1, 1, columns)
    probability = 1 / (1 + np.exp(-(truth[0] + inputs @ truth[1:])))
    return inputs, rng.random(count) < probability


def by_gradient_descent(inputs: Matrix, labels: NDArray[np.bool_], weights: Matrix, ridge: float) -> Matrix:
    """The same penalised loss, one small step after another on standardised inputs."""
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    scaled = (inputs - centre) / spread
    bias, slopes, total = 0.0, np.zeros(inputs.shape[1]), weights.sum()
    for _ in range(6000):
        error = weights * (1 / (1 + np.exp(-(bias + scaled @ slopes))) - labels) / total
        bias -= error.sum()
        slopes = slopes - (scaled.T @ error + ridge * slopes)
    return np.concatenate([[bias - (slopes / spread) @ centre], slopes / spread])


def test_weights_of_the_model_that_drew_the_labels_are_found() -> None:
    truth = np.array([0.4, -1.5, 0.8])
    inputs, labels = sampled(40_000, truth)
    found = fit_logistic(inputs, labels, np.ones(len(labels)), ridge=0)
    np.testing.assert_allclose(found, truth, atol=0.08)


@pytest.mark.parametrize("ridge", [1e-3, 0.1])
def test_against_gradient_descent(ridge: float) -> None:
    inputs, labels = sampled(300, np.array([-0.5, 1.0, -0.3, 0.7]), seed=1)
    weights = np.random.default_rng(2).uniform(0.2, 3, len(labels))
    found = fit_logistic(inputs, labels, weights, ridge)
    np.testing.assert_allclose(found, by_gradient_descent(inputs, labels, weights, ridge), rtol=1e-4, atol=1e-6)


def test_weight_two_counts_as_two_rows() -> None:
    """Without a penalty, and with inputs whose scale stays: weights are the same as repeats."""
    inputs, labels = sampled(60, np.array([0.2, 1.0]), seed=3)
    weights = np.where(np.arange(60) < 20, 2.0, 1.0)
    repeated = np.concatenate([np.arange(20), np.arange(60)])
    once = fit_logistic(inputs, labels, weights, ridge=0)
    twice = fit_logistic(inputs[repeated], labels[repeated], np.ones(80), ridge=0)
    np.testing.assert_allclose(once, twice, rtol=1e-5)


def test_separable_rows_give_finite_weights_that_separate() -> None:
    inputs = np.linspace(-1, 1, 40)[:, None]
    labels = inputs[:, 0] > 0
    found = fit_logistic(inputs, labels, np.ones(40))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0] + inputs[:, 0] * found[1] > 0, labels)


def test_constant_input_gets_no_weight() -> None:
    inputs, labels = sampled(200, np.array([0.0, 1.0]), seed=4)
    padded = np.column_stack([inputs, np.full(200, 7.0)])
    found = fit_logistic(padded, labels, np.ones(200))
    without = fit_logistic(inputs, labels, np.ones(200))
    probability = found[0] + padded @ found[1:]
    np.testing.assert_allclose(probability, without[0] + inputs @ without[1:], atol=1e-6)


@pytest.mark.parametrize("label", [True, False])
def test_one_label_only_is_refused(label: bool) -> None:
    with pytest.raises(ValueError, match="rows of both kinds"):
        fit_logistic(np.zeros((3, 2)), np.full(3, label), np.ones(3))


@pytest.mark.parametrize(
    ("inputs", "labels", "weights"),
    [((3,), 3, 3), ((3, 2), 4, 3), ((3, 2), 3, 2)],
)
def test_shapes_that_do_not_fit_are_refused(inputs: tuple[int, ...], labels: int, weights: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        fit_logistic(np.zeros(inputs), np.arange(labels) % 2 == 0, np.ones(weights))
