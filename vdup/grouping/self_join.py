"""All pairs of a library's videos that share something, found without decoding any video again.

Every video is searched for by its stored codes, as a query would be: frame index and descriptors name candidates,
streams follow them, and only segments that the matcher accepts count. Stored codes are those of the straight picture
at the library's own sampling; a mirrored copy is found as far as its codes resemble the straight ones.

Scores are those of the calibration, whatever the size of the library: the score from which on one link joins two groups
was chosen on these, and a group must not fall apart because other videos were added.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from vdup.align.calibration import Calibration, load_calibration
from vdup.align.covered import Interval
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.align.second_look import Pair, SecondLook
from vdup.align.verification import is_clear
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import MatcherConfig
from vdup.errors import ConfigError
from vdup.grouping.journal import Found, Journal
from vdup.grouping.overlap import Overlap, Shared, overlap_of
from vdup.movies.ends import longest_run, longest_unlike_seconds
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import find_candidates, suppress_competing
from vdup.types import Intervals, VideoCodes
from vdup.video.rate import rate_for

_METHOD = 4
"""To be raised when the same settings come to find other stretches; what was kept before is then searched for anew."""

_NO_PART = ("max_matches", "false_alarms")
"""Settings of a search that say nothing here."""

_NEARLY_BLANK_BITS = 300.0
"""A stretch whose frames lie nearer than this to the background codes shows nearly nothing: dark noise, which is like
any other dark noise, lies at 240 to 290 bits; plain drawings begin at 250, sky at 300, photographs lie at about 380. So
what moves alike in both videos counts all the same."""

Progress = Callable[[int, int], None]
"""Called with the number of videos that were searched for, and of all."""


def join_library(library: OpenLibrary, config: MatcherConfig, progress: Progress | None = None) -> list[Overlap]:
    """What every two videos of a library share; pairs that share nothing are left out.

    Results are kept in the library folder as they come. A run that was interrupted goes on, and one after more videos
    were indexed searches for the new ones only.

    Args:
        library: where to look.
        config: settings of the search.
        progress: called after each video.

    Returns:
        One overlap a pair, in the order of the catalogue.

    Raises:
        WeightsError: the calibration does not belong to the model.
        LibraryError: the results cannot be kept.
        ConfigError: ``matcher.false_alarms`` is given.
    """
    if config.false_alarms is not None:
        raise ConfigError(
            f"matcher.false_alarms={config.false_alarms:g}: it counts for queries; duplicates in a library are told by "
            "matcher.threshold"
        )
    calibration = load_calibration(config.calibration, library.encoder.codes_digest)
    records = {record.number: record for record in library.videos(VideoState.indexed)}
    # Index and descriptors are brought into step with the catalogue before the first look.
    library.save()
    with Journal(library.folder.path, _key(library, config, calibration)) as journal:
        for done, record in enumerate(records.values(), start=1):
            if record.number not in journal.found:
                journal.add(record.number, _found(library, record, records, calibration, config))
            if progress is not None:
                progress(done, len(records))
        damaged = {number: library.folder.catalogue.extras.damaged_seconds(number) for number in records}
        return list(_overlaps(records, damaged, journal.found))


def stored_track(codes: VideoCodes, calibration: Calibration, step_seconds: float, shown: int = 1) -> QueryTrack:
    """A video's stored codes as a query: every run is a frame at each of its sampling times again.

    Args:
        codes: of the video.
        calibration: its background codes are compared with.
        step_seconds: distance of the library's frames.
        shown: how often each frame is shown within its step. Scores are calibrated for the frame rate of queries, and
            half as many frames would have half the evidence.
    """
    counts = np.round((codes.ends_seconds - codes.starts_seconds) / step_seconds).astype(np.int64) + 1
    rows = np.repeat(np.arange(len(codes)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    times = np.minimum(codes.starts_seconds[rows] + within * step_seconds, codes.ends_seconds[rows])
    rows = np.repeat(rows, shown)
    # Where the frame rate varies, two sampled frames may be nearer than a step.
    gaps = np.minimum(step_seconds, np.diff(times, append=np.inf))
    times = (times[:, None] + np.arange(shown) * gaps[:, None] / shown).reshape(-1)
    all_codes = np.ascontiguousarray(codes.codes)
    return QueryTrack(
        codes=all_codes[rows],
        times_seconds=times,
        searchable=codes.searchable[rows],
        backgrounds=calibration.background(all_codes)[rows],
        duration_seconds=codes.duration_seconds,
        mirrored=False,
    )


def _found(
    library: OpenLibrary,
    record: VideoRecord,
    records: Mapping[int, VideoRecord],
    calibration: Calibration,
    config: MatcherConfig,
) -> dict[int, list[Shared]]:
    """What one video shares with each of the others, by number."""
    sampling = library.config.sampling
    codes = library.folder.video_codes(record.number)
    stored_fps = rate_for(sampling.library_fps, codes.duration_seconds)
    times_shown = max(1, round(rate_for(sampling.query_fps, codes.duration_seconds) / stored_fps))
    track = stored_track(codes, calibration, 1.0 / stored_fps, times_shown)
    matcher = SegmentMatcher(config, calibration, 1.0 / sampling.library_fps)
    second_look = SecondLook(matcher, calibration, config)
    movie = library.folder.movie(record)
    found: dict[int, list[Shared]] = {}
    for candidate in find_candidates(library, track, config):
        other = records.get(candidate.video_number)
        if other is None or other.number == record.number:
            continue
        weights = library.lookup.weights(library.folder.rows_of(other))
        reference = library.folder.video_codes(other.number)
        plausible = suppress_competing(matcher.match(track, candidate.query_rows, reference, weights))
        pair = Pair([track], movie, reference, weights, library.folder.movie(other))
        verified = second_look.at(pair, plausible)
        segments = [item for item in verified if item.score >= config.threshold]
        shown = [item for item in segments if _moves_alike(item) or not _is_nearly_blank(track, item.intervals()[0])]
        if shown:
            found[other.number] = [
                Shared(*item.intervals(), item.score, item.mean_hamming_distance, _unlike_seconds(pair, item))
                for item in shown
            ]
    return found


def _unlike_seconds(pair: Pair, item: ScoredSegment) -> float:
    """The longest time within a segment for which the two show different pictures: by the movies, else by the codes.

    A line is followed past a few seconds that do not agree, such as a scene that was replaced.
    """
    segment = item.segment
    if pair.query_movie is not None and pair.reference_movie is not None and item.registration is not None:
        unlike = longest_unlike_seconds(
            pair.query_movie,
            pair.reference_movie,
            item.registration.placement,
            (segment.line.speed, segment.line.intercept_seconds),
            item.intervals()[0],
        )
        if unlike is not None:
            return unlike
    # Without evidence are frames that are blank on one side, too.
    return longest_run(segment.evidence <= 0) * pair.tracks[0].step_seconds


def _moves_alike(segment: ScoredSegment) -> bool:
    """Whether both movies move alike, which different noise does not: a plain drawing is not taken for blank then."""
    return segment.registration is not None and is_clear(segment.registration)


def _is_nearly_blank(track: QueryTrack, interval: Interval) -> bool:
    """Whether most frames of a stretch show nearly nothing, so that what resembles them is no copy."""
    start, end = interval
    within = (track.times_seconds >= start) & (track.times_seconds <= end)
    nearly_blank = ~track.searchable[within] | (track.backgrounds[within] < _NEARLY_BLANK_BITS)
    return 2 * int(nearly_blank.sum()) > len(nearly_blank)


def _overlaps(
    records: Mapping[int, VideoRecord], damaged: Mapping[int, Intervals], found: Mapping[int, Found]
) -> Iterator[Overlap]:
    """Joins what was found from both sides of each pair."""
    shared: defaultdict[tuple[int, int], list[Shared]] = defaultdict(list)
    for number, others in found.items():
        for other, stretches in others.items():
            if number in records and other in records:
                pair = (min(number, other), max(number, other))
                shared[pair] += [item if number == pair[0] else item.turned() for item in stretches]
    for (first, second), stretches in sorted(shared.items()):
        lengths = records[first].duration_seconds or 0.0, records[second].duration_seconds or 0.0
        yield overlap_of(records[first].id, records[second].id, *lengths, stretches, damaged[first], damaged[second])


def _key(library: OpenLibrary, config: MatcherConfig, calibration: Calibration) -> str:
    """Digest of everything that shapes what is found."""
    settings = {name: str(value) for name, value in vars(config).items() if name not in _NO_PART}
    numbers = [_METHOD, calibration.evidence, calibration.score, calibration.verification, _NEARLY_BLANK_BITS]
    library_settings = [library.folder.manifest.fingerprint, library.config.sampling.query_fps]
    text = json.dumps([library_settings, settings, [str(part) for part in numbers]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
