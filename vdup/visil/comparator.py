"""The video comparator: four convolutions that see in a matrix of frame similarities what only time tells.

Kordopatis-Zilos et al., ICCV 2019, table 1. A copy is a bright diagonal; chance resemblance has no shape. Two
max-poolings make the output a quarter as long in both directions.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

STRIDE = 4
"""Frames of each video for one cell of the output; fewer frames give no cell."""

HALO_FRAMES = 8
"""Frames around a tile beyond which nothing changes the cells of the tile: a cell looks 7 frames beyond its own 4."""


class VideoComparator(nn.Module):
    """Convolutions with 32, 64 and 128 channels and one of a single channel, named as in the authors' state dict."""

    def __init__(self) -> None:
        """Starts from Glorot's uniform weights and biases of zero, as the authors do."""
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1, padding_mode="replicate")
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1, padding_mode="replicate")
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1, padding_mode="replicate")
        self.fconv = nn.Conv2d(128, 1, 1)
        for layer in (self.conv1, self.conv2, self.conv3, self.fconv):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(cast("Tensor", layer.bias))

    def forward(self, similarities: Tensor) -> Tensor:
        """Compares.

        Args:
            similarities: of frames, float [B, N, M] with N and M of 4 or more.

        Returns:
            Float [B, N // 4, M // 4], not yet clipped to -1 and 1.
        """
        maps = max_pool2d(torch.relu(self.conv1(similarities.unsqueeze(1))), 2)
        maps = max_pool2d(torch.relu(self.conv2(maps)), 2)
        result: Tensor = self.fconv(torch.relu(self.conv3(maps)))
        return result.squeeze(1)
