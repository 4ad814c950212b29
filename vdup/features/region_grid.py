"""Maxima of a feature map in a grid of three by three overlapping regions, as ViSiL takes them.

Kordopatis-Zilos et al., "ViSiL: Fine-grained Spatio-Temporal Video Similarity Learning", ICCV 2019. The regions of a
square map are those of the third level of R-MAC, but for rounding.
"""

import torch
from torch import Tensor

REGIONS_A_SIDE = 3
"""Regions along each side of a map."""


def grid_windows(length: int) -> list[tuple[int, int]]:
    """Windows along one side of a map.

    They are as long as they can be when each starts half a window (rounded up) after the one before and exactly three
    fit: 28 of 56, 14 of 28, 6 of 14 and 3 of 7 positions, which are the maps of a ResNet for 224 pixels. Where no
    length fits (2 and 5 positions, for example), windows of half the side are spread from end to end.

    Args:
        length: positions along the side, 1 or more.

    Returns:
        (start, length) of three windows, by start; equal ones where the side has fewer than three positions.

    Raises:
        ValueError: ``length`` is below 1.
    """
    if length < 1:
        raise ValueError(f"a side of {length} positions has no regions")
    for window in range(length, 0, -1):
        step = (window + 1) // 2
        if (length - window) // step + 1 == REGIONS_A_SIDE:
            return [(number * step, window) for number in range(REGIONS_A_SIDE)]
    window = max(1, length // 2)
    last = length - window
    return [(number * last // (REGIONS_A_SIDE - 1), window) for number in range(REGIONS_A_SIDE)]


def grid_maxima(feature_map: Tensor) -> Tensor:
    """Maximum of every channel in every region.

    Args:
        feature_map: floating [B, C, h, w].

    Returns:
        [B, 9, C], row of regions by row.
    """
    # One axis at a time over channels that lie side by side: both at once take many times as long on a CPU.
    places = feature_map.permute(0, 2, 3, 1)
    bands = [places[:, top : top + height].amax(1) for top, height in grid_windows(places.shape[1])]
    columns = grid_windows(places.shape[2])
    maxima = [band[:, left : left + width].amax(1) for band in bands for left, width in columns]
    return torch.stack(maxima, dim=1)
