"""The short codes of a library's videos, kept in step with its catalogue.

One file for each hash network, ``hashes-FINGERPRINT.bin``. The catalogue decides which videos exist: codes of videos
that it no longer holds are dropped when the file is opened (numbers are never used twice), and videos without a code
are told. Codes are made from the videos themselves, so a file that is damaged has to be made anew from them.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.durable import library_errors, replace_file
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import HashConfig, SamplingConfig
from vdup.errors import ConfigError, IndexFileError, VideoError
from vdup.features.backbone import resolve_device
from vdup.hashing.hasher import VideoHasher
from vdup.hashing.index import HashIndex
from vdup.library_files import is_there, read_file
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import CodeArray

logger = logging.getLogger(__name__)

_SAVE_EVERY_VIDEOS = 200
_DIGITS = 12
"""Of the fingerprint, in the name of the file."""


@dataclass(frozen=True)
class HashMatch:
    """A stored video whose code is near that of a query."""

    query_id: str
    reference_id: str
    distance_bits: int
    """Hamming distance of the two codes."""


@dataclass(frozen=True)
class HashSearchResult:
    """What was found for one query."""

    query_id: str
    matches: tuple[HashMatch, ...]
    """Nearest first; of equal distance the one that was indexed first."""
    error: VideoError | None = None
    """Why the query could not be searched for."""


@dataclass(frozen=True)
class HashedVideo:
    """One video that was to get a code."""

    video_id: str
    error: VideoError | None
    """Why it has none."""


class HashLookup:
    """Codes of the videos of a library by one hash network."""

    def __init__(self, folder: LibraryFolder, hasher: VideoHasher) -> None:
        """Reads the saved codes and drops those of videos that are gone."""
        self._folder = folder
        self._hasher = hasher
        self.path: Path = folder.path / f"hashes-{hasher.fingerprint[:_DIGITS]}.bin"
        self._index = self._load()
        self._saved = len(self._index)
        indexed = {record.number for record in self._indexed()}
        gone = [number for number in self._index.numbers.tolist() if number not in indexed]
        self._index.remove(gone)

    @classmethod
    def open(cls, library: OpenLibrary, config: HashConfig) -> "HashLookup":
        """The codes of a library by the network that the settings name.

        Raises:
            ConfigError: they name none.
            WeightsError: the network's file cannot be used.
        """
        if config.weights is None:
            raise ConfigError(
                "level=hash needs hash.weights=FILE, a network that `python -m vdup.train +experiment=c3d_hash` made"
            )
        device = resolve_device(library.config.backbone.device)
        sampling: SamplingConfig = library.config.sampling
        return cls(library.folder, VideoHasher.open(config.weights, sampling, device))

    def __len__(self) -> int:
        """Videos that can be found."""
        return len(self._index)

    @property
    def bits(self) -> int:
        """Length of a code."""
        return self._hasher.shape.bits

    def missing(self) -> list[VideoRecord]:
        """Indexed videos without a code, ordered by id."""
        known = set(self._index.numbers.tolist())
        return [record for record in self._indexed() if record.number not in known]

    def fill(self, progress: Callable[[HashedVideo, int, int], None] | None = None) -> list[HashedVideo]:
        """Gives every indexed video a code that has none, and saves.

        Args:
            progress: called after each video with what became of it, how many are done, and how many there are.

        Returns:
            What became of each; a video whose file is gone or cannot be read is passed over.

        Raises:
            LibraryFullError: the disk is full; codes that were saved before are kept.
            LibraryError: the library was opened for reading.
        """
        self._folder.check_may_change()
        wanted = self.missing()
        done: list[HashedVideo] = []
        for record, (_, code) in zip(wanted, self._hasher.hash_videos([one.path for one in wanted]), strict=True):
            error = code if isinstance(code, VideoError) else None
            if not isinstance(code, VideoError):
                self._index.add([record.number], code[None])
            done.append(HashedVideo(record.id, error))
            if len(done) % _SAVE_EVERY_VIDEOS == 0:
                self.save()
            if progress is not None:
                progress(done[-1], len(done), len(wanted))
        self.save()
        return done

    def nearest(self, code: CodeArray, limit: int) -> list[tuple[VideoRecord, int]]:
        """The videos nearest to a code, uint8 [bits / 8], with their distances in bits; of equals the first indexed."""
        numbers, distances = self._index.search(code[None], limit)
        found: list[tuple[VideoRecord, int]] = []
        for number, distance in zip(numbers[0].tolist(), distances[0].tolist(), strict=True):
            record = self._folder.catalogue.by_number(number)
            if record is not None:
                found.append((record, distance))
        return found

    def search_all(
        self,
        videos: Sequence[tuple[str, Path]],
        limit: int,
        progress: Callable[[HashSearchResult, int, int], None] | None = None,
    ) -> list[HashSearchResult]:
        """Searches for many videos, given as id and path; a bad file has an error in its result.

        Args:
            videos: the queries.
            limit: most matches of one query.
            progress: called after each query with its result, how many are done, and how many there are.
        """
        results: list[HashSearchResult] = []
        for (query_id, _), (_, code) in zip(
            videos, self._hasher.hash_videos([path for _, path in videos]), strict=True
        ):
            results.append(self._answer(query_id, code, limit))
            if progress is not None:
                progress(results[-1], len(results), len(videos))
        return results

    def save(self) -> None:
        """Writes the codes.

        Raises:
            LibraryFullError: the disk is full; the old file is untouched.
            LibraryError: the library was opened for reading.
        """
        self._folder.check_may_change()
        replace_file(self.path, self._index.to_bytes())

    def _answer(self, query_id: str, code: NDArray[np.uint8] | VideoError, limit: int) -> HashSearchResult:
        if isinstance(code, VideoError):
            return HashSearchResult(query_id, (), code)
        found = self.nearest(code, limit)
        return HashSearchResult(query_id, tuple(HashMatch(query_id, record.id, far) for record, far in found))

    def _indexed(self) -> list[VideoRecord]:
        return self._folder.catalogue.all(VideoState.indexed)

    def _load(self) -> HashIndex:
        empty = HashIndex(self._hasher.shape.code_bytes, self._hasher.fingerprint)
        if not is_there(self.path):
            return empty
        with library_errors(self.path, "read"):
            data = read_file(self.path)
        try:
            index = HashIndex.from_bytes(data, str(self.path))
        except IndexFileError as error:
            logger.warning("%s; `python -m vdup.index` with the same hash.weights makes the codes anew", error)
            return empty
        # The name has a part of the fingerprint only.
        return index if index.fingerprint == empty.fingerprint else empty
