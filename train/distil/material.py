"""What the teacher makes of pictures, and the frozen stages of the student of them and their copies, kept in files."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
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
from ..families.part_of import Chosen, Originals
from ..families.pictures import FamilySource, JoinedFamilies, PhotographFamilies
from ..families.videos import VideoFamilies
from ..families.view_cache import ViewCache, open_or_build_views
from ..material.image_files import list_images
from .student import Student

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Maps:
    """What the frozen stages give for pictures of one size."""

    values: NDArray[np.float16]
    """float16 [M, 1 + V, C, h, w], mapped from a file; the original of each family first."""
    families: RowArray
    """Numbers of the M families, increasing, int64 [M]."""


@dataclass(frozen=True)
class Material:
    """Pictures and edited copies of each as the student sees them, and what the teacher says of the pictures."""

    maps: Mapping[int, Maps]
    """By side of the pictures in pixels."""
    teacher: NDArray[np.float16]
    """Unit vectors of the originals, float16 [N, T]."""
    edits: tuple[tuple[str, ...], ...]
    """Names of the edits of each view, [N][1 + V]."""
    scenes: RowArray
    """Photograph or video that each family is of, int64 [N]."""
    digest: str
    """Changes when anything of the above does."""

    @property
    def views(self) -> int:
        """The original and its copies, 1 + V."""
        return len(self.edits[0])

    def batch(self, numbers: RowArray, views: RowArray, side_pixels: int) -> tuple[Tensor, Tensor]:
        """Maps, float32 [B, C, h, w], and the teacher's vectors, float32 [B, T], by family and view, int64 [B].

        A copy is to get the vector of its original, so the teacher sees no copies: that is what the code is for, and
        it costs the teacher a fraction.
        """
        maps = self.maps[side_pixels]
        rows = np.searchsorted(maps.families, numbers)
        chosen = np.stack([maps.values[row, view] for row, view in zip(rows, views, strict=True)])
        return torch.from_numpy(chosen).float(), torch.from_numpy(np.asarray(self.teacher[numbers], dtype=np.float32))

    def present(self, numbers: RowArray, side_pixels: int) -> RowArray:
        """Those of the families that have maps of this size."""
        return np.intersect1d(numbers, self.maps[side_pixels].families)


def open_material(
    config: TrainJobConfig, experiment: DistilExperiment, student: Student, progress: Progress | None
) -> Material:
    """Shows pictures to the teacher, and their copies to the student's frozen stages, and keeps what they give.

    What is there already is not made again; an interrupted build continues.

    Raises:
        ConfigError: there are no pictures or videos, none can be used, or the teacher's package is missing.
        OutputError: the cache cannot be written.
        WeightsError: the teacher's weights cannot be had.
    """
    source = _source(config, experiment, experiment.views, experiment.left_out)
    # Of one view without any choice of edits, so that another number of views leaves the teacher's work as it is.
    originals = Originals(_source(config, experiment, 1, ()))
    seen, teacher = _open_teacher(config, experiment, originals, progress)
    maps: dict[int, Maps] = {}
    digest = hashlib.sha256(f"{source.digest} {student.digest} {teacher}{originals.digest}".encode())
    edits: tuple[tuple[str, ...], ...] = ()
    for side in sorted(experiment.sides(config.backbone.image_side_pixels)):

        def early(images: NDArray[np.uint8], side: int = side) -> NDArray[np.float16]:
            pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
            return student.early(pixels, side).contiguous().cpu().numpy().astype(np.float16)

        share = experiment.share_of(side)
        # Of the parts that can be used, every so many.
        usable = np.unique(seen.scenes)
        count = max(1, round(len(usable) * share))
        parts = usable[np.arange(count) * len(usable) // count]
        shown = _open(
            "maps", {"stages": student.digest, "side": side}, Chosen(source, parts), experiment, early, progress
        )
        families = np.flatnonzero(np.isin(seen.scenes, parts))
        if not np.array_equal(seen.scenes[families], shown.scenes):
            raise ConfigError(
                f"the pictures in {experiment.cache} are not those that the teacher saw, as files have become "
                "unreadable in between: remove that folder"
            )
        if share == 1:
            edits = shown.edits
        maps[side] = Maps(shown.inputs, families)
        digest.update(f"{side} {shown.inputs.shape}".encode())
    return Material(maps, seen.inputs[:, 0], edits, seen.scenes, digest.hexdigest())


def teacher_of_copies(
    config: TrainJobConfig, experiment: DistilExperiment, scenes: RowArray, progress: Progress | None
) -> NDArray[np.float16]:
    """The teacher's vectors of all views of some photographs and videos, to compare it with the student.

    Args:
        config: settings.
        experiment: settings.
        scenes: photographs and videos, int64, increasing.
        progress: told of every one.

    Returns:
        float16 [M, 1 + V, T].
    """
    source = Chosen(_source(config, experiment, experiment.views, experiment.left_out), scenes)
    return _open_teacher(config, experiment, source, progress)[0].inputs


def _open_teacher(
    config: TrainJobConfig, experiment: DistilExperiment, source: FamilySource, progress: Progress | None
) -> tuple[ViewCache, str]:
    """What the teacher gives for all families of a source, and its fingerprint as text."""
    teacher = build_extractor(teacher_model(config))

    def vectors(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        return teacher.extract(images).astype(np.float16)

    cache = _open("teacher", teacher.fingerprint, source, experiment, vectors, progress)
    return cache, json.dumps(teacher.fingerprint, sort_keys=True)


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


def _source(
    config: TrainJobConfig, experiment: DistilExperiment, views: int, left_out: Collection[str]
) -> FamilySource:
    side = config.teacher.image_side_pixels
    sources: list[FamilySource] = []
    try:
        if config.data.images is not None:
            paths = list_images(config.data.images, config.data.limit)
            sources.append(PhotographFamilies(paths, views, side, config.seed, left_out))
        if config.data.videos is not None:
            videos = [path for _, path in find_videos(config.data.videos)]
            if not videos:
                raise ConfigError(f"data.videos={config.data.videos} holds no videos")
            sources.append(VideoFamilies(videos, views, side, config.seed, experiment.moments, left_out))
    except ValueError as error:
        raise ConfigError(f"no copies can be made: {error}; check experiment.left_out and seed") from error
    if not sources:
        raise ConfigError("there is nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    return sources[0] if len(sources) == 1 else JoinedFamilies(sources)
