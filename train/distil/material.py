"""What the teacher and the frozen stages of the student make of pictures and their copies, computed once and kept."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vdup.config import ExtractorConfig, NoWhiteningConfig
from vdup.errors import ConfigError
from vdup.features.extractor import build_extractor
from vdup.types import RowArray
from vdup.video.discover import find_videos

from ..config.distil import DistilExperiment
from ..config.experiments import TrainJobConfig
from ..families.pictures import FamilySource, JoinedFamilies, PhotographFamilies
from ..families.videos import VideoFamilies
from ..families.view_cache import ViewCache, open_or_build_views
from ..material.image_files import list_images
from .student import Student

Progress = Callable[[int, int], None]

_BLOCK = 1024
"""Pictures compared with all others at once."""


@dataclass(frozen=True)
class Material:
    """Pictures and edited copies of each, as student and teacher see them."""

    maps: Mapping[int, NDArray[np.float16]]
    """What the frozen stages give for pictures of each side in pixels, float16 [N, 1 + V, C, h, w], mapped from files;
    the original of each family first."""
    teacher: NDArray[np.float16]
    """Unit vectors, float16 [N, 1 + V, T]."""
    edits: tuple[tuple[str, ...], ...]
    """Names of the edits of each view, [N][1 + V]."""
    scenes: RowArray
    """Photograph or video that each family is of, int64 [N]."""
    digest: str
    """Changes when anything of the above does."""

    def batch(self, numbers: RowArray, views: RowArray, side_pixels: int) -> tuple[Tensor, Tensor]:
        """Maps, float32 [B, C, h, w], and the teacher's vectors, float32 [B, T], by family and view, int64 [B]."""
        maps = self.maps[side_pixels]
        chosen = np.stack([maps[number, view] for number, view in zip(numbers, views, strict=True)])
        vectors = np.asarray(self.teacher[numbers, views], dtype=np.float32)
        return torch.from_numpy(chosen).float(), torch.from_numpy(vectors)


def open_material(
    config: TrainJobConfig, experiment: DistilExperiment, student: Student, progress: Progress | None
) -> Material:
    """Makes the views, shows them to the teacher and to the student's frozen stages, and keeps what they give.

    What is there already is not made again; an interrupted build continues.

    Raises:
        ConfigError: there are no pictures or videos, none can be used, or the teacher's package is missing.
        OutputError: the cache cannot be written.
        WeightsError: the teacher's weights cannot be had.
    """
    source = _source(config, experiment)
    teacher = build_extractor(teacher_model(config))

    def vectors(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        return teacher.extract(images).astype(np.float16)

    seen = _open("teacher", teacher.fingerprint, source, experiment, vectors, progress)
    maps: dict[int, NDArray[np.float16]] = {}
    digest = hashlib.sha256(f"{source.digest} {student.digest} {teacher.fingerprint}".encode())
    for side in sorted(experiment.sides(config.backbone.image_side_pixels)):

        def early(images: NDArray[np.uint8], side: int = side) -> NDArray[np.float16]:
            pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
            return student.early(pixels, side).contiguous().cpu().numpy().astype(np.float16)

        shown = _open("maps", {"stages": student.digest, "side": side}, source, experiment, early, progress)
        if shown.edits != seen.edits:
            raise ConfigError(
                f"the pictures in {experiment.cache} are not those that the teacher saw, as files have become "
                "unreadable in between: remove that folder"
            )
        maps[side] = shown.inputs
        digest.update(str(shown.inputs.shape).encode())
    return Material(maps, seen.inputs, seen.edits, seen.scenes, digest.hexdigest())


def _open(
    kind: str,
    facts: Mapping[str, object],
    source: FamilySource,
    experiment: DistilExperiment,
    compute: Callable[[NDArray[np.uint8]], NDArray[np.float16]],
    progress: Progress | None,
) -> ViewCache:
    key = json.dumps(facts, sort_keys=True)
    name = hashlib.sha256(f"{key} {source.digest}".encode()).hexdigest()[:16]
    return open_or_build_views(experiment.cache / f"{kind}-{name}", key, source, compute, progress)


def teacher_model(config: TrainJobConfig) -> ExtractorConfig:
    """The teacher as an extractor: of a network that gives feature maps, their pooling without whitening."""
    return ExtractorConfig(
        sampling=config.sampling,
        backbone=config.teacher,
        pooling=config.pooling,
        whitening=NoWhiteningConfig(),
    )


def nearest_others(vectors: NDArray[np.float16], count: int) -> RowArray:
    """The nearest other rows of each row.

    Args:
        vectors: unit vectors, float16 [N, T].
        count: how many; fewer where there are not so many rows.

    Returns:
        Numbers of rows, nearest first, int64 [N, min(count, N - 1)].
    """
    every = torch.from_numpy(np.asarray(vectors, dtype=np.float32))
    count = min(count, len(every) - 1)
    found = np.empty((len(every), max(count, 0)), dtype=np.int64)
    for first in range(0, len(every), _BLOCK):
        cosines = every[first : first + _BLOCK] @ every.T
        rows = torch.arange(len(cosines))
        cosines[rows, first + rows] = -torch.inf
        found[first : first + _BLOCK] = cosines.topk(count, dim=1).indices.numpy()
    return found


def _source(config: TrainJobConfig, experiment: DistilExperiment) -> FamilySource:
    side = config.teacher.image_side_pixels
    left_out = tuple(experiment.left_out)
    sources: list[FamilySource] = []
    try:
        if config.data.images is not None:
            paths = list_images(config.data.images, config.data.limit)
            sources.append(PhotographFamilies(paths, experiment.views, side, config.seed, left_out))
        if config.data.videos is not None:
            videos = [path for _, path in find_videos(config.data.videos)]
            if not videos:
                raise ConfigError(f"data.videos={config.data.videos} holds no videos")
            sources.append(VideoFamilies(videos, experiment.views, side, config.seed, experiment.moments, left_out))
    except ValueError as error:
        raise ConfigError(f"no copies can be made: {error}; check experiment.left_out and seed") from error
    if not sources:
        raise ConfigError("there is nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    return sources[0] if len(sources) == 1 else JoinedFamilies(sources)
