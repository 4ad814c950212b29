import numpy as np
import pytest
import torch
from torch import nn
from vdup.train.c3d_hash.experiment import new_network
from vdup.train.c3d_hash.first_statistics import take_statistics

from vdup.hashing.network import HashShape

CPU = torch.device("cpu")
CLIPS = np.random.default_rng(0).integers(0, 256, (2, 8, 2, 16, 16, 3), dtype=np.uint8)
CLIPS[:, ::2] //= 4

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("trunk_too", [True, False])
def test_statistics_are_those_of_the_clips(trunk_too: bool) -> None:
    network = new_network(HashShape("mc3_18", 16, 2, 16), 0)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm3d)]
    momenta = [norm.momentum for norm in norms]
    trunk = {name: tensor.clone() for name, tensor in network.trunk.state_dict().items()}
    take_statistics(network, CLIPS, CPU, trunk_too=trunk_too)
    assert [norm.momentum for norm in norms] == momenta
    assert not network.training
    stays = all(torch.equal(tensor, trunk[name]) for name, tensor in network.trunk.state_dict().items())
    assert stays is not trunk_too
    network.trunk.train(trunk_too)
    network.trunk.requires_grad_(False)
    network.projection.requires_grad_(False)
    means = [network.projection(network.features(torch.from_numpy(batch))).mean(dim=0) for batch in CLIPS]
    assert network.balance.running_mean is not None
    assert network.balance.running_mean.numpy() == pytest.approx(torch.stack(means).mean(0).numpy(), abs=1e-4)
