"""From one candidate reference to scored segments: streams, refinement, TMK."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vdup.align.calibration import Calibration
from vdup.align.line_fit import BitCounts, Distances, Line
from vdup.align.refine import Segment, best_segment, cut_segment
from vdup.align.segments import suppress
from vdup.align.stream import Stream, StreamMatcher, StreamRules
from vdup.align.track import ReferenceTrack
from vdup.codes.binarize import signs
from vdup.codes.hamming import hamming_distances, paired_hamming
from vdup.config import MatcherConfig
from vdup.movies.picture_track import PictureTrack
from vdup.movies.registration import Registration
from vdup.movies.storage import PackedMovie
from vdup.temporal.segment_score import score_segment
from vdup.types import CODE_BITS, BoolArray, CodeArray, FloatArray, RowArray, TimeArray, VideoCodes
from vdup.video.rate import rate_for

_FRAMES_AT_ONCE = 64
"""Query frames compared with all rows of a reference in one call."""

_MOST_STREAMS_REFINED = 40
_MOST_SHARED = 0.5
_CONTEXT_SECONDS = 10.0
"""Query frames round a stream that are looked at when its ends are placed."""

_OTHER_MOMENT_BITS = 24
"""Rows farther than the nearest one by this count less, by twice as much not at all, and then against a line. Of 16-80
this found excerpts that are shown twice in a row best without more that is wrong, on queries made from real clips."""
_AGAINST_OTHER_MOMENTS = -0.35

_AS_NEAR_BITS = 64
"""A given line goes on while frames are no farther than those within by more than this."""
_NO_PART = np.float32(-1.5)
"""Evidence of frames beyond it."""

_CALIBRATED_STEP_SECONDS = 0.5
"""Step of the query frames that calibrations are made with. Finer ones are no more independent of one another."""

_TMK_SEARCH_SECONDS = 1.0
_TMK_STEP_SECONDS = 0.1


@dataclass(frozen=True)
class QueryTrack:
    """One query, seen straight or mirrored, as a whole or in a panel of it: a code for every sampled frame."""

    codes: CodeArray
    """uint8 [N, 128]."""
    times_seconds: TimeArray
    """float64 [N], increasing."""
    searchable: BoolArray
    """False for blank frames, and where a panel is not there, bool [N]."""
    backgrounds: FloatArray
    """Distance to the background codes, float32 [N], bits."""
    duration_seconds: float
    mirrored: bool
    panel: bool = False
    """Seen in a part of the frames."""
    movie: PackedMovie | None = None
    """Of the whole frame, in every track."""
    pictures: PictureTrack | None = None
    """Where its pictures lie in their frames, and their colours."""
    view: int = 0
    """Which of the views of the frames it is, 0 the whole; straight and mirrored it is the same."""

    @property
    def step_seconds(self) -> float:
        """Usual step from frame to frame; infinite for a single one."""
        return float(np.median(np.diff(self.times_seconds))) if len(self.times_seconds) > 1 else float("inf")


@dataclass(frozen=True)
class ScoredSegment:
    """A segment with what speaks for it."""

    segment: Segment
    scaled_evidence: float
    """Total evidence as it would be with two frames a second, if there are more: what the score is computed from."""
    score: float
    frames_matched: int
    frames_compared: int
    mean_hamming_distance: float
    tmk_score: float
    mirrored: bool
    panel: bool
    registration: Registration | None = None
    """How the movies agree; none where there are none, or the segment was not looked at so closely."""
    inputs: Mapping[str, float] | None = None
    """What the score was computed from when the movies had been compared, by name."""
    view: int = 0
    """Of the frames, in which it was found; 0: the whole."""
    fits_equally_seconds: tuple[float, float] | None = None
    """Stretch of the reference in which the place is uncertain, as nothing moves in the query."""

    def intervals(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Query and reference interval in seconds."""
        segment = self.segment
        return (
            (segment.query_start_seconds, segment.query_end_seconds),
            (segment.reference_start_seconds, segment.reference_end_seconds),
        )


