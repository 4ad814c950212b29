"""Features that move through time as those of videos do, and a source that gives them without any file."""

from pathlib import Path

import numpy as np

from vdup.datasets.base import VideoFile
from vdup.errors import VideoOpenError
from vdup.types import FrameFeatures

DIMENSIONS = 32


def world(seed: int, seconds: float, fps: float) -> FrameFeatures:
    """A recording: unit vectors that drift, a new direction every half second."""
    random = np.random.default_rng(seed)
    anchors = random.standard_normal((int(2 * seconds) + 3, DIMENSIONS))
    times = np.arange(round(seconds * fps)) / fps
    places, parts = np.divmod(2 * times, 1.0)
    rows = places.astype(np.int64)
    mixed = anchors[rows] * (1 - parts[:, None]) + anchors[rows + 1] * parts[:, None]
    features = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    return FrameFeatures(features, times, seconds)


def excerpt(recording: FrameFeatures, start_seconds: float, seconds: float, noise: float = 0.0) -> FrameFeatures:
    """A stretch of a recording as a video of its own."""
    times = recording.times_seconds
    inside = (times >= start_seconds - 1e-9) & (times < start_seconds + seconds - 1e-9)
    features = recording.features[inside]
    features = features + noise * np.random.default_rng(7).standard_normal(features.shape).astype(np.float32)
    return FrameFeatures(features.astype(np.float32), times[inside] - start_seconds, seconds)


class MadeSource:
    """Stands in for :class:`vdup.matchers.frame_source.FrameSource`."""

    def __init__(self, **videos: FrameFeatures) -> None:
        self._videos = videos

    def read(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> FrameFeatures:
        if video.id not in self._videos:
            raise VideoOpenError(video.id, "there is no such video")
        found = self._videos[video.id]
        if span_seconds is None:
            return found
        inside = (found.times_seconds >= span_seconds[0]) & (found.times_seconds < span_seconds[1])
        return FrameFeatures(found.features[inside], found.times_seconds[inside], found.duration_seconds)


def named(name: str) -> VideoFile:
    return VideoFile(name, Path(name))
