"""Query videos to codes: decoded ahead in processes of their own, seen straight and mirrored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdup.align.calibration import Calibration
from vdup.align.matcher import QueryTrack
from vdup.errors import VideoDecodeError, VideoError
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import CodeArray
from vdup.video.workers import DecodedVideo, DecoderPool


@dataclass(frozen=True)
class QueryCodes:
    """One query, ready to be matched."""

    straight: QueryTrack
    mirrored: QueryTrack | None
    """None when mirrored frames are not tried."""


def encode_queries(
    library: OpenLibrary, videos: Sequence[tuple[str, Path]], calibration: Calibration, mirror: bool
) -> Iterator[tuple[str, QueryCodes | VideoError]]:
    """Codes of every query, in order; the error in place of one that cannot be read.

    Args:
        library: its encoder and sampling are used.
        videos: id and path of each query.
        calibration: its background codes are compared with.
        mirror: also encode every frame mirrored.
    """
    sampling = library.config.sampling
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.query_fps,
        side_pixels=library.config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        for (query_id, _), video in zip(videos, pool.videos(path for _, path in videos), strict=True):
            try:
                yield query_id, _encode(library, video, calibration, mirror)
            except VideoError as error:
                yield query_id, error


def _encode(library: OpenLibrary, video: DecodedVideo, calibration: Calibration, mirror: bool) -> QueryCodes:
    straight: list[CodeArray] = []
    mirrored: list[CodeArray] = []
    times, searchable = [], []
    for batch in video:
        straight.append(library.encoder.encode(batch.images))
        if mirror:
            mirrored.append(library.encoder.encode(batch.images, mirrored=True))
        times.append(batch.times_seconds)
        searchable.append(batch.searchable)
    if not times:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")

    def track(parts: list[CodeArray], is_mirrored: bool) -> QueryTrack:
        codes = np.concatenate(parts)
        return QueryTrack(
            codes=codes,
            times_seconds=np.concatenate(times),
            searchable=np.concatenate(searchable),
            backgrounds=calibration.background(codes),
            duration_seconds=video.duration_seconds,
            mirrored=is_mirrored,
        )

    return QueryCodes(track(straight, False), track(mirrored, True) if mirror else None)
