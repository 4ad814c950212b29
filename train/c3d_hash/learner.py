"""What is trained: the hash network, and a classifier over its relaxed codes that is thrown away afterwards.

Triplets alone first drive all bits towards the one division of the classes that is easiest to see, and only then, as
those triplets keep the margin, towards the next. A classifier asks for all classes at once; it has been joined to hash
layers since Yang et al., "Supervised learning of semantics-preserving hash via deep convolutional neural networks"
(TPAMI 2018).
"""

import torch
from torch import nn

from vdup.hashing.network import HashNetwork


class HashLearner(nn.Module):
    """A hash network and a linear classifier over its relaxed codes."""

    def __init__(self, network: HashNetwork, classes: int, seed: int) -> None:
        """Takes a network and adds a classifier with random weights.

        Args:
            network: to train.
            classes: that clips have.
            seed: decides the weights; the state of torch's generator stays as it was.
        """
        super().__init__()
        self.network = network
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.classifier = nn.Linear(network.shape.bits, classes)
