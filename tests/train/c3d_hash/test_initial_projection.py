import numpy as np
import pytest
import torch
from torch import nn
from vdup.train.c3d_hash.experiment import new_network
from vdup.train.c3d_hash.initial_projection import spread_values

from vdup.hashing.hasher import clip_values
from vdup.hashing.network import HashShape

CPU = torch.device("cpu")
CLIPS = np.random.default_rng(0).integers(0, 256, (2, 8, 2, 16, 16, 3), dtype=np.uint8)
CLIPS[:, ::2] //= 4

pytestmark = pytest.mark.usefixtures("one_thread")


def test_values_are_spread_and_statistics_are_of_the_clips() -> None:
    network = new_network(HashShape("mc3_18", 16, 2, 16), 0)
    momenta = [module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm3d)]
    before = clip_values(network.eval(), CLIPS[0], CPU)
    spread_values(network, CLIPS[:1], CPU, renew_statistics=True)
    network.train()
    with torch.no_grad():
        values = network(torch.from_numpy(CLIPS[0])).numpy()
    assert values.mean(0) == pytest.approx(0, abs=1e-4)
    assert values.std(0) == pytest.approx(1, abs=1e-3)
    assert (before > 0).mean(0) != pytest.approx(0.5)
    stem = next(module for module in network.modules() if isinstance(module, nn.BatchNorm3d))
    assert stem.running_mean is not None
    assert stem.running_mean.abs().max() > 0
    assert [module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm3d)] == momenta


def test_statistics_of_a_pretrained_network_stay() -> None:
    network = new_network(HashShape("mc3_18", 16, 2, 16), 0)
    trunk = {name: tensor.clone() for name, tensor in network.trunk.state_dict().items()}
    spread_values(network, CLIPS, CPU, renew_statistics=False)
    assert all(torch.equal(tensor, trunk[name]) for name, tensor in network.trunk.state_dict().items())
    values = np.concatenate([clip_values(network, batch, CPU) for batch in CLIPS])
    assert values.mean(0) == pytest.approx(0, abs=1e-4)
    assert values.std(0) == pytest.approx(1, abs=1e-3)
