"""Features of the frames of many videos into a folder; one bad video never stops the rest."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from vdup.errors import VideoError
from vdup.feature_files.own import SUFFIX, SourceStamp
from vdup.pipeline.feature_maker import FeatureMaker
from vdup.video.discover import VIDEO_EXTENSIONS

logger = logging.getLogger(__name__)


class FeatureOutcome(Enum):
    """What became of one video of a run."""

    written = "written"
    current = "current"
    """Its file is there and up to date."""
    failed = "failed"


@dataclass(frozen=True)
class FeatureResult:
    """One video of a run."""

    video_id: str
    outcome: FeatureOutcome
    reason: str = ""
    """Why it failed."""
    seconds: float = 0.0
    """Length of the video when it was decoded in this run."""


Progress = Callable[[FeatureResult, int, int], None]
"""Called after each video with what became of it, how many are done, and how many there are."""


def feature_paths(videos: Sequence[tuple[str, Path]], output: Path) -> list[Path]:
    """The file for each video: its id with the extension replaced, in the same subfolder.

    Videos whose names differ in the extension only keep it in front of that of the file.

    Args:
        videos: id and path of each, as :func:`vdup.video.discover.find_videos` gives them.
        output: folder of the files.
    """
    stems = [_without_extension(video_id) for video_id, _ in videos]
    times_used = Counter(stems)
    names = (video_id if times_used[stem] > 1 else stem for stem, (video_id, _) in zip(stems, videos, strict=True))
    return [output / f"{name}{SUFFIX}" for name in names]


def _without_extension(video_id: str) -> str:
    stem, _, extension = video_id.rpartition(".")
    return stem if extension.lower() in VIDEO_EXTENSIONS else video_id


def make_feature_files(
    maker: FeatureMaker, videos: Sequence[tuple[str, Path]], files: Sequence[Path], progress: Progress | None = None
) -> list[FeatureResult]:
    """Writes the files of features that are missing or not up to date.

    Args:
        maker: makes them.
        videos: id and path of each video.
        files: the file for each, see :func:`feature_paths`.
        progress: called after each video.

    Returns:
        What became of each, in the order in which they were done.

    Raises:
        OutputError: the disk is full or takes no files; what was finished is kept.
    """
    results: list[FeatureResult] = []
    waiting: deque[tuple[str, SourceStamp, Path]] = deque()

    def note(video_id: str, outcome: FeatureOutcome, reason: str = "", seconds: float = 0.0) -> None:
        results.append(FeatureResult(video_id, outcome, reason, seconds))
        if outcome is FeatureOutcome.failed:
            logger.info("%s failed: %s", video_id, reason)
        if progress is not None:
            progress(results[-1], len(results), len(videos))

    def to_decode() -> Iterator[Path]:
        """Taken a little ahead of what is decoded."""
        for (video_id, video), file in zip(videos, files, strict=True):
            try:
                if maker.is_current(file, video):
                    note(video_id, FeatureOutcome.current)
                    continue
                waiting.append((video_id, maker.stamp(video), file))
            except VideoError as error:
                note(video_id, FeatureOutcome.failed, error.reason)
                continue
            yield video

    with maker.pool() as pool:
        for video in pool.videos(to_decode()):
            video_id, source, file = waiting.popleft()
            try:
                seconds = maker.write(video, source, file)
            except VideoError as error:
                note(video_id, FeatureOutcome.failed, error.reason)
            else:
                note(video_id, FeatureOutcome.written, seconds=seconds)
    return results
