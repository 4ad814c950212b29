"""Features of the frames of one video into a file: decode, extract, store."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import FileStamp
from vdup.config import (
    EfficientNetLiteConfig,
    ExtractorConfig,
    NoWhiteningConfig,
    PCAWhiteningConfig,
    RMACConfig,
    SamplingConfig,
    SSCDConfig,
)
from vdup.errors import FeatureFileError, VideoDecodeError
from vdup.feature_files.own import FeatureHeader, FeatureWriter, Setting, SourceStamp, read_header
from vdup.features.extractor import FrameExtractor, build_extractor
from vdup.types import FloatArray, FrameFeatures
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)


class ImageExtractor(Protocol):
    """Computes a vector for every image, or one for every region of it."""

    @property
    def fingerprint(self) -> Mapping[str, Setting]:
        """Everything that shapes a vector."""
        ...

    def extract(self, images: NDArray[np.uint8]) -> FloatArray:
        """Float32 [N, d] or [N, R, d] of RGB images, uint8 [N, S, S, 3]."""
        ...


class FeatureMaker:
    """Computes features of the frames of videos and keeps them in files of :mod:`vdup.feature_files.own`."""

    def __init__(
        self, extractor: ImageExtractor, *, fps: float, side_pixels: int, sampling: SamplingConfig, half: bool = False
    ) -> None:
        """Joins the parts.

        Args:
            extractor: computes the vectors.
            fps: frames a second; the rates of ``sampling`` are not used.
            side_pixels: width and height of the images that the extractor takes.
            sampling: how frames are prepared, and limits of decoding.
            half: store float16.
        """
        self._extractor = extractor
        self._fps = fps
        self._side_pixels = side_pixels
        self._sampling = sampling
        self._half = half
        self.settings: dict[str, Setting] = {
            **{f"features.{name}": value for name, value in extractor.fingerprint.items()},
            "sampling.fps": fps,
            "sampling.crop_bars": sampling.crop_bars,
            "stored_as": "float16" if half else "float32",
        }
        """Everything that shapes a file, dotted name -> value."""

    def pool(self, workers: int | None = None) -> DecoderPool:
        """A pool that decodes for :meth:`write`; its processes start with the first video.

        Args:
            workers: decoding processes; none: as many as the settings say.
        """
        return DecoderPool(
            workers=self._sampling.workers if workers is None else workers,
            frames_per_second=self._fps,
            side_pixels=self._side_pixels,
            crop_bars=self._sampling.crop_bars,
            timeout_base_seconds=self._sampling.timeout_base_seconds,
            timeout_per_second=self._sampling.timeout_per_second,
        )

    def is_current(self, file: Path, video: Path) -> bool:
        """Whether a file holds the features of a video as it is now, made with these settings.

        The content of the video is read only when its time of change differs and its size does not.

        Raises:
            VideoError: the video cannot be looked at.
        """
        stamp = FileStamp.of(video)
        if not file.exists():
            return False
        try:
            header = read_header(file)
        except FeatureFileError as error:
            logger.warning("%s; made anew", error)
            return False
        source = header.source
        if header.settings != self.settings or stamp.size_bytes != source.size_bytes:
            return False
        return stamp.modified_ns == source.modified_ns or hash_content(video) == source.content_hash

    def stamp(self, video: Path) -> SourceStamp:
        """Tells this version of a video from others; taken before it is decoded.

        Raises:
            VideoError: the video cannot be read.
        """
        stamp = FileStamp.of(video)
        return SourceStamp(video.name, stamp.size_bytes, stamp.modified_ns, hash_content(video))

    def compute(self, video: DecodedVideo) -> FrameFeatures:
        """Features of a video in memory, which :meth:`write` does without.

        Args:
            video: from :meth:`pool`.

        Raises:
            VideoError: the video cannot be decoded.
        """
        parts = [(self._extractor.extract(batch.images), batch.times_seconds) for batch in video]
        if not parts:
            raise _no_frame(video)
        features = np.concatenate([part for part, _ in parts])
        # As if they had been read from the file.
        rounded = features.astype(np.float16).astype(np.float32) if self._half else features
        return FrameFeatures(rounded, np.concatenate([times for _, times in parts]), video.duration_seconds)

    def write(self, video: DecodedVideo, source: SourceStamp, file: Path) -> float:
        """Writes the file of a video, block by block as it is decoded.

        Args:
            video: from :meth:`pool`.
            source: from :meth:`stamp`.
            file: what to write.

        Returns:
            Length of the video in seconds.

        Raises:
            VideoError: the video cannot be decoded; nothing was written.
            OutputError: the file cannot be written.
        """
        with FeatureWriter(file, half=self._half) as writer:
            frames = 0
            for batch in video:
                writer.add(self._extractor.extract(batch.images), batch.times_seconds)
                frames += len(batch)
            if frames == 0:
                raise _no_frame(video)
            writer.finish(FeatureHeader(self.settings, self._fps, video.duration_seconds, source))
        return video.duration_seconds


def _no_frame(video: DecodedVideo) -> VideoDecodeError:
    return VideoDecodeError(video.path, "no frame could be decoded; check that the file plays")


def build_feature_maker(model: ExtractorConfig, fps: float, *, half: bool = False) -> FeatureMaker:
    """A maker of the features that the settings choose; see :func:`build_frame_extractor` for what it raises."""
    return FeatureMaker(
        build_frame_extractor(model),
        fps=fps,
        side_pixels=model.backbone.image_side_pixels,
        sampling=model.sampling,
        half=half,
    )


def build_frame_extractor(model: ExtractorConfig) -> FrameExtractor:
    """The extractor that the settings choose; without whitening where none was named and none comes with vdup.

    Raises:
        ConfigError: the device is unknown or absent.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    match model.backbone:
        case EfficientNetLiteConfig(size=0):
            ships = model.pooling == RMACConfig()
        case other:
            ships = isinstance(other, SSCDConfig)  # which has its own pooling and projection
    if model.whitening == PCAWhiteningConfig() and not ships:
        logger.warning(
            "no whitening comes with vdup for this backbone and pooling: features are made without; to fit one, run "
            "python -m vdup.train +experiment=pca and pass its file as whitening.weights=FILE"
        )
        model = replace(model, whitening=NoWhiteningConfig())
    return build_extractor(model)
