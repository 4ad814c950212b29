"""From the settings to the method that compares two videos."""

from pathlib import Path
from typing import Any

from vdup.config import (
    CTEMatcherConfig,
    FrameMatcherConfig,
    LAMVMatcherConfig,
    MatcherConfig,
    ModelConfig,
    PairMatcherConfig,
    TMKMatcherConfig,
    ViSiLMatcherConfig,
)
from vdup.matchers.base import PairMatcher
from vdup.matchers.circulant_matcher import CirculantMatcher
from vdup.matchers.frame_source import FrameSource
from vdup.matchers.kernel_matcher import KernelMatcher
from vdup.matchers.stream_matcher import StreamMatcher
from vdup.matchers.visil_matcher import ViSiLMatcher
from vdup.pipeline.feature_maker import FeatureMaker, build_feature_maker
from vdup.temporal import LAMV, TMK
from vdup.visil.build import build_visil


def build_matcher(config: PairMatcherConfig, model: ModelConfig, cache: Path | None = None) -> PairMatcher[Any]:
    """Builds the method that the settings choose.

    Args:
        config: option of the matcher group.
        model: how features or codes of frames are made.
        cache: folder in which features of the frames of videos are kept for the next time; none: they are computed
            each time a video is prepared. Codes of ``matcher=vdup`` are not kept.

    Raises:
        ConfigError: settings contradict one another.
        WeightsError: weights are missing, damaged, or do not fit one another; some methods load theirs later, with the
            first video.
    """
    match config:
        case MatcherConfig():
            return StreamMatcher(config, model)
        case TMKMatcherConfig():
            return KernelMatcher(lambda: _tmk(config), _frames(config, model, cache), config.fps)
        case LAMVMatcherConfig():
            return KernelMatcher(lambda: LAMV.load(config.weights), _frames(config, model, cache), config.fps)
        case CTEMatcherConfig():
            source = _frames(config, model, cache)
            return CirculantMatcher(source, m=config.m, lmbda=config.lmbda, fps=config.fps)
        case ViSiLMatcherConfig():
            return _visil(config, model, cache)
    raise TypeError(f"no method is known for {type(config).__name__}")


def _tmk(config: TMKMatcherConfig) -> TMK:
    return TMK(config.periods, config.m, config.normalization.value, config.beta)


def _frames(config: FrameMatcherConfig, model: ModelConfig, cache: Path | None) -> FrameSource:
    return FrameSource(lambda: build_feature_maker(model, config.fps), config.file_fps, cache)


def _visil(config: ViSiLMatcherConfig, model: ModelConfig, cache: Path | None) -> ViSiLMatcher:
    extractor, visil = build_visil(model, config)
    maker = FeatureMaker(
        extractor, fps=config.fps, side_pixels=model.backbone.image_side_pixels, sampling=model.sampling
    )
    return ViSiLMatcher(visil, FrameSource(lambda: maker, config.file_fps, cache))
