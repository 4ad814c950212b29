"""Statistics of batch normalisation before the first step, so that the network can be judged before it is trained."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vdup.hashing.network import HashNetwork


@torch.no_grad()
def take_statistics(
    network: HashNetwork, batches: Iterable[NDArray[np.uint8]], device: torch.device, *, trunk_too: bool
) -> None:
    """Has batch normalisation take its means and variances from some clips.

    Args:
        network: on the device; changed in place and set to evaluation.
        batches: clips as the network sees them, uint8 [B, F, side, side, 3] each, two clips or more.
        device: where to compute.
        trunk_too: for random weights, of which there are no statistics; those of pretrained weights stay.
    """
    whole: nn.Module = network if trunk_too else network.balance
    norms = [module for module in whole.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm3d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    network.eval()
    whole.train()
    for batch in batches:
        network(torch.from_numpy(np.ascontiguousarray(batch)).to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
