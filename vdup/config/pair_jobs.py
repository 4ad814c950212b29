"""Settings of the commands that compute features of frames and compare whole videos with them."""

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from vdup.config.check import require
from vdup.config.matcher import MatcherConfig
from vdup.config.model import ExtractorConfig, ModelConfig, ResNetConfig, VGG16Config
from vdup.config.pair_matchers import PairMatcherConfig
from vdup.errors import ConfigError


class FeaturePrecision(Enum):
    """Number format of a file of features."""

    float32 = "float32"
    float16 = "float16"


@dataclass(kw_only=True)
class FeaturesJobConfig(ExtractorConfig):
    """Settings of ``python -m vdup.features``."""

    videos: Path
    """A file, a folder (searched recursively), or a .txt file with one path a line."""
    output: Path
    """Folder for the files of features; it gets the subfolders of the videos."""
    fps: float = 15.0
    """Frames a second."""
    layer: int | None = None
    """Layer of the backbone, short for backbone.layer; none: the backbone's own choice."""
    stored_as: FeaturePrecision = FeaturePrecision.float32
    """float32, or float16 for files of half the size, exact to three digits."""

    def __post_init__(self) -> None:
        require(0 < self.fps <= 120, "fps", self.fps, "above 0 and at most 120")
        if self.layer is not None:
            if not isinstance(self.backbone, ResNetConfig | VGG16Config):
                raise ConfigError(f"layer={self.layer}: this backbone has no choice of layers; add backbone=resnet34")
            self.backbone = replace(self.backbone, layer=self.layer)


@dataclass(kw_only=True)
class SimilarityJobConfig(ModelConfig):
    """Settings of ``python -m vdup.similarity``."""

    queries: Path
    """List of the query videos: lines of an id, a tab and a path."""
    database: Path
    """List of the database videos, likewise."""
    output: Path
    """The .json file for the similarities."""
    matcher: PairMatcherConfig = field(default_factory=MatcherConfig)
    load_queries: bool = False
    """Keep what is compared of the queries in memory, which is faster; false: read it anew for each database video."""
    cache: Path | None = None
    """Folder for features of frames, to keep for other runs; none: beside the output while the run lasts."""
