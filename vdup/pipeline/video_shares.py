"""What share of each side of a match of whole videos the other covers, by comparing them stretch by stretch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vdup.align.calibration import Calibration, load_calibration
from vdup.align.covered import covered_seconds
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import MatcherConfig
from vdup.errors import VideoError
from vdup.pipeline.identical import identical_videos
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.query_codes import QueryCodes, encode_queries
from vdup.pipeline.searcher import find_segments
from vdup.pipeline.video_searcher import Progress, VideoMatch, VideoSearchResult


def with_shares(
    library: OpenLibrary,
    videos: Sequence[tuple[str, Path]],
    results: Sequence[VideoSearchResult],
    config: MatcherConfig,
    progress: Progress | None = None,
) -> list[VideoSearchResult]:
    """The same results, with the share of each side that the other covers.

    Only the reported videos are compared with their query, along all of it, as ``level=segment`` does; segments from
    ``config.threshold`` on count. A file of the query's own bytes is covered wholly, and covers it.

    Args:
        library: where the videos were found.
        videos: id and path of each query.
        results: one for each query, in the same order.
        config: settings of the segment matcher.
        progress: called after each query.

    Returns:
        One result a query. Those with an error or without matches, and those of a query that can no longer be read,
        are as they were.

    Raises:
        WeightsError: the calibration of segments does not belong to the model.
    """
    calibration = load_calibration(config.calibration, library.encoder.codes_digest)
    records = {record.id: record for record in library.videos(VideoState.indexed)}
    asked = [number for number, result in enumerate(results) if result.matches]
    encoded = encode_queries(
        library, [videos[number] for number in asked], calibration, mirror=config.mirror, panels=config.panels
    )
    found = list(results)
    for done, (number, (_, query)) in enumerate(zip(asked, encoded, strict=True), start=1):
        if not isinstance(query, VideoError):
            found[number] = _with_shares(
                library, videos[number][1], query, results[number], records, calibration, config
            )
        if progress is not None:
            progress(found[number], done, len(asked))
    return found


def _with_shares(
    library: OpenLibrary,
    path: Path,
    query: QueryCodes,
    result: VideoSearchResult,
    records: Mapping[str, VideoRecord],
    calibration: Calibration,
    config: MatcherConfig,
) -> VideoSearchResult:
    try:
        same = {record.id for record in identical_videos(library, path)}
    except VideoError:  # the file went away behind the search
        return result
    numbers = [records[match.reference_id].number for match in result.matches if match.reference_id not in same]
    segments = find_segments(library, query.tracks, calibration, config, only=numbers)

    def shared(match: VideoMatch) -> VideoMatch:
        if match.reference_id in same:
            return replace(match, query_share=1.0, reference_share=1.0)
        record = records[match.reference_id]
        intervals = [segment.intervals() for other, segment in segments if other.number == record.number]
        lengths = query.straight.duration_seconds, record.duration_seconds or 0.0
        shares = [_share([both[side] for both in intervals], lengths[side]) for side in (0, 1)]
        return replace(match, query_share=shares[0], reference_share=shares[1])

    return replace(result, matches=tuple(map(shared, result.matches)))


def _share(intervals: Sequence[tuple[float, float]], seconds: float) -> float:
    return min(1.0, covered_seconds(intervals) / seconds) if seconds > 0 else 0.0
