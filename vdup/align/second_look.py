"""From the segments of one query and one reference that the codes found to those that their movies bear out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vdup.align.calibration import Calibration
from vdup.align.line_fit import Line
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.align.panels import box_between, panels_between, whole_frames
from vdup.align.plain_lines import PlainLine, plain_lines
from vdup.align.segments import overlap_share, suppress
from vdup.align.still import is_still, settle_still
from vdup.align.verification import is_clear, other_moments, verify
from vdup.config import MatcherConfig
from vdup.movies.ends import agreeing_stretch
from vdup.movies.picture_track import PictureTrack
from vdup.movies.storage import PackedMovie
from vdup.types import FloatArray, Placement, Rectangle, VideoCodes

_MOST_SHARED = 0.5

_LONGEST_SECONDS = 120.0
"""Longer stretches are not searched by their movies: every moment of one is compared with every one of the other."""
_AROUND_QUERY_SECONDS = 10.0
_AROUND_REFERENCE_SECONDS = 60.0
"""Looked at besides what the codes found."""
_LEAST_OF_A_PLACE = 0.3
"""Correlation from which on lines are looked for at the place of a segment that is not clear."""
_AROUND_ENDS_SECONDS = 4.0
"""The same when only the ends are looked for."""


@dataclass(frozen=True)
class Pair:
    """A query and a reference."""

    tracks: Sequence[QueryTrack]
    """All ways in which the query is seen; the first one whole and straight."""
    query_movie: PackedMovie | None
    reference: VideoCodes
    weights: FloatArray
    """Weight of each row of the reference, float32 [M]."""
    reference_movie: PackedMovie | None
    reference_pictures: PictureTrack | None = None


class SecondLook:
    """Verifies segments, looks for plain ones where none is clear, and settles which of them to report."""

    def __init__(self, matcher: SegmentMatcher, calibration: Calibration, config: MatcherConfig) -> None:
        self._matcher = matcher
        self._calibration = calibration
        self._limits = (config.min_speed, config.max_speed)

    def at(self, pair: Pair, segments: Sequence[ScoredSegment]) -> list[ScoredSegment]:
        """Segments of a pair, verified: scored anew, on the line of the movies where these agree.

        Where no segment is clear, stretches on which the movies agree at 1.00x are tried as well. Of segments that lie
        on one another the best is kept; other moments that merely resemble the right one go
        (:func:`~vdup.align.verification.other_moments`); where nothing moves the place is said to be uncertain
        (:mod:`vdup.align.still`).

        Args:
            pair: the two videos.
            segments: as the codes found them.

        Raises:
            LibraryDamagedError: a stored movie is damaged.
        """
        found = self._verified(pair, segments)
        found += [item for item in self._verified(pair, self._plain(pair, found)) if _is_clear(item)]
        best = suppress(found, lambda item: item.score, ScoredSegment.intervals, _MOST_SHARED)
        resembling = other_moments(best)
        kept = [_with_ends(pair, item) for item, other in zip(best, resembling, strict=True) if not other]
        return settle_still(kept, pair.reference, self._matcher.step_seconds_of(pair.reference))

    def _verified(self, pair: Pair, segments: Sequence[ScoredSegment]) -> list[ScoredSegment]:
        seconds = pair.reference.duration_seconds
        return [
            verify(
                *(item, pair.query_movie, pair.reference_movie, seconds, self._calibration, self._limits),
                _likely_places(pair, item),
            )
            for item in segments
        ]

    def _plain(self, pair: Pair, segments: Sequence[ScoredSegment]) -> list[ScoredSegment]:
        """Segments on plain lines, where the query moves and no given one is clear."""
        unclear = [item for item in segments if not _is_clear(item) and not is_still(item)]
        if pair.query_movie is None or pair.reference_movie is None or not unclear:
            return []
        (start, end), (reference_start, reference_end) = (
            (min(item.intervals()[axis][0] for item in unclear), max(item.intervals()[axis][1] for item in unclear))
            for axis in (0, 1)
        )
        if max(end - start, reference_end - reference_start) > _LONGEST_SECONDS:
            return []
        query = pair.query_movie.between(start - _AROUND_QUERY_SECONDS, end + _AROUND_QUERY_SECONDS)
        reference = pair.reference_movie.between(
            reference_start - _AROUND_REFERENCE_SECONDS, reference_end + _AROUND_REFERENCE_SECONDS
        )
        tracks = {track.mirrored: track for track in reversed(pair.tracks) if not track.panel}
        lines = plain_lines(query, reference, mirrored=True in tracks)
        placed = _another_place(segments)
        if placed is not None and placed.mirrored in tracks:
            lines += plain_lines(query, reference, mirrored=False, placement=placed)
        clear = [item for item in segments if _is_clear(item)]
        return [
            found
            for line in lines
            if not any(overlap_share(line.intervals()[0], item.intervals()[0]) > _MOST_SHARED for item in clear)
            and (found := self._along(pair, tracks[line.mirrored], line)) is not None
        ]

    def _along(self, pair: Pair, track: QueryTrack, line: PlainLine) -> ScoredSegment | None:
        core = (line.query_start_seconds, line.query_end_seconds)
        return self._matcher.along(track, pair.reference, pair.weights, Line(1.0, line.intercept_seconds), core)


def _likely_places(pair: Pair, item: ScoredSegment) -> list[Rectangle]:
    """Parts of the query's picture that all of the reference's may well fill."""
    query, reference = item.intervals()
    places = panels_between(pair.tracks, *query)
    pictures = pair.tracks[0].pictures if pair.tracks else None
    if pictures is None or pair.reference_pictures is None or pair.query_movie is None or pair.reference_movie is None:
        return places
    boxes = box_between(pictures, *query), box_between(pair.reference_pictures, *reference)
    return places + whole_frames(*boxes, pair.query_movie.shape, pair.reference_movie.shape)


def _another_place(segments: Sequence[ScoredSegment]) -> Placement | None:
    """Where most of what changes agrees in any segment, if that is not the whole picture.

    Copies of one reference in one query are mostly edited alike.
    """
    found = [item.registration for item in segments if item.registration is not None]
    best = max(found, key=lambda registration: registration.correlation, default=None)
    if best is None or best.correlation < _LEAST_OF_A_PLACE:
        return None
    upright = replace(best.placement, mirrored=False)
    return None if upright == Placement.whole() else best.placement


def _with_ends(pair: Pair, item: ScoredSegment) -> ScoredSegment:
    """The same segment as far as the pictures agree, where they are clear."""
    if pair.query_movie is None or pair.reference_movie is None or item.registration is None or not _is_clear(item):
        return item
    segment, line = item.segment, item.segment.line
    (start, end), (reference_start, reference_end) = item.intervals()
    last = min(pair.tracks[0].duration_seconds, (pair.reference.duration_seconds - line.intercept_seconds) / line.speed)
    start, end = agreeing_stretch(
        pair.query_movie.between(start - _AROUND_ENDS_SECONDS, end + _AROUND_ENDS_SECONDS),
        pair.reference_movie.between(reference_start - _AROUND_ENDS_SECONDS, reference_end + _AROUND_ENDS_SECONDS),
        item.registration.placement,
        (line.speed, line.intercept_seconds),
        (start, end),
        (max(0.0, -line.intercept_seconds / line.speed), last),
    )
    placed = replace(
        segment,
        query_start_seconds=start,
        query_end_seconds=end,
        reference_start_seconds=line.speed * start + line.intercept_seconds,
        reference_end_seconds=line.speed * end + line.intercept_seconds,
    )
    return replace(item, segment=placed)


def _is_clear(item: ScoredSegment) -> bool:
    return item.registration is not None and is_clear(item.registration)
