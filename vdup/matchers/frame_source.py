"""Features of the frames of a video, from wherever they come: a file of them, the video itself, or a cache."""

import hashlib
import json
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from vdup.datasets.base import VideoFile
from vdup.errors import FeatureFileError, VideoOpenError
from vdup.feature_files.own import SUFFIX, read_own_features
from vdup.feature_files.read import is_feature_file, read_features
from vdup.pipeline.feature_maker import FeatureMaker
from vdup.types import FrameFeatures
from vdup.video.workers import DecodedVideo, DecoderPool


class FrameSource:
    """Reads features of frames.

    The network is built, and a decoding process started, when the first video is decoded: files of features need
    neither. The process ends with this object.
    """

    def __init__(self, build_maker: Callable[[], FeatureMaker], file_fps: float, cache: Path | None = None) -> None:
        """Sets it up.

        Args:
            build_maker: makes what computes features.
            file_fps: frames a second of feature files that do not say it.
            cache: folder in which features of videos are kept for the next time; none: they are not kept.
        """
        self._build_maker = build_maker
        self._file_fps = file_fps
        self._cache = cache
        self._shape: tuple[int, ...] | None = None
        """Of the features of one frame, as the first video had them."""

    def read(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> FrameFeatures:
        """Features of a video.

        Args:
            video: it must be there.
            span_seconds: only frames from the first moment on and before the second; times and length stay those of
                the whole video.

        Returns:
            One frame or more.

        Raises:
            VideoError: the video, or the file of its features, cannot be read, has no frame in the span, or has
                features of another length than the videos before.
            WeightsError: the network cannot be built.
            OutputError: the cache cannot be written.
        """
        path = video.path
        if path is None:
            raise VideoOpenError(video.id, "it is missing")
        if is_feature_file(path):
            found = read_features(path, self._file_fps)
        else:
            # A folder of images has no content by which its features could be known again.
            cache = None if path.is_dir() else self._cache
            found = self._computed(path) if cache is None else self._cached(path, cache)
        shape = found.features.shape[1:]
        self._shape = self._shape or shape
        if shape != self._shape:
            raise FeatureFileError(
                path, f"a frame has {list(shape)} numbers, in other files {list(self._shape)}; make all files alike"
            )
        if span_seconds is not None:
            start, end = span_seconds
            inside = (found.times_seconds >= start) & (found.times_seconds < end)
            found = replace(found, features=found.features[inside], times_seconds=found.times_seconds[inside])
        if not len(found):
            where = "" if span_seconds is None else f" between {span_seconds[0]:g} s and {span_seconds[1]:g} s"
            raise FeatureFileError(path, f"there is no frame{where}")
        return found

    @cached_property
    def _maker(self) -> FeatureMaker:
        return self._build_maker()

    @cached_property
    def _pool(self) -> DecoderPool:
        pool = self._maker.pool(workers=1)
        weakref.finalize(self, pool.close)
        return pool

    @contextmanager
    def _decoded(self, path: Path) -> Iterator[DecodedVideo]:
        # Closed, so that the pool takes the next video even while an error of this one is being handled.
        with closing(self._pool.videos([path])) as videos:
            yield next(videos)

    def _computed(self, path: Path) -> FrameFeatures:
        with self._decoded(path) as video:
            return self._maker.compute(video)

    def _cached(self, path: Path, cache: Path) -> FrameFeatures:
        # A folder for each choice of settings: runs with different ones would overwrite each other's files.
        settings = hashlib.sha256(json.dumps(self._maker.settings, sort_keys=True).encode()).hexdigest()
        name = hashlib.sha256(os.path.realpath(path).encode(errors="surrogateescape")).hexdigest()
        file = cache / settings[:16] / f"{name[:32]}{SUFFIX}"
        if not self._maker.is_current(file, path):
            source = self._maker.stamp(path)
            with self._decoded(path) as video:
                self._maker.write(video, source, file)
        return read_own_features(file)
