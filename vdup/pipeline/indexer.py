"""Videos into a library: decode, encode, store; one bad file never stops the rest."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

import numpy as np

from vdup.catalogue.change import Change, decide
from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.extras import VideoExtras
from vdup.catalogue.records import FileStamp, StoredVideo, VideoRecord, VideoState
from vdup.codes.runs import collapse_runs
from vdup.errors import PictureTooSmallError, VideoDecodeError, VideoError
from vdup.movies.maker import MovieMaker
from vdup.movies.movie import MOVIE_FPS
from vdup.movies.picture_track import STORED_CELLS, STORED_STEP_SECONDS, PictureTrackMaker, pack_picture_track
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import MOVIE_VIEW, BoolArray, CodeArray, FloatArray, TimeArray, VideoCodes, VideoInfo
from vdup.video.damaged_moments import without_damaged
from vdup.video.rate import LEAST_FRAMES
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)

_SAVE_EVERY_VIDEOS = 200
"""The index is written this often. A run that is cut off catches up from the codes, so this only saves it time."""


class Outcome(Enum):
    """What became of one video of a run."""

    indexed = "indexed"
    unchanged = "unchanged"
    skipped = "skipped"
    failed = "failed"


@dataclass(frozen=True)
class IndexedFile:
    """One video of a run."""

    video_id: str
    outcome: Outcome
    reason: str = ""
    """Why it was skipped or failed."""
    seconds: float = 0.0
    """Length of the video when it was indexed in this run."""


Progress = Callable[[IndexedFile, int, int], None]
"""Called after each video with what became of it, how many are done, and how many there are."""


@dataclass
class IndexReport:
    """What became of the videos of a run."""

    files: list[IndexedFile] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Number of videos with an outcome."""
        return sum(file.outcome is outcome for file in self.files)

    @property
    def seconds_indexed(self) -> float:
        """Seconds of video that were decoded and stored."""
        return sum(file.seconds for file in self.files)


def index_videos(
    library: OpenLibrary, videos: Sequence[tuple[str, Path]], progress: Progress | None = None
) -> IndexReport:
    """Adds what is new or changed among videos.

    Args:
        library: where to.
        videos: id and path of each.
        progress: called after each video.

    Returns:
        What became of each.

    Raises:
        LibraryFullError: the disk is full; everything indexed before is kept.
        StoreError: the store of descriptors failed; likewise, and the next opening puts it right.
    """
    report = IndexReport()
    waiting: deque[tuple[str, FileStamp]] = deque()

    def note(file: IndexedFile) -> None:
        report.files.append(file)
        if progress is not None:
            progress(file, len(report.files), len(videos))

    def to_decode() -> Iterator[Path]:
        """Taken a little ahead of what is decoded: files are hashed meanwhile, and not all before the first one."""
        for video_id, path in videos:
            found = _without_decoding(library, video_id, path)
            if isinstance(found, IndexedFile):
                note(found)
            else:
                waiting.append((video_id, found))
                yield path

    sampling = library.config.sampling
    with (
        library.changing(),
        DecoderPool(
            workers=sampling.workers,
            frames_per_second=sampling.library_fps,
            side_pixels=library.config.backbone.image_side_pixels,
            crop_bars=sampling.crop_bars,
            timeout_base_seconds=sampling.timeout_base_seconds,
            timeout_per_second=sampling.timeout_per_second,
            least_frames=LEAST_FRAMES,
            movie_fps=MOVIE_FPS,
        ) as pool,
    ):
        for number, video in enumerate(pool.videos(to_decode()), start=1):
            video_id, stamp = waiting.popleft()
            note(_index_one(library, video_id, stamp, video))
            if number % _SAVE_EVERY_VIDEOS == 0:
                library.save()
    return report


def _without_decoding(library: OpenLibrary, video_id: str, path: Path) -> IndexedFile | FileStamp:
    """What becomes of a video that need not be decoded; of one that must be, the stamp it has before."""
    record = library.folder.catalogue.get(video_id)
    try:
        if decide(record, path) is Change.unchanged and record is not None and not _lacks_vector(library, record):
            stamp = FileStamp.of(path, record.content_hash)
            if stamp != record.file:
                library.folder.touch(record, stamp)
            outcome = Outcome.unchanged if record.state is VideoState.indexed else Outcome.skipped
            return IndexedFile(video_id, outcome, record.reason)
        # Size and time before the content: a file that changes meanwhile is seen as changed by the next run.
        stamp = FileStamp.of(path)
        stamp = replace(stamp, content_hash=hash_content(path))
    except VideoError as error:
        return _failed(library, video_id, FileStamp(path, 0, 0), error)
    return _copy_of_known_content(library, video_id, stamp) or stamp


