"""Cuts the model in two: a frozen part, whose results are kept in files, and the part that learns."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.codes.refiner import Refiner
from vdup.config import ModelConfig, Precision
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.extractor import build_extractor
from vdup.features.pooling import aggregate_regions, build_pooling
from vdup.features.whitening import build_whitening

from ..config.triplet import Trainable

Images = NDArray[np.uint8]
Inputs = NDArray[np.float16]


class TrainedModel(nn.Module):
    """What learns: perhaps blocks of the backbone, pooling and whitening behind them, and the refiner."""

    refiner: Refiner

    def __init__(self, blocks: nn.Module | None, pool: Callable[[Tensor], Tensor]) -> None:
        """Takes what lies before the refiner; :attr:`refiner` is set when its start is known.

        Args:
            blocks: trained part of the backbone; none: the inputs are pooled features already.
            pool: feature maps [B, C, h, w] to features [B, D]; gradients flow through it.
        """
        super().__init__()
        self.blocks = blocks
        self._pool = pool

    def features(self, inputs: Tensor) -> Tensor:
        """Pooled, whitened unit vectors [B, D] of what the frozen part gives."""
        if self.blocks is None:
            return inputs.float()
        maps: Tensor = self.blocks(inputs if inputs.dtype == torch.uint8 else inputs.float())
        # Norms of 16-bit numbers overflow.
        return self._pool(maps.float())

    def forward(self, inputs: Tensor) -> Tensor:
        """Values whose signs are the code, [B, 1024]."""
        values: Tensor = self.refiner(self.features(inputs))
        return values


@dataclass(frozen=True)
class SplitModel:
    """A model that is about to be trained."""

    compute: Callable[[Images], Inputs] | None
    """The frozen part: images, uint8 [M, S, S, 3], to float16 [M, ...]; none: everything is trained."""
    trained: TrainedModel
    """The part that learns, still without its refiner."""
    backbone: Backbone | None
    """The network that :attr:`trained` has a part of; none when only the refiner learns."""
    device: torch.device
    """Where it runs."""
    fingerprint: dict[str, str | int | float]
    """Of the features before training."""
    key: str
    """Differs when :attr:`compute` gives other results."""


def split_model(model: ModelConfig, trainable: Trainable) -> SplitModel:
    """Builds the model that the settings choose, cut before the part that learns.

    Raises:
        ConfigError: the device is unknown or absent.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    extractor = build_extractor(model)
    if trainable is Trainable.head:
        device = extractor.device

        def features(images: Images) -> Inputs:
            return extractor.extract(images).astype(np.float16)

        key = _key(trainable, extractor.fingerprint, extractor.dtype)
        return SplitModel(features, TrainedModel(None, _as_they_are), None, device, extractor.fingerprint, key)

    # Small steps of training are lost in 16-bit weights.
    backbone = build_backbone(replace(model.backbone, precision=Precision.float32))
    pooling = build_pooling(model.pooling)
    whitening = build_whitening(model.whitening, backbone.channels, backbone=backbone.name, pooling=pooling.name)
    whitening = whitening.to(backbone.device)

    def pool(maps: Tensor) -> Tensor:
        return aggregate_regions(pooling.regions(maps), whitening.apply)

    key = _key(trainable, extractor.fingerprint, backbone.dtype)
    if trainable is Trainable.all:
        backbone.trunk.requires_grad_(True)
        return SplitModel(None, TrainedModel(backbone, pool), backbone, backbone.device, extractor.fingerprint, key)
    frozen, last = cut_before_last_stage(backbone.trunk)
    last.requires_grad_(True)
    compute = _frozen_maps(backbone, frozen, model.backbone.batch_size)
    return SplitModel(compute, TrainedModel(last, pool), backbone, backbone.device, extractor.fingerprint, key)


def cut_before_last_stage(trunk: nn.Module) -> tuple[nn.Sequential, nn.Sequential]:
    """Cuts a trunk in two that share its modules; the first may be empty, the second never is.

    The last stage is, of EfficientNet-Lite0, the last inverted residual stage and the convolution behind it; of a
    ResNet, its last stage; of VGG-16, the convolutions behind the last max-pooling before them.

    Raises:
        ValueError: the trunk has no convolution.
    """
    layers = stages_of(trunk)
    starts = [place for place, layer in enumerate(layers) if has_convolution(layer)]
    if not starts:
        raise ValueError("the trunk has no convolution to train")
    children = dict(trunk.named_children())
    if "conv_head" in children:
        cut = starts[-2]
    elif "features" in children:
        pools = [place for place, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d) and place < starts[-1]]
        cut = pools[-1] + 1 if pools else 0
    else:
        cut = starts[-1]
    return nn.Sequential(*layers[:cut]), nn.Sequential(*layers[cut:])


def stages_of(trunk: nn.Module) -> list[nn.Module]:
    """Parts of a trunk in their order; what holds whole stages is taken apart."""
    layers: list[nn.Module] = []
    for name, child in trunk.named_children():
        layers += child.children() if name in ("blocks", "features") else [child]
    return layers


def has_convolution(layer: nn.Module) -> bool:
    """Tells stages from activations, poolings and the like."""
    return any(isinstance(module, nn.Conv2d) for module in layer.modules())


def _frozen_maps(backbone: Backbone, frozen: nn.Sequential, batch_size: int) -> Callable[[Images], Inputs]:
    def maps(images: Images) -> Inputs:
        parts: list[Inputs] = []
        with torch.inference_mode():
            for first in range(0, len(images), batch_size):
                part = np.require(images[first : first + batch_size], requirements=["C", "W"])
                normalised = backbone.normalised(torch.from_numpy(part).permute(0, 3, 1, 2))
                parts.append(frozen(normalised).to(torch.float16).contiguous().cpu().numpy())
        return np.concatenate(parts)

    return maps


def _key(trainable: Trainable, fingerprint: dict[str, str | int | float], dtype: torch.dtype) -> str:
    return json.dumps([trainable.value, fingerprint, str(dtype)], sort_keys=True)


def _as_they_are(maps: Tensor) -> Tensor:
    return maps
