import pytest
import torch
from vdup.train.visil.losses import similarity_regularisation, triplet_loss


def test_a_triplet_costs_what_is_missing_to_the_margin() -> None:
    positive, negative = torch.tensor([0.9, 0.5, 0.2]), torch.tensor([0.1, 0.4, 0.6])
    assert triplet_loss(positive, negative, 0.5).tolist() == pytest.approx([0, 0.4, 0.9])


def test_what_clipping_cuts_off_costs() -> None:
    maps = torch.tensor([[-1.5, -1.0, 0.3], [1.0, 1.25, 4.0]], requires_grad=True)
    loss = similarity_regularisation(maps)
    assert float(loss.detach()) == pytest.approx(0.5 + 0.25 + 3)
    loss.backward()
    assert maps.grad is not None
    assert maps.grad.tolist() == [[-1, 0, 0], [0, 1, 1]]