def _lacks_vector(library: OpenLibrary, record: VideoRecord) -> bool:
    """Whether a video is to be decoded again for the vector of the whole that it has not."""
    whole = library.whole_videos
    if whole is None or not library.config.aggregation.fill_in or record.state is not VideoState.indexed:
        return False
    return library.folder.catalogue.extras.vector(record.number, whole.kind) is None


def _copy_of_known_content(library: OpenLibrary, video_id: str, stamp: FileStamp) -> IndexedFile | None:
    """Stores the codes of another record with the very same content: a moved or doubled file is not decoded again."""
    for twin in library.folder.catalogue.by_content_hash(stamp.content_hash):
        if twin.state is VideoState.indexed and twin.id != video_id and not _lacks_vector(library, twin):
            codes = library.folder.video_codes(twin.number)
            info = VideoInfo(twin.width or 0, twin.height or 0, twin.duration_seconds, twin.codec, 0)
            known = library.folder.catalogue.extras
            extras = VideoExtras(
                _vectors_of(library, twin),
                known.movie_parts(twin.number),
                known.damaged_seconds(twin.number),
                known.picture_track(twin.number),
            )
            _store(library, video_id, stamp, info, codes, twin.frames_sampled, extras)
            return IndexedFile(video_id, Outcome.indexed, f"same content as {twin.id}: its codes were taken over")
    return None


def _vectors_of(library: OpenLibrary, record: VideoRecord) -> dict[str, FloatArray]:
    """The vector of a video by its kind, if it has one."""
    if library.whole_videos is None:
        return {}
    vector = library.folder.catalogue.extras.vector(record.number, library.whole_videos.kind)
    return {} if vector is None else {library.whole_videos.kind: vector}


def _index_one(library: OpenLibrary, video_id: str, stamp: FileStamp, video: DecodedVideo) -> IndexedFile:
    try:
        codes, frames_sampled, extras = _encode(library, video)
        info = video.info
    except PictureTooSmallError as error:
        return _skipped(library, video_id, stamp, error.reason)
    except VideoError as error:
        return _failed(library, video_id, stamp, error)
    if not codes.searchable.any():
        return _skipped(library, video_id, stamp, "it shows nothing but blank frames")
    _store(library, video_id, stamp, info, codes, frames_sampled, extras)
    return IndexedFile(video_id, Outcome.indexed, seconds=codes.duration_seconds)


def _skipped(library: OpenLibrary, video_id: str, stamp: FileStamp, reason: str) -> IndexedFile:
    _forget_old(library, library.folder.record_skipped(video_id, stamp, reason))
    return IndexedFile(video_id, Outcome.skipped, reason)


def _failed(library: OpenLibrary, video_id: str, stamp: FileStamp, error: VideoError) -> IndexedFile:
    logger.debug("%s failed", error.path, exc_info=error)
    _forget_old(library, library.folder.record_failure(video_id, stamp, error.reason))
    return IndexedFile(video_id, Outcome.failed, error.reason)


def _encode(library: OpenLibrary, video: DecodedVideo) -> tuple[VideoCodes, int, VideoExtras]:
    """Codes of a decoded video, runs collapsed; the number of frames they come from; what else is kept.

    Raises:
        VideoError: it cannot be decoded.
    """
    parts: list[tuple[CodeArray, TimeArray, BoolArray]] = []
    film = MovieMaker()
    pictures = PictureTrackMaker(STORED_CELLS, STORED_STEP_SECONDS)
    with library.reading() as average:
        for batch in video:
            if batch.view == MOVIE_VIEW:
                film.take(batch)
                continue
            pictures.take(batch)
            # The images go at once: those of a film would take gigabytes.
            parts.append((library.encoder.encode(batch.images), batch.times_seconds, batch.searchable))
            if average is not None:
                average.take(batch.searchable)
    if not parts:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
    every, times, searchable = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    searchable = without_damaged(searchable, times, video.damaged_seconds)
    codes = collapse_runs(every, times, searchable, video.duration_seconds)
    vectors = {} if average is None else average.vectors
    extras = VideoExtras(vectors, film.parts(), video.damaged_seconds, pack_picture_track(pictures.track()))
    return codes, len(every), extras


def _store(
    library: OpenLibrary,
    video_id: str,
    stamp: FileStamp,
    info: VideoInfo,
    codes: VideoCodes,
    frames_sampled: int,
    extras: VideoExtras,
) -> None:
    stored = library.folder.add_video(
        video_id,
        stamp,
        info,
        codes,
        frames_sampled=frames_sampled,
        representatives=library.lookup.representatives_for(codes, library.folder.catalogue.get(video_id)),
        extras=extras,
    )
    _forget_old(library, stored)
    library.lookup.add(library.folder.rows_of(stored.record))
    library.stretches.add(stored.record.number)


def _forget_old(library: OpenLibrary, stored: StoredVideo) -> None:
    if stored.replaced is not None:
        library.forget(stored.replaced)
