"""vdup's own matching of many videos against many: a library of the ones, searched with the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from vdup.config import LibraryConfig, MatcherConfig, ModelConfig
from vdup.datasets.base import VideoFile
from vdup.pipeline.indexer import IndexedFile, Outcome
from vdup.pipeline.library import Library
from vdup.pipeline.searcher import SearchResult

Progress = Callable[[str, int, int, str | None], None]
"""Called with the id of a video, videos done, videos in all, and why the video could not be read, if so."""


@dataclass(frozen=True)
class LibrarySimilarities:
    """How alike every query and every video of the library are."""

    by_query: dict[str, dict[str, float]]
    """Score of the best segment by id of query and video; 0 where nothing was found."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why, by id of the video, which :attr:`by_query` lacks."""


def search_similarities(
    config: MatcherConfig,
    model: ModelConfig,
    folder: Path,
    queries: Sequence[VideoFile],
    database: Sequence[VideoFile],
    progress: Progress | None = None,
) -> LibrarySimilarities:
    """Compares every query with every video of a database by searching a library of the latter.

    Finding candidates by look-up costs far less than following every pair, and content that is common in the database
    weighs less. A library that is there already is continued.

    Args:
        config: settings of the search.
        model: how codes are made.
        folder: where the library is kept.
        queries: each must be there.
        database: each must be there.
        progress: called after each video.

    Raises:
        LibraryError: the folder holds a library of other settings or cannot be used.
        WeightsError: the calibration does not belong to the model.
    """
    total = len(database) + len(queries)
    unreadable: dict[str, str] = {}

    def indexed(file: IndexedFile, done: int, _: int) -> None:
        failure = file.reason if file.outcome is Outcome.failed else None
        if failure is not None:
            unreadable[file.video_id] = failure
        if progress is not None:
            progress(file.video_id, done, total, failure)

    def searched(result: SearchResult, done: int, _: int) -> None:
        if progress is not None:
            reason = None if result.error is None else result.error.reason
            progress(result.query_id, len(database) + done, total, reason)

    settings = {name.name: getattr(model, name.name) for name in fields(ModelConfig)}
    # All matches: the similarity of no video may depend on how many others are found.
    everything = replace(config, max_matches=max(config.max_matches, 1_000 * len(database)))
    with Library.open(LibraryConfig(library=folder, **settings), create=True) as library:
        library.index_all(_named(database), indexed)
        readable = [video.id for video in database if video.id not in unreadable]
        results = library.search_all(_named(queries), everything, searched)
    by_query: dict[str, dict[str, float]] = {}
    for result in results:
        if result.error is not None:
            unreadable[result.query_id] = result.error.reason
            continue
        found = dict.fromkeys(readable, 0.0)
        for match in result.matches:
            if match.reference_id in found:
                found[match.reference_id] = max(found[match.reference_id], match.score)
        by_query[result.query_id] = found
    return LibrarySimilarities(by_query, unreadable)


def _named(videos: Sequence[VideoFile]) -> list[tuple[str, Path]]:
    return [(video.id, video.path) for video in videos if video.path is not None]
