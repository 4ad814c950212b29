"""A search of each level from its settings to what is printed and written."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from vdup.config import QueryJobConfig, SearchLevel
from vdup.errors import WeightsError
from vdup.pipeline.hash_lookup import HashLookup, HashSearchResult
from vdup.pipeline.library import Library
from vdup.pipeline.video_searcher import search_whole_videos, threshold_of, whole_videos_of
from vdup.pipeline.video_shares import with_shares
from vdup.report.hash_matches import print_hash_results, write_hash_matches
from vdup.report.output import write_matches
from vdup.report.progress import ProgressDisplay
from vdup.report.table import print_results
from vdup.report.video_matches import print_video_results, write_video_matches

logger = logging.getLogger(__name__)

Videos = Sequence[tuple[str, Path]]


def answer(config: QueryJobConfig, videos: Videos) -> bool:
    """Searches at the level that the settings choose, prints and writes; True when every query could be read."""
    return _ANSWERS[config.level](config, videos)


def answer_with_segments(config: QueryJobConfig, videos: Videos) -> bool:
    """The parts that were copied."""
    with Library.open(config, read_only=True) as library:
        with ProgressDisplay("searching", len(videos)) as display:
            results = library.search_all(videos, config.matcher, display.query_searched)
        fingerprint = library.folder.manifest.fingerprint
    # The file first: it must not be lost to a closed terminal.
    if config.output is not None:
        write_matches(config.output, results, config, fingerprint)
    print_results(results, config.library, config.output, false_alarms=config.matcher.false_alarms)
    return all(result.error is None for result in results)


def answer_with_videos(config: QueryJobConfig, videos: Videos) -> bool:
    """The nearest videos as a whole."""
    with Library.open(config, read_only=True) as library:
        threshold = threshold_of(library, config.whole_video)
        with ProgressDisplay("searching", len(videos)) as display:
            results = search_whole_videos(library, videos, config.whole_video, display.query_searched)
        if config.whole_video.shares:
            try:
                with ProgressDisplay("comparing", sum(bool(result.matches) for result in results)) as display:
                    results = with_shares(library, videos, results, config.matcher, display.query_searched)
            except WeightsError as error:
                logger.warning("the shares that videos cover are left out: %s", error)
        fingerprint = library.folder.manifest.fingerprint
        missing = len(whole_videos_of(library).missing())
    if config.output is not None:
        write_video_matches(config.output, results, config, fingerprint, threshold)
    print_video_results(results, config.library, threshold, config.output, missing)
    return all(result.error is None for result in results)


def answer_with_hashes(config: QueryJobConfig, videos: Videos) -> bool:
    """The nearest videos by short codes."""
    with Library.open(config, read_only=True) as library:
        lookup = HashLookup.open(library, config.hash)
        with ProgressDisplay("searching", len(videos)) as display:

            def told(result: HashSearchResult, done: int, total: int) -> None:
                reason = None if result.error is None else result.error.reason
                display.advance(result.query_id, done, total, failure=reason)

            results = lookup.search_all(videos, config.whole_video.nearest, told)
        missing = len(lookup.missing())
    if config.output is not None:
        write_hash_matches(config.output, results, config, lookup.bits)
    print_hash_results(results, lookup.bits, config.output, missing)
    return all(result.error is None for result in results)


_ANSWERS: dict[SearchLevel, Callable[[QueryJobConfig, Videos], bool]] = {
    SearchLevel.segment: answer_with_segments,
    SearchLevel.video: answer_with_videos,
    SearchLevel.hash: answer_with_hashes,
}
"""What answers the queries of each level."""
