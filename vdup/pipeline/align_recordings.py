"""Two files to an alignment: decode, compute features, lay one over the other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vdup.config import AlignJobConfig
from vdup.errors import ConfigError, FeatureFileError, VideoDecodeError
from vdup.feature_files.read import is_feature_file, read_features
from vdup.features.extractor import FrameExtractor
from vdup.pipeline.feature_maker import build_frame_extractor
from vdup.temporal.recordings import Alignment, align_recordings
from vdup.types import FrameFeatures
from vdup.video.workers import DecodedVideo, DecoderPool

Progress = Callable[[int, int], None]
"""Called with the seconds of video that are done, and how many there are as far as is known."""


def align_files(config: AlignJobConfig, progress: Progress | None = None) -> Alignment | None:
    """The alignment of two files; None when nothing in them can be compared.

    Args:
        config: files and settings.
        progress: called now and then while videos are read.

    Raises:
        ConfigError: their features differ in width; the device is unknown or absent.
        VideoError: a file cannot be read.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    a, b = read_recordings(config, progress)
    if a.features.shape[1] != b.features.shape[1]:
        raise ConfigError(
            f"a={config.a} has features of {a.features.shape[1]} numbers and b={config.b} of {b.features.shape[1]}: "
            "make both with the same backbone and whitening"
        )
    return align_recordings(
        a,
        b,
        min_speed=config.min_speed,
        max_speed=config.max_speed,
        min_overlap_seconds=config.min_overlap_seconds,
    )


def read_recordings(config: AlignJobConfig, progress: Progress | None = None) -> tuple[FrameFeatures, FrameFeatures]:
    """Features of both files. Blank frames are rows of zeros; files of features are taken as they are.

    Raises:
        VideoError: a file cannot be read.
    """
    paths = (config.a, config.b)
    known = {path: _from_file(path, config.file_fps) for path in paths if is_feature_file(path)}
    videos = [path for path in dict.fromkeys(paths) if path not in known]
    if videos:
        extractor = build_frame_extractor(config)
        reader = _Reader(extractor, progress)
        with DecoderPool(
            workers=config.sampling.workers,
            frames_per_second=config.fps,
            side_pixels=config.backbone.image_side_pixels,
            crop_bars=config.sampling.crop_bars,
            timeout_base_seconds=config.sampling.timeout_base_seconds,
            timeout_per_second=config.sampling.timeout_per_second,
        ) as pool:
            known |= {video.path: reader.read(video) for video in pool.videos(videos)}
    return known[config.a], known[config.b]


class _Reader:
    """Computes features video by video and tells how far it is."""

    def __init__(self, extractor: FrameExtractor, progress: Progress | None) -> None:
        self._extractor = extractor
        self._progress = progress
        self._seconds_before = 0.0

    def read(self, video: DecodedVideo) -> FrameFeatures:
        features, times = [], []
        for batch in video:
            rows = self._extractor.extract(batch.images)
            rows[~batch.searchable] = 0.0
            features.append(rows)
            times.append(batch.times_seconds)
            length = video.info.duration_seconds or float(batch.times_seconds[-1])
            self._tell(float(batch.times_seconds[-1]), length)
        if not features:
            raise VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")
        self._seconds_before += video.duration_seconds
        return FrameFeatures(np.concatenate(features), np.concatenate(times), video.duration_seconds)

    def _tell(self, done_seconds: float, total_seconds: float) -> None:
        if self._progress is not None:
            total = self._seconds_before + max(total_seconds, done_seconds)
            self._progress(round(self._seconds_before + done_seconds), round(total))


def _from_file(path: Path, frames_per_second: float) -> FrameFeatures:
    video = read_features(path, frames_per_second)
    if video.features.ndim != 2:
        raise FeatureFileError(
            path, f"it holds {video.features.shape[1]} regions a frame; alignment takes one vector a frame"
        )
    return video
