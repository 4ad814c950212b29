"""Vectors of whole videos: read off while videos are decoded, kept in the catalogue, searched for in a Qdrant store.

What the catalogue keeps is the truth: a vector is written in the same transaction as its video. The store has what is
compared, made from it, and catches up with it when the library is saved and before it is used; it is named after all
that shapes its vectors, so a change of weights gives another store and not a mixture.
"""

import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import Tensor

from vdup.aggregation.aggregator import Aggregator, RunningMean, build_aggregator
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.set_aside import set_file_aside
from vdup.config import DMLAggregationConfig, LibraryConfig, NoAggregationConfig, StoreConfig
from vdup.errors import ConfigError, LibraryError, StoreDamagedError, WeightsError
from vdup.features.layer_maxima import LayerMaxima
from vdup.library_files import is_there
from vdup.pipeline.encoder import Encoder
from vdup.store.base import Descriptors, VideoStore
from vdup.store.edge import holds_only_a_store
from vdup.store.memory import OverlaidVideoStore
from vdup.store.open import open_store, open_store_to_read
from vdup.types import BoolArray, DescriptorHit, FloatArray, RowArray

logger = logging.getLogger(__name__)

_WRITE_VIDEOS = 256
_NAME = "videos"
_DIGITS = 12
"""Of the digest, in the name of a store."""
_STORE_NAME = re.compile(rf"{_NAME}-[0-9a-f]{{{_DIGITS}}}")


class VideoAverage:
    """Average of one video that is being decoded."""

    def __init__(self, aggregator: Aggregator, maxima: LayerMaxima, found: list[Tensor]) -> None:
        """Takes the list that the passes of the network add to."""
        self._aggregator = aggregator
        self._maxima = maxima
        self._found = found
        self._mean = RunningMean()

    def take(self, searchable: BoolArray) -> None:
        """Takes in the frames that went through the network since the last call; blank ones have no part in it.

        Args:
            searchable: False for blank frames, bool [N], N the number of those frames.
        """
        rows = self._maxima.joined(self._found)
        self._mean.add(self._aggregator.of_frames(rows[searchable]))

    @property
    def vectors(self) -> dict[str, FloatArray]:
        """The average by its kind; empty when every frame was blank."""
        mean = self._mean.mean
        return {} if mean is None else {self._aggregator.kept: mean}


@dataclass(frozen=True)
class VideoReader:
    """How videos become averages: what is read off the network, and what is made of it."""

    maxima: LayerMaxima
    aggregator: Aggregator

    @contextmanager
    def reading(self) -> Iterator[VideoAverage]:
        """While the block runs, the network's passes are those of one video."""
        with self.maxima.reading() as found:
            yield VideoAverage(self.aggregator, self.maxima, found)


def build_video_reader(config: LibraryConfig, encoder: Encoder) -> VideoReader | None:
    """The reader that the settings choose; none when there are to be no vectors of whole videos.

    Raises:
        ConfigError: a layer is unknown, or the network has none and an aggregation was chosen.
        WeightsError: a file of the aggregation cannot be used.
    """
    if isinstance(config.aggregation, NoAggregationConfig):
        return None
    maxima = encoder.layer_maxima(config.aggregation.layers)
    if maxima is None:
        if config.aggregation == DMLAggregationConfig():  # the default, which nobody asked for
            return None
        raise ConfigError("whole videos need the layers of a network, and backbone=sscd shows none: aggregation=none")
    fingerprint = maxima.fingerprint(config.backbone.image_side_pixels)
    aggregator = build_aggregator(config.aggregation, fingerprint, maxima.widths)
    return None if aggregator is None else VideoReader(maxima, aggregator)


