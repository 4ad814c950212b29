from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmarks.arithmetic import multiply_adds
from vdup.config import IndexJobConfig
from vdup.features.backbone import build_backbone
from vdup.features.same_padding import SamePaddedConv2d

CONFIG = IndexJobConfig(videos=Path("v"))


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    return multiply_adds(CONFIG)


def test_products_behind_the_backbone(counted: dict[str, int]) -> None:
    """1,280 channels are whitened to 1,024 dimensions in each of 14 regions; the refiner is one square layer."""
    assert counted["pooling and whitening"] == 14 * 1280 * 1024
    assert counted["refiner"] == 1024 * 1024


def test_convolutions_are_counted_layer_by_layer(counted: dict[str, int]) -> None:
    total = 0

    def count(layer: nn.Module, inputs: object, output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        height, width = layer.kernel_size
        if isinstance(layer, SamePaddedConv2d):  # a row and a column of zeros are multiplied too
            height, width = height + 1, width + 1
        total += output.numel() * (layer.in_channels // layer.groups) * height * width

    backbone = build_backbone(CONFIG.backbone)
    for layer in backbone.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        backbone(torch.zeros(1, 3, 256, 256))
    assert counted["backbone"] == total
