"""Query videos to codes: decoded ahead in processes of their own; seen straight and mirrored, whole and in panels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from vdup.align.calibration import Calibration
from vdup.align.matcher import QueryTrack
from vdup.config import ModelConfig
from vdup.errors import VideoDecodeError, VideoError
from vdup.movies.maker import MovieMaker
from vdup.movies.movie import MOVIE_FPS
from vdup.movies.picture_track import QUERY_CELLS, PictureTrackMaker
from vdup.movies.storage import PackedMovie
from vdup.pipeline.encoder import Encoder
from vdup.types import CODE_BYTES, MOVIE_VIEW, BoolArray, CodeArray, TimeArray
from vdup.video.damaged_moments import without_damaged
from vdup.video.rate import LEAST_FRAMES
from vdup.video.workers import DecodedVideo, DecoderPool


class CodeSource(Protocol):
    """Where codes come from, such as an open library."""

    @property
    def encoder(self) -> Encoder:
        """Computes the codes."""
        ...

    @property
    def config(self) -> ModelConfig:
        """How frames are sampled and how large they are."""
        ...


@dataclass(frozen=True)
class QueryCodes:
    """One query, ready to be matched."""

    straight: QueryTrack
    mirrored: QueryTrack | None
    """None when mirrored frames are not tried."""
    panels: tuple[QueryTrack, ...] = ()
    """Views of its layout, straight and mirrored; blank wherever the layout has no such view."""

    @property
    def tracks(self) -> tuple[QueryTrack, ...]:
        """All ways in which the query is seen."""
        return (self.straight, *([] if self.mirrored is None else [self.mirrored]), *self.panels)


@dataclass
class _Seen:
    """What came of one view so far."""

    straight: list[CodeArray] = field(default_factory=list)
    mirrored: list[CodeArray] = field(default_factory=list)
    times: list[TimeArray] = field(default_factory=list)
    searchable: list[BoolArray] = field(default_factory=list)
    pictures: PictureTrackMaker = field(default_factory=lambda: PictureTrackMaker(QUERY_CELLS))


def encode_queries(
    library: CodeSource,
    videos: Sequence[tuple[str, Path]],
    calibration: Calibration,
    *,
    mirror: bool,
    panels: bool,
) -> Iterator[tuple[str, QueryCodes | VideoError]]:
    """Codes of every query, in order; the error in place of one that cannot be read.

    Args:
        library: its encoder and sampling are used.
        videos: id and path of each query.
        calibration: its background codes are compared with.
        mirror: also encode everything mirrored.
        panels: also encode the views of the layout; see :mod:`vdup.video.layout`.
    """
    sampling = library.config.sampling
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.query_fps,
        side_pixels=library.config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
        least_frames=LEAST_FRAMES,
        panels=panels,
        movie_fps=MOVIE_FPS,
    ) as pool:
        for (query_id, _), video in zip(videos, pool.videos(path for _, path in videos), strict=True):
            try:
                yield query_id, _encode(library, video, calibration, mirror)
            except VideoError as error:
                yield query_id, error


def _encode(library: CodeSource, video: DecodedVideo, calibration: Calibration, mirror: bool) -> QueryCodes:
    views: dict[int, _Seen] = {}
    film = MovieMaker()
    for batch in video:
        if batch.view == MOVIE_VIEW:
            film.take(batch)
            continue
        seen = views.setdefault(batch.view, _Seen())
        seen.straight.append(library.encoder.encode(batch.images))
        if mirror:
            seen.mirrored.append(library.encoder.encode(batch.images, mirrored=True))
        seen.times.append(batch.times_seconds)
        seen.searchable.append(batch.searchable)
        seen.pictures.take(batch)
    if 0 not in views:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
    times = np.concatenate(views[0].times)
    parts = film.parts()
    movie = PackedMovie(parts, shape=video.info.shape) if parts else None

    def track(view: int, seen: _Seen, is_mirrored: bool) -> QueryTrack:
        found = np.concatenate(seen.mirrored if is_mirrored else seen.straight)
        # One row a sampled frame in every track: the ends of a segment lie half-way between rows.
        rows = np.searchsorted(times, np.concatenate(seen.times))
        codes = np.zeros((len(times), CODE_BYTES), dtype=np.uint8)
        codes[rows] = found
        backgrounds = np.zeros(len(times), dtype=np.float32)
        backgrounds[rows] = calibration.background(found)
        searchable = np.zeros(len(times), dtype=np.bool_)
        searchable[rows] = np.concatenate(seen.searchable)
        searchable = without_damaged(searchable, times, video.damaged_seconds)
        return QueryTrack(
            codes=codes,
            times_seconds=times,
            searchable=searchable,
            backgrounds=backgrounds,
            duration_seconds=video.duration_seconds,
            mirrored=is_mirrored,
            panel=view > 0,
            movie=movie,
            pictures=seen.pictures.track(),
            view=view,
        )

    whole = views.pop(0)
    turns = (False, True) if mirror else (False,)
    return QueryCodes(
        track(0, whole, False),
        track(0, whole, True) if mirror else None,
        tuple(track(view, seen, turn) for view, seen in sorted(views.items()) for turn in turns),
    )
