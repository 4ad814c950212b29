import math

import pytest
import torch
from torch import Tensor
from vdup.train.network.code_regularisers import balance, decorrelation, koleo, quantisation

LABELS = torch.tensor([0, 0, 1, 1, 2])


def random_codes(rows: int = 5, bits: int = 7, seed: int = 0) -> Tensor:
    return torch.randn((rows, bits), generator=torch.Generator().manual_seed(seed)).double()


def test_entropy_against_loops() -> None:
    codes = random_codes()
    total = 0.0
    for row in range(5):
        nearest = min(
            math.dist((codes[row] / codes[row].norm()).tolist(), (codes[other] / codes[other].norm()).tolist())
            for other in range(5)
            if LABELS[other] != LABELS[row]
        )
        total -= math.log(nearest)
    assert float(koleo(codes, LABELS)) == pytest.approx(total / 5, abs=1e-6)


def test_spread_codes_have_less_of_the_entropy_term_than_crowded_ones() -> None:
    crowded = torch.ones((5, 7)) + 0.01 * random_codes()
    assert float(koleo(random_codes(), LABELS)) < float(koleo(crowded, LABELS)) - 1


def test_entropy_pushes_equal_codes_of_different_pictures_nowhere_infinite() -> None:
    codes = torch.ones((4, 7), requires_grad=True)
    term = koleo(codes, torch.tensor([0, 0, 1, 1]))
    term.backward()
    assert bool(torch.isfinite(term))
    assert codes.grad is not None
    assert bool(torch.isfinite(codes.grad).all())


def test_entropy_of_one_family_is_nothing() -> None:
    assert float(koleo(random_codes(), torch.zeros(5, dtype=torch.int64))) == 0


def test_quantisation_against_loops() -> None:
    values = random_codes()
    squares = [(abs(value) - 1) ** 2 for row in values.tolist() for value in row]
    assert float(quantisation(values)) == pytest.approx(sum(squares) / len(squares))
    assert float(quantisation(torch.tensor([[1.0, -1.0]]))) == 0


def test_balance_against_loops() -> None:
    codes = random_codes()
    means = [sum(codes[row, bit].item() for row in range(5)) / 5 for bit in range(7)]
    assert float(balance(codes)) == pytest.approx(sum(mean**2 for mean in means) / 7)
    assert float(balance(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))) == 0


def test_decorrelation_against_loops() -> None:
    codes = random_codes()
    products = {
        (a, b): sum((codes[row, a] * codes[row, b]).item() for row in range(5)) for a in range(7) for b in range(7)
    }
    squares = [(product / 5) ** 2 for (a, b), product in products.items() if a != b]
    assert float(decorrelation(codes)) == pytest.approx(sum(squares) / len(squares))


def test_equal_bits_are_wholly_correlated_and_independent_ones_hardly() -> None:
    column = torch.where(random_codes(4000, 1) > 0, 1.0, -1.0)
    assert float(decorrelation(torch.cat([column, -column], dim=1))) == pytest.approx(1)
    signs = torch.where(random_codes(4000, 20) > 0, 1.0, -1.0)
    assert float(decorrelation(signs)) == pytest.approx(1 / 4000, rel=0.3)


def test_one_bit_has_no_pairs() -> None:
    with pytest.raises(ValueError, match="codes of 1 bits"):
        decorrelation(torch.ones((3, 1)))
