"""The search of vdup itself on a data set: references are indexed as by ``vdup.index``, queries searched for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vdup.config import EvaluateJobConfig, LibraryConfig, MatcherConfig, NoAggregationConfig
from vdup.pipeline.indexer import IndexedFile
from vdup.pipeline.indexer import Outcome as IndexOutcome
from vdup.pipeline.library import Library
from vdup.pipeline.searcher import SearchResult
from vdup.protocols.comparisons import Progress
from vdup.protocols.plan import Excerpt
from vdup.types import Match


@dataclass(frozen=True)
class Found:
    """Matches of all queries."""

    matches: list[Match]
    unreadable: dict[str, str]
    """Why, by id of the video."""


def search_library(
    name: str,
    queries: Sequence[Excerpt],
    references: Sequence[Excerpt],
    config: EvaluateJobConfig,
    progress: Progress | None = None,
) -> Found:
    """Indexes the references and searches for the queries.

    Args:
        name: of the data set.
        queries: whole videos.
        references: whole videos.
        config: its ``work`` holds the library, which a later run with the same model takes over.
        progress: called after each video; indexing and searching are counted together.

    Returns:
        Matches from ``matcher.threshold`` on.

    Raises:
        TypeError: the matcher is not that of vdup.
        LibraryError: the library cannot be used.
    """
    if not isinstance(config.matcher, MatcherConfig):
        raise TypeError(f"the matcher of vdup expected, got {type(config.matcher).__name__}")
    total = len(queries) + len(references)
    unreadable: dict[str, str] = {}

    def indexed(file: IndexedFile, done: int, _: int) -> None:
        failure = file.reason if file.outcome is IndexOutcome.failed else None
        if failure is not None:
            unreadable[file.video_id] = failure
        if progress is not None:
            progress(file.video_id, done, total, failure)

    def searched(result: SearchResult, done: int, _: int) -> None:
        failure = None if result.error is None else result.error.reason
        if failure is not None:
            unreadable[result.query_id] = failure
        if progress is not None:
            progress(result.query_id, len(references) + done, total, failure)

    with Library.open(_library(name, references, config), create=True) as library:
        library.index_all(_files(references), indexed)
        results = library.search_all(_files(queries), config.matcher, searched)
    return Found([match for result in results for match in result.matches], unreadable)


def _library(name: str, references: Sequence[Excerpt], config: EvaluateJobConfig) -> LibraryConfig:
    """Settings of a library of its own for each data set and model."""
    model = (config.sampling, config.backbone, config.pooling, config.whitening, config.refiner, config.index)
    videos = [(excerpt.video.id, str(excerpt.video.path)) for excerpt in references]
    digest = hashlib.sha256(repr((videos, model)).encode(errors="backslashreplace")).hexdigest()[:12]
    return LibraryConfig(
        sampling=config.sampling,
        backbone=config.backbone,
        pooling=config.pooling,
        whitening=config.whitening,
        refiner=config.refiner,
        library=config.work / f"{name}-library-{digest}",
        index=config.index,
        store=config.store,
        aggregation=NoAggregationConfig(),  # vectors of whole videos take no part in the search for segments
    )


def _files(excerpts: Sequence[Excerpt]) -> list[tuple[str, Path]]:
    return [(excerpt.video.id, excerpt.video.path) for excerpt in excerpts if excerpt.video.path is not None]
