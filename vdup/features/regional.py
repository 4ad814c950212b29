"""Frames to region vectors, which keep apart what different places of a frame show.

Kordopatis-Zilos et al., "ViSiL: Fine-grained Spatio-Temporal Video Similarity Learning", ICCV 2019: maxima of the four
stages of a ResNet in three by three regions, each stage brought to unit length, side by side; whitening behind it. Any
other backbone gives its last feature map in the same regions, whitened as for the frame codes.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from vdup.config import BackboneConfig, ExtractorConfig, ResNetConfig, RMACConfig
from vdup.errors import ConfigError, WeightsError
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.eigen_whitening import load_eigen_whitening
from vdup.features.extractor import in_batches
from vdup.features.pooling import build_pooling
from vdup.features.region_grid import REGIONS_A_SIDE, grid_maxima
from vdup.features.whitening import NoWhitening, Whitening, build_whitening, load_whitening
from vdup.types import FloatArray

_STAGES = ("layer1", "layer2", "layer3", "layer4")


class RegionalExtractor:
    """Computes unit vectors of the regions of each frame."""

    fingerprint: dict[str, str | int | float]
    """Everything that shapes a feature, but for rounding."""

    def __init__(
        self,
        backbone: Backbone,
        stages: tuple[str, ...],
        whitening: Whitening | NoWhitening | None,
        config: BackboneConfig,
    ) -> None:
        """Joins the parts.

        Args:
            backbone: image -> feature map.
            stages: children of the backbone's trunk whose outputs are taken; none: the feature map alone.
            whitening: of the joined vectors; none leaves them as they are.
            config: side of the frames and size of the batches.

        Raises:
            ValueError: the backbone has no such stage, or the whitening takes vectors of another length.
        """
        self._backbone = backbone
        self._stages = [part for name, part in backbone.trunk.named_children() if name in stages]
        if len(self._stages) != len(stages):
            raise ValueError(f"{backbone.name} has not all of the stages {', '.join(stages)}")
        self.channels = sum(_channels_of(part) for part in self._stages) or backbone.channels
        """Length of a region vector before whitening."""
        kept = NoWhitening(self.channels) if whitening is None else whitening
        if isinstance(kept, Whitening) and len(kept.mean) != self.channels:
            raise ValueError(f"the whitening takes {len(kept.mean)} numbers, a region has {self.channels}")
        self._whitening = kept.to(backbone.device)
        self._config = config
        self.fingerprint = {
            "backbone": backbone.name,
            "backbone_weights": backbone.weights_digest,
            "image_side_pixels": config.image_side_pixels,
            "regions": "+".join(stages) or "map",
            "whitening": kept.name,
            "whitening_weights": kept.digest,
            "dimensions": kept.dimensions,
        }

    @property
    def dimensions(self) -> int:
        """Length D of a region vector."""
        return self._whitening.dimensions

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self._backbone.device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the network."""
        return self._backbone.dtype

    def extract(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        """Computes whitened region vectors.

        Args:
            images: RGB frames, uint8 [N, S, S, 3] with S the configured side in pixels.
            mirrored: swap left and right first.

        Returns:
            Unit vectors, float32 [N, 9, D]. A region in which nothing is active gets zeros.

        Raises:
            ValueError: the images have another shape or type.
        """
        return self._run(images, mirrored, self._whitened, self.dimensions)

    def extract_regions(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        """Computes the vectors that a whitening is fitted on: as :meth:`extract`, not whitened, float32 [N, 9, C]."""
        return self._run(images, mirrored, lambda regions: regions, self.channels)

    def _run(
        self, images: NDArray[np.uint8], mirrored: bool, finish: Callable[[Tensor], Tensor], dimensions: int
    ) -> FloatArray:
        side = self._config.image_side_pixels
        with self._maps() as maps:

            def compute(batch: Tensor) -> Tensor:
                maps.clear()
                last = self._backbone(batch)
                return finish(_joined(maps or [last]))

            found = in_batches(images, side, self._config.batch_size, compute, mirrored)
        return found if len(found) else np.zeros((0, REGIONS_A_SIDE**2, dimensions), dtype=np.float32)

    def _whitened(self, regions: Tensor) -> Tensor:
        silent = (regions == 0).all(dim=2, keepdim=True)
        return normalize(self._whitening.apply(regions), dim=2).masked_fill(silent, 0)

    @contextmanager
    def _maps(self) -> Iterator[list[Tensor]]:
        """While the block runs, every pass of the backbone puts the maps of its stages into the list."""
        found: list[Tensor] = []
        with ExitStack() as hooks:
            for part in self._stages:
                hooks.callback(part.register_forward_hook(lambda _part, _inputs, out: found.append(out)).remove)
            yield found


def build_regional_extractor(
    model: ExtractorConfig, whitening: Path | None = None, dimensions: int = 0
) -> RegionalExtractor:
    """Builds the extractor that the settings choose.

    ``backbone=resnet50`` gives the four stages, 3,840 numbers a region, and needs a whitening of its own; every other
    backbone gives its feature map and, without a file, the whitening of the model.

    Args:
        model: backbone and whitening; its pooling is not used.
        whitening: file to use in place of the model's: the authors' (``.pth``) or a safetensors file of
            ``+experiment=pca``; none for ResNet-50 leaves the vectors as they are.
        dimensions: strongest directions that are kept; 0: all.

    Raises:
        ConfigError: the device is unknown or absent, or more dimensions are wanted than there are.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    config = model.backbone
    stages: tuple[str, ...] = ()
    if isinstance(config, ResNetConfig) and config.depth == 50:
        stages = _STAGES
        config = replace(config, layer=config.depth - 1)
    backbone = build_backbone(config)
    plain = RegionalExtractor(backbone, stages, None, config)
    chosen: Whitening | NoWhitening
    if whitening is not None and whitening.suffix != ".safetensors":
        chosen = load_eigen_whitening(whitening, plain.channels)
    elif whitening is not None:
        chosen, facts = load_whitening(whitening)
        if facts.get("backbone") != backbone.name or len(chosen.mean) != plain.channels:
            raise WeightsError(
                f"{whitening} was fitted on {facts.get('backbone')} and takes {len(chosen.mean)} numbers; in use is "
                f"{backbone.name} with {plain.channels}: check matcher.whitening"
            )
    elif stages:
        chosen = NoWhitening(plain.channels)
    else:
        # Its regions are those of R-MAC, whatever the pooling of the frame codes.
        pooling = build_pooling(RMACConfig()).name
        chosen = build_whitening(model.whitening, backbone.channels, backbone=backbone.name, pooling=pooling)
    return RegionalExtractor(backbone, stages, _strongest(chosen, dimensions), config)


def _strongest(whitening: Whitening | NoWhitening, dimensions: int) -> Whitening | NoWhitening:
    """The first directions of a whitening, which lists them from strongest to weakest."""
    if dimensions in (0, whitening.dimensions):
        return whitening
    if isinstance(whitening, NoWhitening) or dimensions > whitening.dimensions:
        raise ConfigError(
            f"{dimensions} numbers a region are wanted and there are {whitening.dimensions}: give a whitening of "
            "that many dimensions as matcher.whitening, or weights for these"
        )
    return Whitening(whitening.mean, whitening.projection[:dimensions].contiguous(), whitening.name)


def _joined(maps: list[Tensor]) -> Tensor:
    """Region vectors of several maps, each brought to unit length, side by side and again; float32 [B, 9, C]."""
    return normalize(torch.cat([normalize(grid_maxima(one.float()), dim=2) for one in maps], dim=2), dim=2)


def _channels_of(part: nn.Module) -> int:
    return [module for module in part.modules() if isinstance(module, nn.Conv2d)][-1].out_channels
