import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize
from vdup.train.distil.losses import copy_loss, relation_loss, vector_loss


def unit_rows(count: int, dimensions: int, seed: int) -> Tensor:
    return normalize(torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_vector_loss_against_a_loop() -> None:
    student, teacher = unit_rows(5, 4, 0), unit_rows(5, 4, 1)
    cosines = [sum(float(a) * float(b) for a, b in zip(student[i], teacher[i], strict=True)) for i in range(5)]
    expected = np.mean([1 - cosine for cosine in cosines])
    assert math.isclose(float(vector_loss(student, teacher)), expected, rel_tol=1e-5)
    assert float(vector_loss(student, student)) < 1e-6


def test_relation_loss_against_a_loop() -> None:
    student, teacher = unit_rows(4, 3, 2), unit_rows(4, 6, 3)
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    terms = [(float(student[i] @ student[j]) - float(teacher[i] @ teacher[j])) ** 2 for i, j in pairs]
    assert math.isclose(float(relation_loss(student, teacher)), np.mean(terms), rel_tol=1e-5)


def test_copy_loss_against_a_loop() -> None:
    first, second = unit_rows(4, 3, 4), unit_rows(4, 3, 5)
    numbers = [7, 8, 7, 9]  # one picture is there twice
    terms = []
    for here, there in ((first, second), (second, first)):
        for i in range(4):
            others = [j for j in range(4) if j == i or numbers[j] != numbers[i]]
            powers = {j: math.exp(float(here[i] @ there[j]) / 0.5) for j in others}
            terms.append(-math.log(powers[i] / sum(powers.values())))
    found = copy_loss(first, second, torch.tensor(numbers), 0.5)
    assert math.isclose(float(found), np.mean(terms), rel_tol=1e-5)


def test_a_picture_that_occurs_twice_gives_finite_gradients() -> None:
    first = unit_rows(2, 3, 6).requires_grad_(True)
    copy_loss(first, unit_rows(2, 3, 7), torch.tensor([1, 1]), 0.1).backward()
    assert first.grad is not None
    assert bool(torch.isfinite(first.grad).all())
