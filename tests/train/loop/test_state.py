from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from vdup.train.loop.state import adamw, named_state, restore_state, schedule

from vdup.errors import VdupError


def step(model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    torch.stack([parameter.pow(4).sum() for parameter in model.parameters()]).sum().backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def stepped(model: nn.Module) -> torch.optim.Optimizer:
    optimiser: torch.optim.Optimizer = adamw([(model, 0.1)], 0.5)[0]
    step(model, optimiser)
    step(model, optimiser)
    return optimiser


def test_vectors_are_not_decayed_and_frozen_parts_are_left_out() -> None:
    first, second = nn.Linear(2, 3), nn.Linear(3, 1).requires_grad_(False)
    optimiser, rates = adamw([(first, 0.1), (second, 0.2), (None, 0.3)], 0.5)
    groups = optimiser.param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.5), (1, 0.0)]
    assert rates == [0.1, 0.1]


def test_what_was_kept_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(0)
    model, other = nn.Linear(2, 3), nn.Linear(2, 3)
    optimiser = stepped(model)
    best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    again, _ = adamw([(other, 0.1)], 0.5)
    kept = {name: tensor.clone() for name, tensor in named_state(model, best, optimiser).items()}
    assert restore_state(kept, other, again).keys() == best.keys()
    step(model, optimiser)
    step(other, again)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_a_state_of_another_model_is_refused() -> None:
    model, other = nn.Linear(2, 3), nn.Linear(2, 4)
    with pytest.raises(VdupError, match="of another model"):
        restore_state(named_state(model, {}, stepped(model)), other, adamw([(other, 0.1)], 0.5)[0])


def test_learning_rate_rises_to_its_highest_and_falls_to_nothing() -> None:
    rates = [schedule(step, 100, 0.1) for step in range(101)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert schedule(0, 10, 0.0) == 1
