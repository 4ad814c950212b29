import numpy as np
import pytest
import torch
from torch import Tensor
from vdup.train.c3d_hash.ranking_loss import relaxed_hamming, triplet_ranking_loss
from vdup.train.config.c3d_hash import Triplets


def drawn(seed: int, rows: int = 9, bits: int = 16, classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    codes = torch.tanh(torch.randn(rows, bits, generator=generator))
    return codes, torch.randint(0, classes, (rows,), generator=generator)


def distance(one: Tensor, other: Tensor) -> float:
    squares: list[float] = [(a - b) ** 2 for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    return sum(squares) / 4


def in_plain_loops(codes: Tensor, labels: Tensor, margin: float, triplets: Triplets) -> float:
    rows = range(len(codes))
    every: list[float] = []
    hardest: list[float] = []
    for v in rows:
        near = [distance(codes[v], codes[p]) for p in rows if p != v and labels[p] == labels[v]]
        far = [distance(codes[v], codes[n]) for n in rows if labels[n] != labels[v]]
        every += [positive - negative + margin for positive in near for negative in far]
        if near and far:
            hardest.append(max(0.0, max(near) - min(far) + margin))
    violated = [loss for loss in every if loss > 0]
    if triplets is Triplets.hard:
        return sum(hardest) / len(hardest) if hardest else 0.0
    return sum(violated) / len(violated) if violated else 0.0


def test_the_distance_of_codes_is_the_hamming_distance() -> None:
    signs = torch.from_numpy(np.random.default_rng(0).choice([-1.0, 1.0], (6, 48)))
    expected = [[int((a != b).sum()) for b in signs] for a in signs]
    assert relaxed_hamming(signs).tolist() == expected


@pytest.mark.parametrize("triplets", list(Triplets))
@pytest.mark.parametrize("margin", [0.5, 4.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_that_of_plain_loops(triplets: Triplets, margin: float, seed: int) -> None:
    codes, labels = drawn(seed)
    found = float(triplet_ranking_loss(codes, labels, margin, triplets))
    assert found == pytest.approx(in_plain_loops(codes, labels, margin, triplets), rel=1e-5)


@pytest.mark.parametrize("triplets", list(Triplets))
@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_without_a_triplet_there_is_nothing_to_learn(triplets: Triplets, labels: list[int]) -> None:
    codes = drawn(0, rows=3)[0].requires_grad_()
    loss = triplet_ranking_loss(codes, torch.tensor(labels), 4.0, triplets)
    loss.backward()
    assert float(loss.detach()) == 0
    assert codes.grad is None or not codes.grad.any()


@pytest.mark.parametrize("triplets", list(Triplets))
def test_the_loss_pulls_classes_apart(triplets: Triplets) -> None:
    values = torch.randn(12, 16, generator=torch.Generator().manual_seed(3)).requires_grad_()
    labels = torch.arange(12) % 3
    optimiser = torch.optim.SGD([values], 1.0)
    for _ in range(60):
        loss = triplet_ranking_loss(torch.tanh(values), labels, 4.0, triplets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    distances = relaxed_hamming(torch.sign(values.detach()))
    same = labels[:, None] == labels[None, :]
    assert distances[same].max() < distances[~same].min()
