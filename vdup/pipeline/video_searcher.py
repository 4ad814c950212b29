"""Query videos against the vectors of whole videos: the nearest ones, and whether they are near-duplicates."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdup.config import WholeVideoConfig
from vdup.errors import LibraryError, VideoDecodeError, VideoError
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.thresholds import stored_threshold
from vdup.pipeline.whole_videos import WholeVideos
from vdup.types import FloatArray
from vdup.video.rate import LEAST_FRAMES
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoMatch:
    """A stored video near a query as a whole."""

    query_id: str
    reference_id: str
    similarity: float
    """Cosine, -1 to 1."""
    is_near_duplicate: bool
    """The similarity is at or above the threshold."""
    query_share: float | None = None
    """Part of the query that stretches of the stored video cover, 0 to 1; none when it was not looked for."""
    reference_share: float | None = None
    """Part of the stored video that stretches of the query cover, 0 to 1."""


@dataclass(frozen=True)
class VideoSearchResult:
    """What was found for one query."""

    query_id: str
    matches: tuple[VideoMatch, ...]
    """Nearest first."""
    error: VideoError | None = None
    """Why the query could not be searched for."""
    seconds: float = 0.0
    """Length of the query."""


Progress = Callable[[VideoSearchResult, int, int], None]
"""Called after each query with its result, how many are done, and how many there are."""


def whole_videos_of(library: OpenLibrary) -> WholeVideos:
    """The vectors of the library's videos.

    Raises:
        LibraryError: none are kept, as ``aggregation=none`` says.
    """
    if library.whole_videos is None:
        raise LibraryError(
            f"{library.folder.path}: aggregation=none keeps no vectors of whole videos; leave that setting out, and "
            "index with aggregation.fill_in=true for videos that have none yet"
        )
    return library.whole_videos


def threshold_of(library: OpenLibrary, config: WholeVideoConfig) -> float:
    """The similarity from which on videos count as near-duplicates: given, stored in the library, or of the weights.

    Raises:
        LibraryError: the library keeps no vectors.
        WeightsError: the weights of the aggregation cannot be used.
    """
    if config.threshold is not None:
        return config.threshold
    aggregator = whole_videos_of(library).reader.aggregator
    stored = stored_threshold(library.folder.catalogue, aggregator.digest)
    return aggregator.threshold if stored is None else stored.threshold


def _is_a_guess(library: OpenLibrary, config: WholeVideoConfig) -> bool:
    """The threshold is neither given nor of this library nor of a training."""
    aggregator = whole_videos_of(library).reader.aggregator
    if config.threshold is not None or aggregator.is_threshold_trained:
        return False
    return stored_threshold(library.folder.catalogue, aggregator.digest) is None


def search_whole_videos(
    library: OpenLibrary,
    videos: Sequence[tuple[str, Path]],
    config: WholeVideoConfig,
    progress: Progress | None = None,
) -> list[VideoSearchResult]:
    """Finds the videos that are nearest as a whole.

    Args:
        library: where to look.
        videos: id and path of each query.
        config: settings of the search.
        progress: called after each query.

    Returns:
        One result a query, in order; a query that cannot be read has an error instead of matches, and one that shows
        nothing but blank frames has neither.

    Raises:
        LibraryError: the library keeps no vectors.
        StoreError: the store failed.
        WeightsError: the weights of the aggregation cannot be used.
    """
    whole = whole_videos_of(library)
    threshold = threshold_of(library, config)
    if _is_a_guess(library, config):
        logger.warning(
            "similarity %.2f as the least of near-duplicates suits some libraries only; find one for this library "
            "with python -m vdup.calibrate, or give whole_video.threshold",
            threshold,
        )
    results: list[VideoSearchResult] = []
    sampling = library.config.sampling
    with DecoderPool(
        workers=sampling.workers,
        # As the library was sampled: a mean of more frames is hardly another one.
        frames_per_second=sampling.library_fps,
        side_pixels=library.config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
        least_frames=LEAST_FRAMES,
    ) as pool:
        for (query_id, _), video in zip(videos, pool.videos(path for _, path in videos), strict=True):
            try:
                vector = vector_of_video(library, video)
            except VideoError as error:
                results.append(VideoSearchResult(query_id, (), error))
            else:
                hits = whole.search(vector[None], config.nearest)[0]
                found = []
                for hit in hits:
                    record = library.folder.catalogue.by_number(hit.video_number)
                    if record is not None:
                        near = hit.similarity >= threshold
                        found.append(VideoMatch(query_id, record.id, hit.similarity, near))
                results.append(VideoSearchResult(query_id, tuple(found), seconds=video.duration_seconds))
            if progress is not None:
                progress(results[-1], len(results), len(videos))
    return results


def vector_of_video(library: OpenLibrary, video: DecodedVideo) -> FloatArray:
    """Vector of a video that is being decoded, float32 [D]; zeros when all of its frames are blank.

    Raises:
        VideoError: it cannot be decoded.
        WeightsError: the weights of the aggregation cannot be used.
    """
    reader = whole_videos_of(library).reader
    frames = 0
    with reader.reading() as average:
        for batch in video:
            library.encoder.encode(batch.images)
            average.take(batch.searchable)
            frames += len(batch)
    if not frames:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
    kept = average.vectors.get(reader.aggregator.kept)
    if kept is None:
        return np.zeros(reader.aggregator.dimensions, dtype=np.float32)
    vector: FloatArray = reader.aggregator.vectors(kept[None])[0]
    return vector
