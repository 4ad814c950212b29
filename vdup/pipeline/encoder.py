"""Frames to codes: the extractor and the refiner as one model with one fingerprint."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vdup.codes.refiner import Refiner, build_refiner
from vdup.codes.runs import LONGEST_RUN_SECONDS, RUN_RADIUS_BITS
from vdup.config import ModelConfig
from vdup.features.extractor import ARITHMETIC, FrameExtractor, PooledExtractor, build_extractor
from vdup.features.layer_maxima import LayerMaxima
from vdup.movies.storage import MOVIE_FORMAT
from vdup.types import CodeArray

Setting = str | int | float | bool


class Encoder:
    """Computes the code of every frame."""

    def __init__(self, extractor: FrameExtractor, refiner: Refiner) -> None:
        self._extractor = extractor
        self._refiner = refiner
        self._refiner_digest = refiner.digest()

    @property
    def codes_digest(self) -> str:
        """SHA-256 over all that shapes the code of a prepared frame, but for the arithmetic."""
        parts = {**self._extractor.fingerprint, "refiner_weights": self._refiner_digest}
        parts.pop(ARITHMETIC, None)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def layer_maxima(self, layers: Sequence[str]) -> LayerMaxima | None:
        """What reads the maxima of layers off the passes of :meth:`encode`; none where the network's layers are hidden.

        Raises:
            ConfigError: a layer is unknown.
        """
        return LayerMaxima(self._extractor.backbone, layers) if isinstance(self._extractor, PooledExtractor) else None

    def settings(self, model: ModelConfig) -> dict[str, Setting]:
        """Everything that shapes the codes of a library, dotted name -> value."""
        return {
            **{f"features.{name}": value for name, value in self._extractor.fingerprint.items()},
            "refiner.weights": self._refiner_digest,
            "sampling.library_fps": model.sampling.library_fps,
            "sampling.crop_bars": model.sampling.crop_bars,
            "runs.radius_bits": RUN_RADIUS_BITS,
            "runs.longest_seconds": LONGEST_RUN_SECONDS,
            "movies.format": MOVIE_FORMAT,
        }

    def encode(self, images: NDArray[np.uint8], mirrored: bool = False) -> CodeArray:
        """Codes of frames.

        Args:
            images: RGB, uint8 [N, S, S, 3].
            mirrored: swap left and right first.

        Returns:
            uint8 [N, 128].
        """
        return self._refiner.encode(self._extractor.extract(images, mirrored))


def build_encoder(model: ModelConfig) -> Encoder:
    """The encoder that the settings choose.

    Raises:
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    extractor = build_extractor(model)
    return Encoder(extractor, build_refiner(model.refiner, extractor.fingerprint))
