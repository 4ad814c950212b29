"""Logistic regression by Newton's method, for models of a handful of weights."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_ITERATIONS = 50


def fit_logistic(inputs: Matrix, labels: NDArray[np.bool_], weights: Matrix, ridge: float = 1e-3) -> Matrix:
    """Weights of a logistic regression with a bias.

    Args:
        inputs: float64 [N, K].
        labels: bool [N]; both values must occur.
        weights: weight of each row, float64 [N].
        ridge: penalty on the squared weights of standardised inputs, as a share of the total weight.

    Returns:
        Bias first, then K weights, float64 [K + 1].

    Raises:
        ValueError: shapes do not fit, or only one label occurs.
    """
    if inputs.ndim != 2 or labels.shape != (len(inputs),) or weights.shape != (len(inputs),):
        raise ValueError(f"inputs {inputs.shape}, labels {labels.shape} and weights {weights.shape} do not fit")
    if labels.all() or not labels.any():
        raise ValueError("a regression needs rows of both kinds")
    centre, spread = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-12)
    design = np.column_stack([np.ones(len(inputs)), (inputs - centre) / spread])
    penalty = ridge * weights.sum() * np.diag([0.0] + [1.0] * inputs.shape[1])
    solution = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(design @ solution, -30, 30)))
        slope = design.T @ (weights * (probability - labels)) + penalty @ solution
        curvature = (design * (weights * probability * (1 - probability))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(curvature)), slope)
        solution = solution - step
        if np.abs(step).max() < 1e-9:
            break
    scaled = solution[1:] / spread
    return np.concatenate([[solution[0] - scaled @ centre], scaled])
