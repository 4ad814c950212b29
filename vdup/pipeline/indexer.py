"""Videos into a library: decode, encode, store; one bad file never stops the rest."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np

from vdup.catalogue.change import Change, decide
from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import FileStamp, StoredVideo, VideoRecord, VideoState
from vdup.codes.runs import collapse_runs
from vdup.errors import VideoDecodeError, VideoError
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import FrameBatch, VideoCodes, VideoInfo
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

    def note(file: IndexedFile) -> None:
        report.files.append(file)
        if progress is not None:
            progress(file, len(report.files), len(videos))

    work: list[tuple[str, Path]] = []
    for video_id, path in videos:
        known = _already_known(library, video_id, path)
        if known is None:
            work.append((video_id, path))
        else:
            note(known)
    if not work:
        return report
    sampling = library.config.sampling
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.library_fps,
        side_pixels=library.config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        decoded = pool.videos(path for _, path in work)
        for number, ((video_id, path), video) in enumerate(zip(work, decoded, strict=True), start=1):
            note(_index_one(library, video_id, path, video))
            if number % _SAVE_EVERY_VIDEOS == 0:
                library.save()
    return report


def _already_known(library: OpenLibrary, video_id: str, path: Path) -> IndexedFile | None:
    """The outcome of a video that need not be decoded; None when it must be."""
    record = library.folder.catalogue.get(video_id)
    try:
        if decide(record, path) is Change.unchanged and record is not None:
            stamp = FileStamp.of(path, record.content_hash)
            if stamp != record.file:
                library.folder.touch(record, stamp)
            outcome = Outcome.unchanged if record.state is VideoState.indexed else Outcome.skipped
            return IndexedFile(video_id, outcome, record.reason)
        content = hash_content(path)
    except VideoError as error:
        stamp = FileStamp(path, 0, 0)
        _forget_old(library, library.folder.record_failure(video_id, stamp, error.reason))
        return IndexedFile(video_id, Outcome.failed, error.reason)
    return _copy_of_known_content(library, video_id, path, content)


def _copy_of_known_content(library: OpenLibrary, video_id: str, path: Path, content: str) -> IndexedFile | None:
    """Stores the codes of another record with the very same content: a moved or doubled file is not decoded again."""
    for twin in library.folder.catalogue.by_content_hash(content):
        if twin.state is VideoState.indexed and twin.id != video_id:
            codes = library.folder.video_codes(twin.number)
            copied = VideoCodes(
                codes=np.array(codes.codes),
                starts_seconds=codes.starts_seconds,
                ends_seconds=codes.ends_seconds,
                searchable=codes.searchable,
                duration_seconds=codes.duration_seconds,
            )
            info = VideoInfo(twin.width or 0, twin.height or 0, twin.duration_seconds, twin.codec, 0)
            _store(library, video_id, FileStamp.of(path, content), info, copied, twin.frames_sampled)
            return IndexedFile(video_id, Outcome.indexed, f"same content as {twin.id}: its codes were taken over")
    return None


def _index_one(library: OpenLibrary, video_id: str, path: Path, video: DecodedVideo) -> IndexedFile:
    stamp = FileStamp(path, 0, 0)
    try:
        # Stamp first: a file that changes while it is read is seen as changed by the next run.
        stamp = FileStamp.of(path, hash_content(path))
        codes, frames_sampled = encode_video(library, video, mirrored=False)
        info = video.info
    except VideoError as error:
        logger.debug("%s failed", path, exc_info=True)
        _forget_old(library, library.folder.record_failure(video_id, stamp, error.reason))
        return IndexedFile(video_id, Outcome.failed, error.reason)
    if not codes.searchable.any():
        reason = "it shows nothing but blank frames"
        _forget_old(library, library.folder.record_skipped(video_id, stamp, reason))
        return IndexedFile(video_id, Outcome.skipped, reason)
    _store(library, video_id, stamp, info, codes, frames_sampled)
    return IndexedFile(video_id, Outcome.indexed, seconds=codes.duration_seconds)


def encode_video(library: OpenLibrary, video: DecodedVideo, *, mirrored: bool) -> tuple[VideoCodes, int]:
    """Codes of a decoded video, runs collapsed, and the number of frames they come from.

    Raises:
        VideoError: it cannot be decoded.
    """
    parts = [(library.encoder.encode(batch.images, mirrored), batch) for batch in _nonempty(video)]
    if not parts:
        raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
    codes = collapse_runs(
        np.concatenate([part for part, _ in parts]),
        np.concatenate([batch.times_seconds for _, batch in parts]),
        np.concatenate([batch.searchable for _, batch in parts]),
        video.duration_seconds,
    )
    return codes, sum(len(part) for part, _ in parts)


def _nonempty(video: DecodedVideo) -> Iterator[FrameBatch]:
    return (batch for batch in video if len(batch))


def _store(
    library: OpenLibrary, video_id: str, stamp: FileStamp, info: VideoInfo, codes: VideoCodes, frames_sampled: int
) -> VideoRecord:
    stored = library.folder.add_video(
        video_id,
        stamp,
        info,
        codes,
        frames_sampled=frames_sampled,
        representatives=library.lookup.representatives_for(codes, library.folder.catalogue.get(video_id)),
    )
    _forget_old(library, stored)
    library.lookup.add(library.folder.rows_of(stored.record))
    library.store.upsert([library.describe(stored.record.number)])
    return stored.record


def _forget_old(library: OpenLibrary, stored: StoredVideo) -> None:
    if stored.replaced is not None:
        library.forget([stored.replaced])
