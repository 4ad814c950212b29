"""Settings of the methods that compare two whole videos: options of the matcher group."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from vdup.config.check import require

_INFINITY = float("inf")


class TMKNormalization(Enum):
    """How a TMK descriptor is normalised; see :class:`vdup.temporal.TMK`."""

    feat = "feat"
    freq = "freq"
    feat_freq = "feat_freq"
    matrix = "matrix"


class ViSiLVariant(Enum):
    """Which of the forms of the ViSiL paper is computed."""

    f = "f"
    """ViSiL_f: Chamfer similarity of the frames, no network over them."""
    sym = "sym"
    """ViSiL_sym: video comparator, symmetric Chamfer similarity of its output."""
    v = "v"
    """ViSiL_v: video comparator, Chamfer similarity from the query to the reference."""


@dataclass(kw_only=True)
class PairMatcherConfig:
    """Base of the matcher group: how two videos are compared."""


@dataclass(kw_only=True)
class FrameMatcherConfig(PairMatcherConfig):
    """Base of the matchers that compare features of frames."""

    fps: float = 15.0
    """Frames a second taken from videos. A file of features brings frames of its own."""
    file_fps: float = 15.0
    """Frames a second of feature files that do not say it (.pkl and .npy)."""

    def __post_init__(self) -> None:
        require(0 < self.fps <= 120, "matcher.fps", self.fps, "above 0 and at most 120")
        require(0 < self.file_fps <= 120, "matcher.file_fps", self.file_fps, "above 0 and at most 120")


@dataclass(kw_only=True)
class TMKMatcherConfig(FrameMatcherConfig):
    """Temporal Match Kernel. The defaults are those of the videoalignment program, whose figures are published."""

    periods: list[float] = field(default_factory=lambda: [9767.0, 2731.0, 1039.0, 253.0])
    """Periods in fifteenths of a second, which are frames at 15 a second."""
    m: int = 16
    """Frequencies of each period."""
    normalization: TMKNormalization = TMKNormalization.feat_freq
    """feat, freq, feat_freq or matrix."""
    beta: float = 32.0
    """Concentration of the kernel over time differences."""

    def __post_init__(self) -> None:
        super().__post_init__()
        usable = bool(self.periods) and all(0 < period < _INFINITY for period in self.periods)
        require(usable, "matcher.periods", self.periods, "one or more numbers above 0")
        require(self.m >= 1, "matcher.m", self.m, "1 or more")
        require(0 < self.beta < _INFINITY, "matcher.beta", self.beta, "above 0")


@dataclass(kw_only=True)
class CTEMatcherConfig(FrameMatcherConfig):
    """Circulant Temporal Encoding."""

    m: int = 512
    """Frequencies that are kept. An offset is placed to about 1/m of the length of both videos together."""
    lmbda: float = 0.1
    """Regularisation of the deconvolution."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.m >= 1, "matcher.m", self.m, "1 or more")
        require(0 < self.lmbda < _INFINITY, "matcher.lmbda", self.lmbda, "above 0")


@dataclass(kw_only=True)
class LAMVMatcherConfig(FrameMatcherConfig):
    """Temporal Match Kernel with learned coefficients."""

    weights: Path
    """File made by ``+experiment=lamv``; it holds periods and normalisation too."""


@dataclass(kw_only=True)
class ViSiLMatcherConfig(FrameMatcherConfig):
    """ViSiL: a network over the frame-to-frame similarities of two videos."""

    fps: float = 1.0
    """Frames a second taken from videos."""
    file_fps: float = 1.0
    """Frames a second of feature files that do not say it (.pkl and .npy)."""
    variant: ViSiLVariant = ViSiLVariant.f
    """f, sym or v; the latter two need weights."""
    weights: Path | None = None
    """Weights: the authors' published state dict, or a file made by ``+experiment=visil``. variant=f has none."""
    whitening: Path | None = None
    """Whitening of the region vectors: the authors' (.pth) or a file of ``+experiment=pca``; none: that of the model,
    and with backbone=resnet50, whose regions are of four stages, no whitening."""
