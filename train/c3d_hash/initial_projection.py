"""The fully connected layer at its start: every bit is on for half of the clips.

What a network gives before training hardly differs from clip to clip, so that a layer of random weights gives all clips
one code, from which the triplet loss does not find away: tanh and quantisation hold the values where they are. Values
of mean 0 and deviation 1 over some clips avoid it, a start that depends on the data as in Krähenbühl et al.,
"Data-dependent initializations of convolutional neural networks" (ICLR 2016).
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vdup.hashing.network import HashNetwork

_SMALLEST_DEVIATION = 1e-6


@torch.no_grad()
def spread_values(
    network: HashNetwork, batches: Iterable[NDArray[np.uint8]], device: torch.device, *, renew_statistics: bool
) -> None:
    """Shifts and scales the fully connected layer so that its values have mean 0 and deviation 1 over some clips.

    Args:
        network: on the device; changed in place.
        batches: clips as the network sees them, uint8 [B, F, side, side, 3] each.
        device: where to compute.
        renew_statistics: let batch normalisation take its statistics from these clips; those that come with a
            network of random weights are of nothing.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    if renew_statistics:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
    network.train(renew_statistics)
    features = torch.cat([network.features(torch.from_numpy(batch).to(device)) for batch in batches])
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
    values = network.projection(features)
    deviation = values.std(dim=0, correction=0).clamp(min=_SMALLEST_DEVIATION)
    network.projection.weight /= deviation[:, None]
    network.projection.bias.copy_((network.projection.bias - values.mean(dim=0)) / deviation)
