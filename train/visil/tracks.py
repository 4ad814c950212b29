"""Region vectors of clips and of edited copies of them, computed once and kept in files."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.features.regional import RegionalExtractor
from vdup.types import FloatArray, RowArray

from ..config.experiments import TrainJobConfig
from ..config.visil import ViSiLExperiment
from ..families.clip_source import clip_source
from ..families.view_cache import Progress, open_or_build_views

Rows = NDArray[np.int64]
"""A made-up video, frame by frame: number of the clip, of the copy (0: the original) and of the frame, int64 [n, 3]."""


@dataclass(frozen=True)
class ClipTracks:
    """N clips of K frames, each with V edited copies that were sampled at moments in between."""

    vectors: NDArray[np.float16]
    """[N, 1 + V, K, R, D], the original first; perhaps mapped from a file."""
    scenes: RowArray
    """Video that each clip is a part of, int64 [N]; clips of one scene are hard negatives of one another."""
    digest: str
    """Of what they were made from."""

    @property
    def frames(self) -> int:
        """K."""
        return int(self.vectors.shape[2])

    @property
    def copies(self) -> int:
        """V."""
        return int(self.vectors.shape[1]) - 1

    def gather(self, rows: Rows) -> FloatArray:
        """Region vectors of a made-up video, float32 [n, R, D]."""
        gathered: FloatArray = self.vectors[rows[:, 0], rows[:, 1], rows[:, 2]].astype(np.float32)
        return gathered

    def means(self) -> FloatArray:
        """Mean of the regions of every frame of the originals, at unit length, float32 [N, K, D]."""
        means = np.stack([self.vectors[clip, 0].astype(np.float32).mean(axis=1) for clip in range(len(self.vectors))])
        lengths = np.linalg.norm(means, axis=2, keepdims=True)
        unit: FloatArray = means / np.maximum(lengths, np.float32(1e-12))
        return unit


def open_tracks(
    config: TrainJobConfig, experiment: ViSiLExperiment, extractor: RegionalExtractor, progress: Progress | None
) -> ClipTracks:
    """Opens the tracks of the photographs and videos that the settings name; makes them first where there are none.

    Raises:
        ConfigError: there are no photographs or videos, too few of them, or none can be used.
        OutputError: the cache cannot be written.
    """
    source = clip_source(
        config, experiment.clips, experiment.clips_a_video, experiment.frames, experiment.views, experiment.left_out
    )
    key = json.dumps([extractor.fingerprint, str(extractor.dtype)], sort_keys=True)
    digest = hashlib.sha256(f"{key} {source.digest}".encode()).hexdigest()

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        return extractor.extract(images).astype(np.float16)

    cache = open_or_build_views(experiment.cache / digest[:16], key, source, compute, progress)
    shape = (len(cache.inputs), 1 + experiment.views, experiment.frames, *cache.inputs.shape[2:])
    return ClipTracks(cache.inputs.reshape(shape), cache.scenes, digest)
