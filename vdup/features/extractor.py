"""Frames to descriptors: backbone, pooling and whitening in one pass, or a network that gives vectors by itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from vdup.config import BackboneConfig, ExtractorConfig, SSCDConfig
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.pooling import Pooling, aggregate_regions, build_pooling
from vdup.features.sscd import SSCD, build_sscd
from vdup.features.whitening import NoWhitening, Whitening, build_whitening
from vdup.types import FloatArray

ARITHMETIC = "arithmetic"
"""Key of a fingerprint that tells forms of the same weights apart. A library belongs to one of them, since codes
differ; a refiner or a calibration that was fitted with one serves all."""


class FrameExtractor(ABC):
    """Computes one unit vector for each frame."""

    fingerprint: dict[str, str | int | float]
    """Everything that shapes a feature. Precision and device are left out: they change features by rounding only, and
    a library made on a GPU may be searched on a CPU."""
    dimensions: int
    """Length D of a feature."""
    device: torch.device
    """Where the network runs."""
    dtype: torch.dtype
    """Number format of the network."""

    def __init__(self, config: BackboneConfig) -> None:
        """Takes the side of the frames and the size of the batches."""
        self._side = config.image_side_pixels
        self._batch_size = config.batch_size

    @abstractmethod
    def vectors(self, images: Tensor) -> Tensor:
        """Features of a batch, unit vectors, float32 [B, D], of RGB frames, uint8 [B, 3, S, S]."""

    def extract(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        """Computes features.

        Args:
            images: RGB frames, uint8 [N, S, S, 3] with S the configured side in pixels.
            mirrored: swap left and right first.

        Returns:
            Unit vectors, float32 [N, D]; a frame whose feature map is zero gets zeros.

        Raises:
            ValueError: the images have another shape or type.
        """
        features = in_batches(images, self._side, self._batch_size, self.vectors, mirrored)
        return features if len(features) else np.zeros((0, self.dimensions), dtype=np.float32)


class PooledExtractor(FrameExtractor):
    """Features of a backbone: L2, whitening and L2 of every region vector, their sum, L2."""

    def __init__(
        self, backbone: Backbone, pooling: Pooling, whitening: Whitening | NoWhitening, config: BackboneConfig
    ) -> None:
        """Joins the parts.

        Args:
            backbone: image -> feature map.
            pooling: feature map -> region vectors.
            whitening: region vector -> whitened region vector.
            config: side of the frames and size of the batches.
        """
        super().__init__(config)
        self.backbone = backbone
        self._pooling = pooling
        self._whitening = whitening.to(backbone.device)
        self.device = backbone.device
        self.dtype = backbone.dtype
        self.dimensions = whitening.dimensions
        self.fingerprint = {
            "backbone": backbone.name,
            "backbone_weights": backbone.weights_digest,
            "image_side_pixels": config.image_side_pixels,
            "pooling": pooling.name,
            "whitening": whitening.name,
            "whitening_weights": whitening.digest,
            "dimensions": whitening.dimensions,
        }

    def vectors(self, images: Tensor) -> Tensor:
        """Features of a batch; see :meth:`FrameExtractor.vectors`."""
        return aggregate_regions(self._pooling.regions(self.backbone(images)), self._whitening.apply)

    def extract_regions(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        """Computes the vectors that a whitening is fitted on: region vectors of unit length, not whitened.

        Args:
            images: RGB frames, uint8 [N, S, S, 3].
            mirrored: swap left and right first.

        Returns:
            Float32 [N, R, C]; R is the number of regions, or 0 when there are no images.

        Raises:
            ValueError: the images have another shape or type.
        """
        regions = in_batches(
            images,
            self._side,
            self._batch_size,
            lambda batch: normalize(self._pooling.regions(self.backbone(batch)), dim=2),
            mirrored,
        )
        return regions if len(regions) else np.zeros((0, 0, self.backbone.channels), dtype=np.float32)


class SSCDExtractor(FrameExtractor):
    """The vectors of SSCD, which has its own pooling and projection."""

    def __init__(self, network: SSCD, config: BackboneConfig) -> None:
        """Takes the network, and the side of the frames and the size of the batches."""
        super().__init__(config)
        self._network = network
        self.device = network.device
        self.dtype = network.dtype
        self.dimensions = network.dimensions
        self.fingerprint = {
            "backbone": "sscd",
            "backbone_weights": network.weights,
            ARITHMETIC: network.arithmetic,
            "image_side_pixels": config.image_side_pixels,
            "dimensions": network.dimensions,
        }

    def vectors(self, images: Tensor) -> Tensor:
        """Features of a batch; see :meth:`FrameExtractor.vectors`."""
        return normalize(self._network(images), dim=1)


def in_batches(
    images: NDArray[np.uint8],
    side_pixels: int,
    batch_size: int,
    compute: Callable[[Tensor], Tensor],
    mirrored: bool = False,
) -> FloatArray:
    """Runs frames through a network, some at a time and without gradients.

    Args:
        images: RGB frames, uint8 [N, S, S, 3].
        side_pixels: S.
        batch_size: most frames at once.
        compute: uint8 [B, 3, S, S] to float32 [B, ...].
        mirrored: swap left and right first.

    Returns:
        Float32 [N, ...]; [0] when there are no images.

    Raises:
        ValueError: the images have another shape or type.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (side_pixels, side_pixels, 3):
        raise ValueError(
            f"images must be uint8 [N, {side_pixels}, {side_pixels}, 3], got {images.dtype} {list(images.shape)}"
        )
    results: list[FloatArray] = []
    with torch.inference_mode():
        for first in range(0, len(images), batch_size):
            # PyTorch takes neither negative strides nor read-only memory; C order makes the view channels-last.
            part = np.require(images[first : first + batch_size], requirements=["C", "W"])
            batch = torch.from_numpy(part).permute(0, 3, 1, 2)
            results.append(compute(batch.flip(3) if mirrored else batch).cpu().numpy())
    return np.concatenate(results) if results else np.zeros(0, dtype=np.float32)


def build_extractor(model: ExtractorConfig) -> FrameExtractor:
    """Builds the extractor that the settings choose.

    Raises:
        ConfigError: the device is unknown or absent, or a package is missing.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    if isinstance(model.backbone, SSCDConfig):
        return SSCDExtractor(build_sscd(model.backbone), model.backbone)
    return build_pooled_extractor(model)


def build_pooled_extractor(model: ExtractorConfig) -> PooledExtractor:
    """Builds the extractor of a backbone that gives feature maps; errors are those of :func:`build_extractor`."""
    backbone = build_backbone(model.backbone)
    pooling = build_pooling(model.pooling)
    whitening = build_whitening(model.whitening, backbone.channels, backbone=backbone.name, pooling=pooling.name)
    return PooledExtractor(backbone, pooling, whitening, model.backbone)