class SegmentMatcher:
    """Compares a query with candidate references."""

    def __init__(self, config: MatcherConfig, calibration: Calibration, reference_step_seconds: float) -> None:
        self._config = config
        self._calibration = calibration
        self._step_seconds = reference_step_seconds
        knee = calibration.evidence.knee
        self._rules = StreamRules(
            min_speed=config.min_speed,
            max_speed=config.max_speed,
            max_gap_seconds=config.max_gap_seconds,
            open_evidence=0.25 * knee,
            keep_evidence=0.6 * knee,
            give_up_below_peak=2.0 * knee,
        )

    def match(
        self, query: QueryTrack, frames: RowArray, reference: VideoCodes, weights: FloatArray
    ) -> list[ScoredSegment]:
        """Segments that a query shares with a reference.

        Args:
            query: the query.
            frames: rows of the query to follow, in time order, int64 [K].
            reference: codes of the reference.
            weights: weight of each reference row, float32 [M]: below 1 where its content is common.

        Returns:
            Segments, whatever their score, most evidence first; of segments that overlap on both axes only the first.
        """
        if not len(reference.codes):  # a catalogue from elsewhere may say so of a video
            return []
        track = self._track(reference)
        matcher = StreamMatcher(track, self._rules, weights)
        for first in range(0, len(frames), _FRAMES_AT_ONCE):
            part = frames[first : first + _FRAMES_AT_ONCE]
            distances, known = _distances(query, part, reference)
            evidence = self._evidence(query, part, distances, known, weights)
            for time_seconds, of_frame in zip(query.times_seconds[part].tolist(), evidence, strict=True):
                matcher.push(time_seconds, of_frame)
        streams = suppress(
            matcher.finish(),
            lambda stream: stream.evidence,
            lambda stream: (
                (stream.query_start_seconds - 0.25, stream.query_end_seconds + 0.25),
                (
                    stream.reference_at(stream.query_start_seconds) - 0.25,
                    stream.reference_end_seconds + 0.25,
                ),
            ),
            _MOST_SHARED,
        )
        segments = [
            scored
            for stream in streams[:_MOST_STREAMS_REFINED]
            if (scored := self._refine(stream, query, reference, weights, track)) is not None
        ]
        return suppress(segments, lambda item: item.segment.total_evidence, ScoredSegment.intervals, _MOST_SHARED)

    def along(
        self,
        query: QueryTrack,
        reference: VideoCodes,
        weights: FloatArray,
        line: Line,
        core_seconds: tuple[float, float],
    ) -> ScoredSegment | None:
        """The segment on a line that was found by other means.

        Beyond the stretch that it was found on it goes on while frames are about as near as those within.

        Args:
            query: the query.
            reference: codes of the reference.
            weights: weight of each reference row, float32 [M].
            line: the line.
            core_seconds: the stretch of the query.

        Returns:
            The segment; none when no frame has evidence for a copy, or it is too short.
        """
        start, end = core_seconds
        times = query.times_seconds
        frames = np.flatnonzero((times >= start - _CONTEXT_SECONDS) & (times <= end + _CONTEXT_SECONDS))
        if not len(reference.codes) or not len(frames):
            return None
        times = times[frames]
        distances, known = _distances(query, frames, reference)
        evidence = self._evidence(query, frames, distances, known, weights)
        track, fit = self._track(reference), _to_rows(distances, known, reference)
        within = ((times >= start) & (times <= end))[:, None]
        inner = np.where(within, evidence, _NO_PART)
        core = cut_segment(line, core_seconds, times, inner, fit, track, query.duration_seconds)
        if core is None:
            return None
        near = distances[core.query_rows, core.reference_rows].mean() + _AS_NEAR_BITS
        outer = np.where(within | (distances <= near), evidence, _NO_PART)
        segment = cut_segment(line, core_seconds, times, outer, fit, track, query.duration_seconds)
        if segment is None or self._too_short(segment, query):
            return None
        tmk, _ = self._tmk(segment, query, frames, reference)
        return self._score(segment, tmk, query, frames, reference)

    def step_seconds_of(self, reference: VideoCodes) -> float:
        """Distance of the sampled frames of a reference: short videos are sampled more finely."""
        return 1 / rate_for(1 / self._step_seconds, reference.duration_seconds)

    def _track(self, reference: VideoCodes) -> ReferenceTrack:
        starts, ends = reference.starts_seconds, reference.ends_seconds
        return ReferenceTrack(starts, ends, reference.duration_seconds, self.step_seconds_of(reference))

    def _too_short(self, segment: Segment, query: QueryTrack) -> bool:
        # Ends are uncertain by half a step.
        slack_seconds = min(query.step_seconds, self._config.min_segment_seconds) / 2
        length = segment.query_end_seconds - segment.query_start_seconds
        return length < self._config.min_segment_seconds - slack_seconds

    def _evidence(
        self, query: QueryTrack, frames: RowArray, distances: BitCounts, known: BoolArray, weights: FloatArray
    ) -> FloatArray:
        """Evidence of query frames against reference rows, float32 [frames, rows]; 0 where either is blank.

        A row that is much farther than the nearest one of the reference shows another moment, however like it is: its
        evidence falls to nothing and below. Otherwise a line would go on from a copied stretch through all that
        resembles it.
        """
        evidence = self._calibration.evidence.of(distances, query.backgrounds[frames][:, None])
        nearest = np.where(known, distances, CODE_BITS).min(axis=1, keepdims=True)
        same_moment = np.clip(2 - (distances - nearest) / _OTHER_MOMENT_BITS, _AGAINST_OTHER_MOMENTS, 1.0)
        same_moment = same_moment.astype(np.float32)
        evidence = np.where(evidence > 0, evidence * weights * same_moment, evidence)
        return np.where(known, evidence, np.float32(0.0))

    def _refine(
        self, stream: Stream, query: QueryTrack, reference: VideoCodes, weights: FloatArray, track: ReferenceTrack
    ) -> ScoredSegment | None:
        near = (query.times_seconds >= stream.query_start_seconds - _CONTEXT_SECONDS) & (
            query.times_seconds <= stream.query_end_seconds + _CONTEXT_SECONDS
        )
        frames = np.flatnonzero(near)
        distances, known = _distances(query, frames, reference)
        evidence = self._evidence(query, frames, distances, known, weights)
        fit = _to_rows(distances, known, reference)
        times = query.times_seconds[frames]
        limits = (self._config.min_speed, self._config.max_speed)
        segment = best_segment(stream, times, evidence, fit, track, limits, query.duration_seconds)
        if segment is None:
            return None
        tmk, correction = self._tmk(segment, query, frames, reference)
        # TMK weighs the whole course of the segment; its offset is taken where it gathers no less evidence.
        if correction:
            shifted = Line(segment.line.speed, segment.line.intercept_seconds + correction)
            core = (stream.query_start_seconds, stream.query_end_seconds)
            other = cut_segment(shifted, core, times, evidence, fit, track, query.duration_seconds)
            if other is not None and other.total_evidence > segment.total_evidence:
                segment = other
        if self._too_short(segment, query):
            return None
        return self._score(segment, tmk, query, frames, reference)

    def _tmk(self, segment: Segment, query: QueryTrack, frames: RowArray, reference: VideoCodes) -> tuple[float, float]:
        inside = (reference.ends_seconds >= segment.reference_start_seconds - self._step_seconds / 2) & (
            reference.starts_seconds <= segment.reference_end_seconds + self._step_seconds / 2
        )
        rows = np.flatnonzero(inside)
        chosen = frames[segment.query_rows]
        return score_segment(
            signs(query.codes[chosen]),
            query.times_seconds[chosen] - segment.query_start_seconds,
            signs(np.asarray(reference.codes[rows])),
            (reference.starts_seconds[rows] + reference.ends_seconds[rows]) / 2
            - segment.line.speed * segment.query_start_seconds
            - segment.line.intercept_seconds,
            speed=segment.line.speed,
            search_seconds=_TMK_SEARCH_SECONDS,
            step_seconds=_TMK_STEP_SECONDS,
        )

    def _score(
        self, segment: Segment, tmk: float, query: QueryTrack, frames: RowArray, reference: VideoCodes
    ) -> ScoredSegment | None:
        agrees = segment.evidence > 0
        if not agrees.any():
            return None
        rows = frames[segment.query_rows[agrees]]
        distances = paired_hamming(query.codes[rows], np.asarray(reference.codes[segment.reference_rows[agrees]]))
        mean_distance = float(distances.mean())
        evidence = segment.total_evidence * min(1.0, query.step_seconds / _CALIBRATED_STEP_SECONDS)
        return ScoredSegment(
            segment=segment,
            scaled_evidence=evidence,
            score=self._calibration.score.probability(evidence, segment.line.speed, tmk, mean_distance),
            frames_matched=int(agrees.sum()),
            frames_compared=int((segment.evidence != 0).sum()),
            mean_hamming_distance=mean_distance,
            tmk_score=tmk,
            mirrored=query.mirrored,
            panel=query.panel,
            view=query.view,
        )


def _to_rows(distances: BitCounts, known: BoolArray, reference: VideoCodes) -> Distances:
    codes = np.asarray(reference.codes)
    return Distances.of(distances, known, paired_hamming(codes[:-1], codes[1:]))


def _distances(query: QueryTrack, frames: RowArray, reference: VideoCodes) -> tuple[BitCounts, BoolArray]:
    """Bits between query frames and reference rows, int32 [frames, rows], and where neither is blank, bool."""
    known = query.searchable[frames][:, None] & reference.searchable
    return hamming_distances(query.codes[frames], np.asarray(reference.codes)), known