class WholeVideos:
    """The vectors of the videos of a library."""

    def __init__(self, folder: LibraryFolder, reader: VideoReader, store: StoreConfig) -> None:
        """Takes the parts; the store is opened when it is first needed."""
        self._folder = folder
        self.reader = reader
        self._config = store
        self._resources = ExitStack()
        self._store: VideoStore | None = None

    @property
    def kind(self) -> str:
        """Of the averages that are kept."""
        return self.reader.aggregator.kept

    def missing(self) -> list[int]:
        """Indexed videos without a vector: indexed with other settings, or before there were any."""
        return sorted(self._indexed() - self._folder.catalogue.extras.numbers_with_vector(self.kind))

    def vectors_of(self, numbers: Sequence[int]) -> FloatArray:
        """Vectors to compare, float32 [N, D].

        Raises:
            ValueError: a video has no vector.
            WeightsError: the weights of the aggregation cannot be used.
        """
        averages = []
        for number in numbers:
            average = self._folder.catalogue.extras.vector(number, self.kind)
            if average is None:
                raise ValueError(f"video {number} has no vector of the kind that is in use")
            averages.append(average)
        if not averages:
            return np.empty((0, self.reader.aggregator.dimensions), dtype=np.float32)
        return self.reader.aggregator.vectors(np.stack(averages))

    def all_vectors(self) -> tuple[RowArray, FloatArray]:
        """Numbers, int64 [V] ascending, and vectors, float32 [V, D], of all videos that have one."""
        numbers = sorted(self._wanted())
        return np.array(numbers, dtype=np.int64), self.vectors_of(numbers)

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """The most similar videos of each query vector, best first; vectors of zeros find nothing.

        Args:
            vectors: float32 [Q, D].
            limit: most hits of one query.

        Raises:
            StoreError: the store failed.
            WeightsError: the weights of the aggregation cannot be used.
        """
        store = self._opened()
        told: BoolArray = np.any(vectors != 0, axis=1)
        answers = iter(store.search(vectors[told], limit))
        return [next(answers) if known else [] for known in told.tolist()]

    def save(self) -> None:
        """Writes what the store lacks, so that a search need not; nothing where the weights for it are missing.

        Raises:
            StoreError: the store failed.
        """
        try:
            path = self._path()
        except WeightsError:
            return  # averages are kept all the same; a search says which weights it needs
        if is_there(path) or self._wanted():
            self._opened()

    def close(self) -> None:
        """Closes the store."""
        self._resources.close()

    def _opened(self) -> VideoStore:
        if self._store is None:
            path = self._path()
            config = replace(self._config, collection=f"{self._config.collection}-{path.name}")
            if self._folder.read_only:
                store = open_store_to_read(config, path, self.reader.aggregator.dimensions)
                self._store = OverlaidVideoStore(self._resources.enter_context(store))
            else:
                _drop_older(self._folder.path, path.name)
                self._store = self._resources.enter_context(self._open_store(config, path))
        self._catch_up(self._store)
        return self._store

    def _path(self) -> Path:
        """Folder of the embedded store."""
        return self._folder.path / f"{_NAME}-{self.reader.aggregator.digest[:_DIGITS]}"

    def _open_store(self, config: StoreConfig, path: Path) -> VideoStore:
        try:
            return open_store(config, path, self.reader.aggregator.dimensions)
        except StoreDamagedError as error:
            logger.warning("%s; made again from the catalogue", error)
            discard_store(path)
            return open_store(config, path, self.reader.aggregator.dimensions)

    def _catch_up(self, store: VideoStore) -> None:
        """Writes what the store lacks and drops what it should not have."""
        kept, stored = self._wanted(), store.video_numbers()
        store.remove(sorted(stored - kept))
        wanted = sorted(kept - stored)
        if wanted:
            logger.info("%d vectors of videos are written to the store", len(wanted))
        for first in range(0, len(wanted), _WRITE_VIDEOS):
            numbers = wanted[first : first + _WRITE_VIDEOS]
            vectors = self.vectors_of(numbers)
            store.upsert(
                [
                    self._described(number, vector)
                    for number, vector in zip(numbers, vectors, strict=True)
                    if vector.any()
                ]
            )

    def _described(self, number: int, vector: FloatArray) -> Descriptors:
        record = self._folder.catalogue.by_number(number)
        if record is None:
            raise LibraryError(f"{self._folder.path}: video {number} has gone while its vector was written")
        end = np.array([record.duration_seconds or 0.0])
        return Descriptors(number, np.zeros(1), end, vector[None])

    def _wanted(self) -> set[int]:
        """Numbers of the videos that should be in the store."""
        return self._indexed() & self._folder.catalogue.extras.numbers_with_vector(self.kind)

    def _indexed(self) -> set[int]:
        return set(self._folder.catalogue.row_ranges()[:, 0].tolist())


def discard_store(path: Path) -> None:
    """Deletes an embedded store that is damaged; sets it aside when there is more in its folder.

    Raises:
        OSError: it cannot be deleted.
        LibraryError: it cannot be set aside.
    """
    if holds_only_a_store(path):
        shutil.rmtree(path)
    else:
        logger.warning("%s holds more than a store of descriptors; it is now %s", path, set_file_aside(path).name)


def _drop_older(folder: Path, name: str) -> None:
    """Deletes embedded stores of other weights: they can be made again."""
    for path in folder.iterdir():
        if _STORE_NAME.fullmatch(path.name) and path.name != name and path.is_dir() and holds_only_a_store(path):
            shutil.rmtree(path, ignore_errors=True)
