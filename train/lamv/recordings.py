"""Features of the frames of clips and of edited copies of them, computed once and kept in files."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.features.extractor import FrameExtractor
from vdup.types import RowArray

from ..config.experiments import TrainJobConfig
from ..config.lamv import LAMVExperiment
from ..families.clip_source import clip_source
from ..families.view_cache import Progress, open_or_build_views

COPY_LAG_FRAMES = 0.5
"""Copies were sampled half a frame later than the original."""


@dataclass(frozen=True)
class Recordings:
    """N clips of K frames, each with V edited copies."""

    features: NDArray[np.float16]
    """Unit vectors, [N, 1 + V, K, d], the original first; perhaps mapped from a file."""
    scenes: RowArray
    """Video that each clip is a part of, int64 [N]."""
    digest: str
    """Of what they were made from."""

    @property
    def frames(self) -> int:
        """K."""
        return int(self.features.shape[2])

    @property
    def copies(self) -> int:
        """V."""
        return int(self.features.shape[1]) - 1


def open_recordings(
    config: TrainJobConfig, experiment: LAMVExperiment, extractor: FrameExtractor, progress: Progress | None
) -> Recordings:
    """Opens the recordings of the photographs and videos that the settings name; makes them where there are none.

    Raises:
        ConfigError: there are no photographs or videos, too few of them, or none can be used.
        OutputError: the cache cannot be written.
    """
    source = clip_source(
        config,
        experiment.clips,
        experiment.clips_a_video,
        experiment.frames,
        experiment.views,
        experiment.left_out,
        1.0 / experiment.fps,
    )
    key = json.dumps([extractor.fingerprint, str(extractor.dtype)], sort_keys=True)
    digest = hashlib.sha256(f"{key} {source.digest}".encode()).hexdigest()

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        return extractor.extract(images).astype(np.float16)

    cache = open_or_build_views(experiment.cache / digest[:16], key, source, compute, progress)
    shape = (len(cache.inputs), 1 + experiment.views, experiment.frames, *cache.inputs.shape[2:])
    return Recordings(cache.inputs.reshape(shape), cache.scenes, digest)
