"""Edited excerpts of a library's own videos, as queries: their truth is known.

A video is decoded once, at the rate of small grey movies; only the frames of the excerpts are kept.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.align.calibration import Calibration
from vdup.align.matcher import QueryTrack
from vdup.catalogue.records import VideoRecord
from vdup.errors import VideoError
from vdup.movies.maker import MovieMaker
from vdup.movies.movie import MOVIE_FPS
from vdup.movies.storage import PackedMovie
from vdup.pipeline.generated_copies import Images, edited_frames, mildest_copy
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import MOVIE_VIEW, CodeArray, FrameBatch
from vdup.video.blank import is_blank
from vdup.video.movie_ticks import ticks_between
from vdup.video.scaling import shrink
from vdup.video.ticks import first_tick_at
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)

SHORTEST_SECONDS = 4.0
LONGEST_SECONDS = 12.0
"""Of an excerpt; of shorter videos none are made."""

_ENCODED_AT_ONCE = 32
_WORTH_SKIPPING_SECONDS = 60.0
"""A video is left early where so much is left of it: its decoding process ends with it, and a new one must start."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a video of the library, as sampled frames."""

    record: VideoRecord
    start_seconds: float
    end_seconds: float
    frames: Images
    """What is on screen at evenly spaced moments, uint8 [N, S, S, 3]."""
    seed: tuple[int, ...]
    """Of what is drawn for its copies."""


class ExcerptMaker:
    """Cuts excerpts out of videos and makes queries of them."""

    def __init__(self, library: OpenLibrary, calibration: Calibration, *, mirror: bool) -> None:
        """Takes the library whose encoder and sampling are used.

        Args:
            library: its files must still be where they were.
            calibration: its background codes are compared with.
            mirror: look at queries mirrored, too.
        """
        self._library = library
        self._calibration = calibration
        self._mirror = mirror
        query_fps = library.config.sampling.query_fps
        # As in a real query: so many grey pictures for each frame that gets a code.
        self._ticks = ticks_between(query_fps, MOVIE_FPS)
        self._rate = query_fps * self._ticks

    def excerpts(self, records: Sequence[VideoRecord], copies: int, seed: int) -> Iterator[list[Excerpt]]:
        """Excerpts of each video, in order; none of one that cannot be read, is too short or shows nothing.

        Args:
            records: videos of the library.
            copies: excerpts of each.
            seed: of places, lengths and edits.
        """
        with self._pool() as pool:
            for record, video in zip(records, pool.videos(record.path for record in records), strict=True):
                spans = self._spans(record, copies, seed)
                try:
                    windows = _windows(video, spans, self._rate, record.duration_seconds or 0.0)
                except VideoError as error:
                    logger.warning("no excerpts of %s: %s", error.path, error.reason)
                    windows = []
                yield [
                    Excerpt(record, first / self._rate, end / self._rate, frames, (seed, record.number, copy))
                    for copy, ((first, end), frames) in enumerate(zip(spans, windows, strict=False))
                    if not all(map(is_blank, frames))
                ]

    def edited(self, excerpt: Excerpt) -> list[QueryTrack]:
        """The excerpt as a query, edited as uploaders do; as the same excerpt always is."""
        return self._tracks(edited_frames(excerpt.frames, np.random.default_rng(excerpt.seed)))

    def mildest(self, excerpt: Excerpt) -> list[QueryTrack]:
        """The excerpt as a query, hardly changed."""
        return self._tracks(mildest_copy(excerpt.frames, np.random.default_rng(excerpt.seed)))

    def _spans(self, record: VideoRecord, copies: int, seed: int) -> list[tuple[int, int]]:
        """First tick of each excerpt and the one after its last."""
        rng = np.random.default_rng((seed, record.number))
        ticks = int((record.duration_seconds or 0.0) * self._rate)
        shortest = int(np.ceil(SHORTEST_SECONDS * self._rate))
        if ticks < shortest:
            return []
        spans = []
        for _ in range(copies):
            count = int(rng.integers(shortest, min(ticks, int(LONGEST_SECONDS * self._rate)) + 1))
            first = int(rng.integers(0, ticks - count + 1))
            spans.append((first, first + count))
        return spans

    def _tracks(self, frames: Images) -> list[QueryTrack]:
        """Straight and mirrored, with the movie of all frames and the codes of every so-manieth."""
        shown = frames[:: self._ticks]
        sampled = self._rate / self._ticks
        times = np.arange(len(shown)) / sampled
        searchable = np.array([not is_blank(frame) for frame in shown], dtype=np.bool_)
        film = MovieMaker()
        small = np.stack([shrink(frame)[:, :, None] for frame in frames])
        moments = np.arange(len(frames)) / self._rate
        film.take(FrameBatch(small, moments, np.ones(len(frames), dtype=np.bool_), MOVIE_VIEW))
        movie = PackedMovie(film.parts())
        tracks = []
        for mirrored in (False, True) if self._mirror else (False,):
            codes = self._codes(shown, mirrored)
            tracks.append(
                QueryTrack(
                    codes=codes,
                    times_seconds=times,
                    searchable=searchable,
                    backgrounds=self._calibration.background(codes),
                    duration_seconds=len(frames) / self._rate,
                    mirrored=mirrored,
                    movie=movie,
                )
            )
        return tracks

    def _codes(self, frames: Images, mirrored: bool) -> CodeArray:
        encode = self._library.encoder.encode
        firsts = range(0, len(frames), _ENCODED_AT_ONCE)
        return np.concatenate([encode(frames[first : first + _ENCODED_AT_ONCE], mirrored) for first in firsts])

    def _pool(self) -> DecoderPool:
        sampling = self._library.config.sampling
        return DecoderPool(
            workers=sampling.workers,
            frames_per_second=self._rate,
            side_pixels=self._library.config.backbone.image_side_pixels,
            crop_bars=sampling.crop_bars,
            timeout_base_seconds=sampling.timeout_base_seconds,
            timeout_per_second=sampling.timeout_per_second,
        )


def _windows(
    video: DecodedVideo, spans: Sequence[tuple[int, int]], rate: float, duration_seconds: float
) -> list[Images]:
    """What is on screen at the ticks of each span; where the video ends earlier, its last frame stays.

    Raises:
        VideoError: the video cannot be read.
    """
    found: list[list[NDArray[np.uint8]]] = [[] for _ in spans]
    end = max((last for _, last in spans), default=0)

    def show(image: NDArray[np.uint8], first: int, following: int) -> None:
        for (start, stop), frames in zip(spans, found, strict=True):
            frames += [image] * max(0, min(following, stop) - max(first, start))

    held: tuple[NDArray[np.uint8], int] | None = None
    if spans:
        for batch in video:
            for image, time_seconds in zip(batch.images, batch.times_seconds.tolist(), strict=True):
                tick = first_tick_at(time_seconds, rate)
                if held is not None:
                    show(*held, tick)
                # A copy, or the whole batch would stay in memory.
                held = image.copy(), tick
            if held is not None and end <= held[1] < (duration_seconds - _WORTH_SKIPPING_SECONDS) * rate:
                break
    if held is None:
        return []
    show(*held, max(end, held[1]))
    return [np.stack(frames) for frames in found]
