"""Query videos against a library: decode, encode, look up, follow, score."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vdup.align.calibration import Calibration, load_calibration
from vdup.align.edits import ReferencePictures, tell_edits
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.align.second_look import Pair, SecondLook
from vdup.align.segments import suppress, suppress_farther
from vdup.align.verification import is_clear
from vdup.candidates import Candidate, add_coarse, frame_votes, rank_candidates
from vdup.catalogue.inspection import stored_picture_track
from vdup.catalogue.records import VideoRecord
from vdup.codes.runs import RUN_RADIUS_BITS
from vdup.config import MatcherConfig
from vdup.errors import VideoError
from vdup.movies.registration import Registration
from vdup.pipeline.identical import identical_match, identical_videos
from vdup.pipeline.library_scores import AS_FITTED, LibraryScores, scores_in
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.query_codes import QueryCodes, encode_queries
from vdup.types import CODE_BITS, Edits, Evidence, Match, PictureMatch, VideoCodes

_SEARCH_AT_ONCE = 256
"""Query frames looked up in one call."""


_MOST_VERIFIED = 50
"""Segments of a query that are looked at more closely, those of the best scores by codes; others are not reported."""

_SAME_BITS = float(RUN_RADIUS_BITS)
"""Mean distances of two segments that differ by less count as the same content."""

_MUCH_NEARER_BITS = 48.0
_LIKELY = 0.5
"""How much nearer, and how likely, a segment must be to silence those of other references."""

_SURE = 0.9
"""Beside an identical file, what is farther than that is reported from this score on."""

_BY_CHANCE_BITS = 20.0
"""A mirrored segment, or one in a panel, must be nearer by more than this to be reported in place of the plain one."""


_WEIGHT_OF_NEARNESS = 8.0
"""Of the mean distance (a share of the bits) against the logarithm of the evidence, for non-maximum suppression."""


@dataclass(frozen=True)
class SearchResult:
    """What was found for one query."""

    query_id: str
    matches: tuple[Match, ...]
    """Best first."""
    error: VideoError | None = None
    """Why the query could not be searched for."""
    seconds: float = 0.0
    """Length of the query."""
    threshold: float | None = None
    """Score from which on segments were reported; None: it was not searched for."""


Progress = Callable[[SearchResult, int, int], None]
"""Called after each query with its result, how many are done, and how many there are."""


def search_videos(
    library: OpenLibrary,
    videos: Sequence[tuple[str, Path]],
    config: MatcherConfig,
    progress: Progress | None = None,
) -> list[SearchResult]:
    """Finds the parts of videos that the library knows.

    Args:
        library: where to look.
        videos: id and path of each query.
        config: settings of the search.
        progress: called after each query.

    Returns:
        One result a query, in order; a query that cannot be read has an error instead of matches.

    Raises:
        WeightsError: the calibration does not belong to the model.
        ConfigError: ``matcher.false_alarms`` is given, and nothing is known of false segments.
    """
    calibration = load_calibration(config.calibration, library.encoder.codes_digest)
    scores = scores_in(library, calibration)
    scores.threshold(config)  # refused before a video is decoded
    results: list[SearchResult] = []
    encoded = encode_queries(library, videos, calibration, mirror=config.mirror, panels=config.panels)
    for (query_id, path), (_, query) in zip(videos, encoded, strict=True):
        try:
            results.append(_search(library, query_id, path, query, calibration, config, scores))
        except VideoError as error:
            results.append(SearchResult(query_id, (), error))
        if progress is not None:
            progress(results[-1], len(results), len(videos))
    return results


def _search(
    library: OpenLibrary,
    query_id: str,
    path: Path,
    query: QueryCodes | VideoError,
    calibration: Calibration,
    config: MatcherConfig,
    scores: LibraryScores,
) -> SearchResult:
    """What one query shares with the library; identical files first, which need no comparison.

    Raises:
        VideoError: the query cannot be read.
    """
    if isinstance(query, VideoError):
        raise query
    own = identical_videos(library, path)
    same = [] if config.exclude_self else [identical_match(query_id, record) for record in own]
    without = frozenset(record.number for record in own)
    others = match_query(library, query_id, query.tracks, calibration, config, without, scores)
    if same:
        others = [match for match in others if is_copy_too(match)]
    matches = tuple([*same, *others][: config.max_matches])
    seconds = query.straight.duration_seconds
    return SearchResult(query_id, matches, seconds=seconds, threshold=scores.threshold(config))


def is_copy_too(match: Match) -> bool:
    """Whether a match beside an identical file is to be reported: a copy of that file in the library, not its like."""
    evidence = match.evidence
    return match.score >= _SURE or evidence is None or evidence.mean_hamming_distance <= _MUCH_NEARER_BITS


def match_query(
    library: OpenLibrary,
    query_id: str,
    tracks: Sequence[QueryTrack],
    calibration: Calibration,
    config: MatcherConfig,
    without: Collection[int] = (),
    scores: LibraryScores = AS_FITTED,
) -> list[Match]:
    """Matches of one query whose codes are known, best first.

    Args:
        library: where to look.
        query_id: name of the query.
        tracks: codes of its frames, whole and in panels, straight and mirrored.
        calibration: of the library's codes.
        config: settings of the search.
        without: numbers of library videos that are left out.
        scores: what scores mean in the library.
    """
    found = find_segments(library, tracks, calibration, config, without, scores)
    found.sort(key=lambda item: (-item[1].score, item[0].id, item[1].segment.query_start_seconds))
    return [
        _as_match(query_id, record.id, segment, tell_edits(segment, tracks, _pictures_of(library, record)))
        for record, segment in found[: config.max_matches]
    ]


def _pictures_of(library: OpenLibrary, record: VideoRecord) -> ReferencePictures:
    folder = library.folder
    track = stored_picture_track(folder.path, record.number, folder.catalogue.extras.picture_track(record.number))
    return ReferencePictures(folder.movie(record), track)


def find_segments(
    library: OpenLibrary,
    tracks: Sequence[QueryTrack],
    calibration: Calibration,
    config: MatcherConfig,
    without: Collection[int] = (),
    scores: LibraryScores = AS_FITTED,
    only: Collection[int] | None = None,
) -> list[tuple[VideoRecord, ScoredSegment]]:
    """Segments at or above the threshold, with the reference that each was found in.

    References whose number is in ``without`` are left out. With ``only``, those of these numbers are followed along all
    of the query and nothing is looked up. Of segments that compete, in whichever of the ``tracks``, the best is kept;
    the likeliest of these are verified by their movies. Segments are held against one another by the scores of the
    calibration, which do not depend on the size of the library; what they mean in it, ``scores`` says at the end.

    Raises:
        ConfigError: ``matcher.false_alarms`` is given, and nothing is known of false segments.
        LibraryDamagedError: a stored movie is damaged.
    """
    threshold = scores.threshold(config)
    matcher = SegmentMatcher(config, calibration, 1.0 / library.config.sampling.library_fps)
    second_look = SecondLook(matcher, calibration, config)
    found: dict[int, list[ScoredSegment]] = {}
    for track in tracks:
        candidates = find_candidates(library, track, config) if only is None else _along_all(track, only)
        for candidate in candidates:
            record = library.folder.catalogue.by_number(candidate.video_number)
            # Without a record, the store is ahead of the catalogue: not a part of the library.
            if record is None or record.number in without:
                continue
            reference = library.folder.video_codes(record.number)
            weights = library.lookup.weights(library.folder.rows_of(record))
            segments = matcher.match(track, candidate.query_rows, reference, weights)
            found.setdefault(record.number, []).extend(segments)
    plausible = [(number, segment) for number, mine in sorted(found.items()) for segment in suppress_competing(mine)]
    plausible.sort(key=lambda item: -item[1].score)
    movie = tracks[0].movie if tracks else None
    chosen: list[tuple[VideoRecord, ScoredSegment]] = []
    likely = plausible[:_MOST_VERIFIED]
    for number in sorted({number for number, _ in likely}):
        record = library.folder.catalogue.by_number(number)
        if record is not None:
            mine = [segment for other, segment in likely if other == number]
            codes, weights = library.folder.video_codes(number), library.lookup.weights(library.folder.rows_of(record))
            known = _pictures_of(library, record)
            pair = Pair(tracks, movie, codes, weights, known.movie, known.track)
            chosen += [(record, segment) for segment in second_look.at(pair, mine)]
    reported = (
        (record, replace(segment, score=scores.reported(segment.score))) for record, segment in silence_farther(chosen)
    )
    return [(record, segment) for record, segment in reported if segment.score >= threshold]


def silence_farther(found: Sequence[tuple[VideoRecord, ScoredSegment]]) -> list[tuple[VideoRecord, ScoredSegment]]:
    """Drops segments whose part of the query another reference explains much better.

    A segment goes when one of another reference covers more than half of it in the query, is at least as likely, more
    likely than not, and nearer by more than ``_MUCH_NEARER_BITS`` on average. A copy of that other reference in the
    library is about as near, and stays; so does what was found in a panel where the other was found elsewhere: in the
    whole frame, in another panel, in the host.
    """

    def explained(record: VideoRecord, segment: ScoredSegment) -> bool:
        start, end = segment.intervals()[0]
        for other, better in found:
            other_start, other_end = better.intervals()[0]
            if (
                other.number != record.number
                and min(end, other_end) - max(start, other_start) > 0.5 * (end - start)
                and better.score >= max(segment.score, _LIKELY)
                and better.mean_hamming_distance + _MUCH_NEARER_BITS < segment.mean_hamming_distance
                and (not segment.panel or better.view == segment.view)
            ):
                return True
        return False

    return [(record, segment) for record, segment in found if not explained(record, segment)]


def suppress_competing(segments: Sequence[ScoredSegment]) -> list[ScoredSegment]:
    """Non-maximum suppression of the segments of one query and one reference, in whichever track they were found.

    Any threshold comes after it: where the best of competing segments is below it, the others are not reported either.
    """
    return suppress_farther(
        suppress(segments, _strength, ScoredSegment.intervals, 0.5),
        lambda segment: segment.intervals()[0],
        lambda segment: segment.mean_hamming_distance,
        _SAME_BITS,
    )


def find_candidates(library: OpenLibrary, query: QueryTrack, config: MatcherConfig) -> list[Candidate]:
    """References worth following, from frame hits and from descriptors."""
    shown = np.flatnonzero(query.searchable)
    candidates: list[Candidate] = []
    if len(shown) and len(library.lookup.index):
        rows, votes, videos = [], [], []
        for first in range(0, len(shown), _SEARCH_AT_ONCE):
            part = shown[first : first + _SEARCH_AT_ONCE]
            hits, weights = library.lookup.search(
                query.codes[part], config.neighbours, config.max_distance, config.common_videos
            )
            frames = part[hits.query_rows]
            rows.append(frames)
            votes.append(frame_votes(hits.distances, query.backgrounds[frames], weights))
            videos.append(library.folder.video_of_rows(hits.reference_rows))
        candidates = rank_candidates(
            np.concatenate(rows), np.concatenate(votes), np.concatenate(videos), query.times_seconds
        )
    if config.coarse_videos and len(shown):
        codes = VideoCodes(
            query.codes, query.times_seconds, query.times_seconds, query.searchable, query.duration_seconds
        )
        coarse = library.stretches.search(codes, config.coarse_videos)
        candidates = add_coarse(candidates, coarse, query.times_seconds, config.coarse_videos)
    return candidates


def _along_all(query: QueryTrack, numbers: Iterable[int]) -> list[Candidate]:
    """These references, to be followed along every frame that shows something."""
    shown = np.flatnonzero(query.searchable)
    return [Candidate(number, 0.0, shown) for number in sorted(numbers)] if len(shown) else []


def _strength(segment: ScoredSegment) -> float:
    """Rank in non-maximum suppression: much evidence, near frames; of equals the whole frame, not mirrored.

    Not the score, which also counts TMK and speed and is fitted on what is left after suppression.
    """
    odds = _BY_CHANCE_BITS * (segment.mirrored + segment.panel)
    nearness = (segment.mean_hamming_distance + odds) / CODE_BITS
    return float(np.log1p(max(segment.segment.total_evidence, 0.0))) - _WEIGHT_OF_NEARNESS * nearness


def _as_match(query_id: str, reference_id: str, scored: ScoredSegment, edits: Edits | None) -> Match:
    segment = scored.segment
    return Match(
        query_id=query_id,
        reference_id=reference_id,
        query_start_seconds=segment.query_start_seconds,
        query_end_seconds=segment.query_end_seconds,
        reference_start_seconds=segment.reference_start_seconds,
        reference_end_seconds=segment.reference_end_seconds,
        score=scored.score,
        speed=segment.line.speed,
        evidence=Evidence(
            frames_matched=scored.frames_matched,
            frames_compared=scored.frames_compared,
            mean_hamming_distance=scored.mean_hamming_distance,
            tmk_score=scored.tmk_score,
            time_offset_seconds=segment.reference_start_seconds - segment.query_start_seconds,
            mirrored=scored.mirrored,
            panel=scored.panel,
            picture=None if scored.registration is None else _picture(scored.registration),
            score_inputs=scored.inputs,
            place_uncertain_seconds=scored.fits_equally_seconds,
        ),
        edits=edits,
    )


def _picture(found: Registration) -> PictureMatch:
    return PictureMatch(found.correlation, found.contrast, found.motion, found.placement, is_clear(found))
