"""Layer maxima of clips and their copies, made once and kept in files."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from vdup.errors import ConfigError
from vdup.features.layer_maxima import LayerMaxima
from vdup.regular_file import read_regular
from vdup.video.discover import find_videos

from ..config.dml import DMLExperiment
from ..config.experiments import TrainJobConfig
from ..families.clips import PhotoClipFamilies, VideoClipFamilies
from ..families.pictures import FamilySource, JoinedFamilies
from ..families.view_cache import Progress, ViewCache, open_or_build_views
from ..material.image_files import list_images

_RECIPE = "layer maxima 1"


def open_clips(
    config: TrainJobConfig, experiment: DMLExperiment, maxima: LayerMaxima, progress: Progress | None
) -> ViewCache:
    """Layer maxima of the clips that the settings name: float16 [N, (1 + V) K, D], the K frames of the original first.

    Raises:
        ConfigError: there is nothing to make clips of, or none can be used.
        OutputError: the cache cannot be written.
    """
    source = clip_source(config, experiment)
    digest = clip_digest(config, experiment, maxima)

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        return maxima.of_images(images, config.backbone.batch_size).astype(np.float16)

    return open_or_build_views(experiment.cache / digest[:16], digest, source, compute, progress)


def clip_source(config: TrainJobConfig, experiment: DMLExperiment) -> FamilySource:
    """Clips of the photographs and videos that the settings name.

    Raises:
        ConfigError: there are none, or an edit to leave out is unknown.
    """
    side, seed, left_out = config.backbone.image_side_pixels, config.seed, tuple(experiment.left_out)
    sources: list[FamilySource] = []
    try:
        if config.data.images is not None:
            paths = list_images(config.data.images, config.data.limit)
            sources.append(
                PhotoClipFamilies(paths, experiment.clips, experiment.frames, experiment.views, side, seed, left_out)
            )
        if config.data.videos is not None:
            files = [path for _, path in find_videos(config.data.videos)]
            sources.append(
                VideoClipFamilies(
                    files, experiment.clips_a_video, experiment.frames, experiment.views, side, seed, left_out
                )
            )
    except ValueError as error:
        raise ConfigError(f"no clips can be made: {error}; check experiment.left_out and seed") from error
    if not sources:
        raise ConfigError("there is nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    return sources[0] if len(sources) == 1 else JoinedFamilies(sources)


def clip_digest(config: TrainJobConfig, experiment: DMLExperiment, maxima: LayerMaxima) -> str:
    """SHA-256 of what the clips are made from and how their maxima are computed."""
    if experiment.pairs is None:
        data = clip_source(config, experiment).digest
    else:
        data = hashlib.sha256(read_regular(experiment.pairs)).hexdigest()
    parts = [_RECIPE, maxima.fingerprint(config.backbone.image_side_pixels), data]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
