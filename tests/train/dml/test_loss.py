import math

import numpy as np
import pytest
import torch
from vdup.train.dml.loss import triplet_loss


def naive(rows: list[list[float]], labels: list[int], margin: float) -> float:
    """Every pair of duplicates with the nearest other video, one by one."""
    violations = []
    for anchor, own in enumerate(labels):
        for positive, other in enumerate(labels):
            if anchor == positive or own != other:
                continue
            negatives = [math.dist(rows[anchor], rows[n]) for n, label in enumerate(labels) if label != own]
            violation = math.dist(rows[anchor], rows[positive]) - min(negatives) + margin
            if violation > 0:
                violations.append(violation)
    return sum(violations) / len(violations) if violations else 0.0


@pytest.mark.parametrize("margin", [0.1, 0.6, 2.0])
def test_against_loops(margin: float) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(9, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels = np.array([0, 1, 2, 3, 0, 1, 2, 3, 0])
    same = labels[:, None] == labels[None]
    found = triplet_loss(torch.from_numpy(rows), torch.from_numpy(same), torch.from_numpy(~same), margin)
    assert float(found) == pytest.approx(naive(rows.tolist(), labels.tolist(), margin), abs=1e-5)


def test_nothing_to_learn_gives_zero_with_a_gradient() -> None:
    rows = torch.eye(3, requires_grad=True)
    nothing = torch.zeros(3, 3, dtype=torch.bool)
    loss = triplet_loss(rows, nothing, ~torch.eye(3, dtype=torch.bool), 0.5)
    loss.backward()
    assert float(loss.detach()) == 0
    assert rows.grad is not None
    assert bool(torch.isfinite(rows.grad).all())


def test_equal_vectors_have_a_finite_gradient() -> None:
    rows = torch.ones(4, 2, requires_grad=True)
    same = torch.tensor([[i % 2 == j % 2 for j in range(4)] for i in range(4)])
    triplet_loss(rows, same, ~same, 0.5).backward()
    assert rows.grad is not None
    assert bool(torch.isfinite(rows.grad).all())
