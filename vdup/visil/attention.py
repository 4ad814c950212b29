"""Attention over regions: what is seen everywhere, such as sky, black or a caption's ground, should count little.

Kordopatis-Zilos et al., ICCV 2019: the weight of a region vector r is u^T r / 2 + 1/2, where u is a learned vector of
unit length, so that weights lie between 0 and 1.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class ContextAttention(nn.Module):
    """One context vector, named as in the authors' state dict."""

    def __init__(self, dimensions: int) -> None:
        """Starts from a random direction.

        Args:
            dimensions: length D of the region vectors.
        """
        super().__init__()
        self.context_vector = nn.Linear(dimensions, 1, bias=False)
        nn.init.normal_(self.context_vector.weight)
        self.constrain()

    def forward(self, regions: Tensor) -> Tensor:
        """Region vectors [..., D] of unit length, each times its weight."""
        weighed: Tensor = regions * (self.context_vector(regions) / 2 + 0.5)
        return weighed

    @torch.no_grad()
    def constrain(self) -> None:
        """Brings the context vector back to unit length; training does so after every step."""
        self.context_vector.weight.copy_(normalize(self.context_vector.weight, dim=1))
