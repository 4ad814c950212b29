"""Frames to descriptors: backbone, pooling and whitening in one pass."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from vdup.config import BackboneConfig, ExtractorConfig
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.pooling import Pooling, aggregate_regions, build_pooling
from vdup.features.whitening import NoWhitening, Whitening, build_whitening
from vdup.types import FloatArray


class FrameExtractor:
    """Computes one unit vector for each frame."""

    fingerprint: dict[str, str | int | float]
    """Everything that shapes a feature. Precision and device are left out: they change features by rounding only, and
    a library made on a GPU may be searched on a CPU."""

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
        self._backbone = backbone
        self._pooling = pooling
        self._whitening = whitening.to(backbone.device)
        self._side = config.image_side_pixels
        self._batch_size = config.batch_size
        self.fingerprint = {
            "backbone": backbone.name,
            "backbone_weights": backbone.weights_digest,
            "image_side_pixels": config.image_side_pixels,
            "pooling": pooling.name,
            "whitening": whitening.name,
            "whitening_weights": whitening.digest,
            "dimensions": whitening.dimensions,
        }

    @property
    def dimensions(self) -> int:
        """Length D of a feature."""
        return self._whitening.dimensions

    @property
    def backbone(self) -> Backbone:
        """The network."""
        return self._backbone

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self._backbone.device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the network."""
        return self._backbone.dtype

    def extract(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        """Computes features: L2, whitening and L2 of every region vector, their sum, L2.

        Args:
            images: RGB frames, uint8 [N, S, S, 3] with S the configured side in pixels.
            mirrored: swap left and right first.

        Returns:
            Unit vectors, float32 [N, D]; a frame whose feature map is zero gets zeros.

        Raises:
            ValueError: the images have another shape or type.
        """
        features = self._batched(images, mirrored, lambda regions: aggregate_regions(regions, self._whitening.apply))
        return features if len(features) else np.zeros((0, self.dimensions), dtype=np.float32)

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
        regions = self._batched(images, mirrored, lambda regions: normalize(regions, dim=2))
        return regions if len(regions) else np.zeros((0, 0, self._backbone.channels), dtype=np.float32)

    def _batched(self, images: NDArray[np.uint8], mirrored: bool, finish: Callable[[Tensor], Tensor]) -> FloatArray:
        return in_batches(
            images,
            self._side,
            self._batch_size,
            lambda batch: finish(self._pooling.regions(self._backbone(batch))),
            mirrored,
        )


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
        ConfigError: the device is unknown or absent.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    backbone = build_backbone(model.backbone)
    pooling = build_pooling(model.pooling)
    whitening = build_whitening(model.whitening, backbone.channels, backbone=backbone.name, pooling=pooling.name)
    return FrameExtractor(backbone, pooling, whitening, model.backbone)
