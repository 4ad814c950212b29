"""vdup's own matching as a method that compares two videos: streams of codes, TMK, calibration; no library."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vdup.align.calibration import Calibration, load_calibration
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.align.second_look import Pair, SecondLook
from vdup.codes.runs import collapse_runs
from vdup.config import MatcherConfig, ModelConfig
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError, FeatureFileError, VideoOpenError
from vdup.feature_files.read import is_feature_file
from vdup.matchers.base import Box, Comparison, PairMatcher
from vdup.pipeline.encoder import Encoder, build_encoder
from vdup.pipeline.query_codes import encode_queries
from vdup.pipeline.searcher import suppress_competing
from vdup.types import VideoCodes


@dataclass(frozen=True)
class StreamVideo:
    """A video as a query and as a reference."""

    tracks: tuple[QueryTrack, ...]
    """All ways in which it is seen as a query."""
    reference: VideoCodes
    """As a library would hold it."""


@dataclass(frozen=True)
class _Codes:
    encoder: Encoder
    config: ModelConfig


class StreamMatcher(PairMatcher[StreamVideo]):
    """Compares two videos as a search of a library would, were one of them all that it holds.

    What a library adds is speed, and the weights of content that is common in it; see
    :mod:`vdup.matchers.library_similarity` for many videos against many. The similarity is the score of the best
    segment, 0 when none reaches ``matcher.threshold``.
    """

    def __init__(self, config: MatcherConfig, model: ModelConfig) -> None:
        """Takes the settings; the network is built with the first video.

        Raises:
            ConfigError: ``matcher.false_alarms`` is given: it needs a library whose size is known.
        """
        if config.false_alarms is not None:
            raise ConfigError(
                f"matcher.false_alarms={config.false_alarms:g}: it counts for a search of a library; two videos are "
                "compared by matcher.threshold"
            )
        self._config = config
        self._model = model
        self._matcher: SegmentMatcher | None = None

    @cached_property
    def _codes(self) -> _Codes:
        return _Codes(build_encoder(self._model), self._model)

    @cached_property
    def _calibration(self) -> Calibration:
        return load_calibration(self._config.calibration, self._codes.encoder.codes_digest)

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> StreamVideo:
        """Codes of a video; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            VideoError: it cannot be read, or is a file of features.
            WeightsError: weights or calibration cannot be used.
        """
        if video.path is None:
            raise VideoOpenError(video.id, "it is missing")
        if is_feature_file(video.path):
            raise FeatureFileError(video.path, "matcher=vdup needs the video itself; features serve the other matchers")
        config = self._config
        [(_, found)] = encode_queries(
            self._codes, [(video.id, video.path)], self._calibration, mirror=config.mirror, panels=config.panels
        )
        if isinstance(found, Exception):
            raise found
        tracks = found.tracks
        if span_seconds is not None:
            tracks = tuple(_cut(track, *span_seconds) for track in tracks)
        sampling = self._model.sampling
        every = max(1, round(sampling.query_fps / sampling.library_fps))
        straight = tracks[0]
        reference = collapse_runs(
            straight.codes[::every],
            straight.times_seconds[::every],
            straight.searchable[::every],
            straight.duration_seconds,
        )
        return StreamVideo(tracks, reference)

    def compare(self, query: StreamVideo, reference: StreamVideo, *, inside: bool = False) -> Comparison:
        """Segments that the videos share; see :class:`~vdup.matchers.base.PairMatcher`."""
        if self._matcher is None:
            step_seconds = 1.0 / self._model.sampling.library_fps
            self._matcher = SegmentMatcher(self._config, self._calibration, step_seconds)
        weights = np.ones(len(reference.reference), dtype=np.float32)
        found: list[ScoredSegment] = []
        for track in query.tracks:
            rows = np.flatnonzero(track.searchable)
            if len(rows) and len(reference.reference):
                found += self._matcher.match(track, rows, reference.reference, weights)
        if inside:
            found = [segment for segment in found if self._lies_inside(segment, query, reference)]
        movies = query.tracks[0].movie, reference.tracks[0].movie
        pictures = reference.tracks[0].pictures if reference.tracks else None
        pair = Pair(query.tracks, movies[0], reference.reference, weights, movies[1], pictures)
        look = SecondLook(self._matcher, self._calibration, self._config)
        verified = look.at(pair, suppress_competing(found))
        best = [segment for segment in verified if segment.score >= self._config.threshold]
        best = sorted(best, key=lambda segment: -segment.score)[: self._config.max_matches]
        if not best:
            return Comparison(0.0)
        line = best[0].segment.line
        return Comparison(best[0].score, line.intercept_seconds, line.speed, tuple(map(_box, best)))

    def _lies_inside(self, segment: ScoredSegment, query: StreamVideo, reference: StreamVideo) -> bool:
        """Whether the line of a segment puts the whole query within the reference, give or take one stored frame."""
        line, asked, stored = segment.segment.line, query.tracks[0].times_seconds, reference.reference
        tolerance = 1.0 / self._model.sampling.library_fps
        first, last = (line.speed * time + line.intercept_seconds for time in (asked[0], asked[-1]))
        return bool(first >= stored.starts_seconds[0] - tolerance and last <= stored.ends_seconds[-1] + tolerance)


def _cut(track: QueryTrack, start_seconds: float, end_seconds: float) -> QueryTrack:
    inside = (track.times_seconds >= start_seconds) & (track.times_seconds < end_seconds)
    return replace(
        track,
        codes=track.codes[inside],
        times_seconds=track.times_seconds[inside],
        searchable=track.searchable[inside],
        backgrounds=track.backgrounds[inside],
        duration_seconds=min(track.duration_seconds, end_seconds),
    )


def _box(scored: ScoredSegment) -> Box:
    segment = scored.segment
    return Box(
        segment.query_start_seconds,
        segment.query_end_seconds,
        segment.reference_start_seconds,
        segment.reference_end_seconds,
        scored.score,
    )
