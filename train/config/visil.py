"""Settings of ``+experiment=visil``: the video comparator of ViSiL, trained on edited copies of clips."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from vdup.config import ViSiLVariant
from vdup.config.check import require
from vdup.errors import ConfigError

from .base import ExperimentConfig


@dataclass(kw_only=True)
class ViSiLExperiment(ExperimentConfig):
    """Attention and video comparator of ViSiL; their file is for ``matcher.weights``."""

    takes_videos: ClassVar[bool] = True

    variant: ViSiLVariant = ViSiLVariant.v
    """v or sym."""
    dimensions: int = 512
    """Numbers of a region vector: the strongest directions of the whitening; 0: all."""
    whitening: Path | None = None
    """As matcher.whitening: a whitening of the region vectors in place of the model's."""
    epochs: int = 12
    """Passes over the training clips."""
    batch_triplets: int = 8
    """Triplets of a copy, its original and another video in a step."""
    triplets_a_clip: int = 2
    """Triplets made of each training clip in an epoch, each with cuts and a tempo of its own."""
    clips: int = 300
    """Most clips made from photographs; videos give as many as fit into them."""
    clips_a_video: int = 6
    """Most clips taken from each video; other moments of a video are hard negatives."""
    frames: int = 24
    """Frames of a clip, one a second."""
    views: int = 3
    """Edited copies made of each clip."""
    left_out: list[str] = field(default_factory=lambda: ["flip", "rotate90"])
    """Edits that are not made."""
    margin: float = 0.5
    """By how much a copy must be more similar than another video."""
    regularisation: float = 0.1
    """Weight of what the comparator gives beyond -1 and 1, before it is clipped."""
    learning_rate: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 1e-4
    """Of AdamW; biases are left out."""
    warmup: float = 0.05
    """Share of all steps during which the learning rate rises to its highest."""
    gradient_clip: float = 1.0
    """Longest gradient, all parameters together."""
    validation_share: float = 0.2
    """Share of the scenes kept out of training; the epoch that finds their copies best is the one that is kept."""
    cache: Path = Path("outputs/train-clips")
    """Folder for the region vectors of all clips; runs that differ in nothing that shapes these share it."""

    def __post_init__(self) -> None:
        if self.variant is ViSiLVariant.f:
            raise ConfigError("experiment.variant=f has nothing to learn: it must be v or sym")
        least = {"dimensions": 0, "epochs": 1, "batch_triplets": 1, "triplets_a_clip": 1, "clips": 1}
        least |= {"clips_a_video": 1, "frames": 8, "views": 1}
        for name, number in least.items():
            value = getattr(self, name)
            require(value >= number, f"experiment.{name}", value, f"{number} or more")
        for name in ("learning_rate", "gradient_clip", "margin"):
            require(getattr(self, name) > 0, f"experiment.{name}", getattr(self, name), "above 0")
        for name in ("regularisation", "weight_decay"):
            require(getattr(self, name) >= 0, f"experiment.{name}", getattr(self, name), "0 or more")
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        require(
            0 < self.validation_share < 1, "experiment.validation_share", self.validation_share, "above 0 and below 1"
        )
