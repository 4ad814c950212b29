"""From the settings to families: photographs and videos, made once and kept in files, or made anew while training."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import numpy as np

from vdup.errors import ConfigError
from vdup.video.discover import find_videos

from ..config.experiments import TrainJobConfig
from ..config.triplet import TripletExperiment
from ..families.batches import CachedFamilies, FamilyBatch, Numbers, TrainingFamilies
from ..families.part_of import Originals
from ..families.pictures import Family, FamilySource, JoinedFamilies, PhotographFamilies
from ..families.videos import VideoFamilies
from ..families.view_cache import open_or_build_views
from ..families.workers import families_of
from ..material.image_files import list_images
from ..network.trainable import SplitModel

Progress = Callable[[int, int], None]


@contextmanager
def open_families(
    config: TrainJobConfig, experiment: TripletExperiment, split: SplitModel, progress: Progress | None
) -> Iterator[tuple[TrainingFamilies, str]]:
    """Families as the trained part of a model takes them, and a digest of what they are made from.

    Raises:
        ConfigError: there are no photographs or videos, or none can be used.
        OutputError: the cache cannot be written.
    """
    source = family_source(config, experiment)
    digest = hashlib.sha256(f"{split.key} {source.digest}".encode()).hexdigest()
    if split.compute is None:
        yield LiveFamilies(source), digest
        return
    cache = open_or_build_views(experiment.cache / digest[:16], split.key, source, split.compute, progress)
    yield CachedFamilies(cache.inputs, cache.edits, cache.scenes), digest


def family_source(config: TrainJobConfig, experiment: TripletExperiment) -> FamilySource:
    """Families of the photographs and videos that the settings name.

    Raises:
        ConfigError: there are none, or an edit to leave out is unknown.
    """
    sources: list[FamilySource] = []
    side = config.backbone.image_side_pixels
    left_out = tuple(experiment.left_out)
    try:
        if config.data.images is not None:
            paths = list_images(config.data.images, config.data.limit)
            sources.append(PhotographFamilies(paths, experiment.views, side, config.seed, left_out))
        if config.data.videos is not None:
            sources.append(_videos(config, experiment, left_out))
    except ValueError as error:
        raise ConfigError(f"no copies can be made: {error}; check experiment.left_out and seed") from error
    if not sources:
        raise ConfigError("there is nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    return sources[0] if len(sources) == 1 else JoinedFamilies(sources)


class LiveFamilies:
    """Families that are made while the network trains, other edits in every epoch, and stored nowhere.

    What training calls the number of a family is that of a photograph or video here, and its scene too.
    """

    def __init__(self, source: FamilySource, workers: int = 0) -> None:
        """Takes a source and how many processes work on it; 0 chooses."""
        self._source = source
        self._workers = workers

    @property
    def scenes(self) -> Numbers:
        """Number of each photograph and video."""
        return np.arange(len(self._source), dtype=np.int64)

    def batches(self, batches: list[Numbers], epoch: int) -> Iterator[FamilyBatch]:
        """Families of the numbered parts in batches as large as the first one; a video has several families."""
        size = len(batches[0])
        order = np.concatenate(batches).tolist()
        waiting: list[Family] = []
        first = 0
        with closing(families_of(self._source, order, epoch, self._workers)) as parts:
            for _, families in parts:
                waiting += families
                while len(waiting) >= size:
                    yield _joined(waiting[:size], np.arange(first, first + size))
                    del waiting[:size]
                    first += size
        if waiting:
            yield _joined(waiting, np.arange(first, first + len(waiting)))

    def originals(self, batches: list[Numbers]) -> Iterator[FamilyBatch]:
        """See :meth:`TrainingFamilies.originals`; of a video, its first picture."""
        size = len(batches[0])
        waiting: list[Family] = []
        numbers: list[int] = []
        order = np.concatenate(batches).tolist()
        with closing(families_of(Originals(self._source), order, 0, self._workers)) as parts:
            for number, families in parts:
                waiting += families[:1]
                numbers += [number] * len(families[:1])
                if len(waiting) == size:
                    yield _joined(waiting, np.array(numbers))
                    waiting, numbers = [], []
        if waiting:
            yield _joined(waiting, np.array(numbers))


def _joined(families: list[Family], numbers: Numbers) -> FamilyBatch:
    images = np.stack([family.images for family in families])
    return FamilyBatch(images, numbers, tuple(family.edits for family in families))


def _videos(config: TrainJobConfig, experiment: TripletExperiment, left_out: tuple[str, ...]) -> FamilySource:
    assert config.data.videos is not None
    paths = [path for _, path in find_videos(config.data.videos)]
    if not paths:
        raise ConfigError(f"data.videos={config.data.videos} holds no videos")
    side = config.backbone.image_side_pixels
    return VideoFamilies(paths, experiment.views, side, config.seed, experiment.moments, left_out)
