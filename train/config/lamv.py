"""Settings of ``+experiment=lamv``: the Temporal Match Kernel with coefficients learned on generated alignments."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from vdup.config import TMKNormalization
from vdup.config.check import require

from .base import ExperimentConfig


@dataclass(kw_only=True)
class LAMVExperiment(ExperimentConfig):
    """Kernel of LAMV; its file is for ``matcher=lamv matcher.weights=FILE``."""

    takes_videos: ClassVar[bool] = True

    periods: list[float] = field(default_factory=lambda: [9767.0, 2731.0, 1039.0, 253.0])
    """Periods in fifteenths of a second, as of ``matcher=tmk``."""
    m: int = 32
    """Frequencies of each period."""
    normalization: TMKNormalization = TMKNormalization.feat_freq
    """feat, freq, feat_freq or matrix."""
    beta: float = 32.0
    """Concentration of the kernel that training starts from."""
    epochs: int = 20
    """Passes over the training clips."""
    batch_alignments: int = 16
    """Alignments in a step."""
    alignments_a_clip: int = 2
    """Excerpts looked for in each training clip in an epoch, each with a start, length and noise of its own."""
    clips: int = 200
    """Most clips made from photographs; videos give as many as fit into them."""
    clips_a_video: int = 6
    """Most clips taken from each video."""
    frames: int = 90
    """Frames of a clip."""
    fps: float = 5.0
    """Frames a second."""
    views: int = 1
    """Edited copies made of each clip; excerpts are taken from these."""
    left_out: list[str] = field(default_factory=lambda: ["flip", "rotate90"])
    """Edits that are not made."""
    shortest: float = 0.3
    """Shortest excerpt, as a share of the clip."""
    longest: float = 0.7
    """Longest excerpt."""
    noise: float = 2.0
    """Most noise added to a feature, in lengths of a feature."""
    margin: float = 0.1
    """By how much the score at the true offset must exceed the others."""
    proposals: int = 8
    """Highest maxima of a score over the offsets that are pushed down, for each pair of videos."""
    recognition_weight: float = 1.0
    """Weight of the maxima with another video beside those with the right one."""
    learning_rate: float = 0.03
    """Highest learning rate."""
    warmup: float = 0.05
    """Share of all steps during which the learning rate rises to its highest."""
    gradient_clip: float = 1.0
    """Longest gradient."""
    validation_share: float = 0.2
    """Share of the scenes kept out of training; the epoch that finds the most of their offsets is the one that is
    kept."""
    cache: Path = Path("outputs/train-clips")
    """Folder for the features of all clips; runs that differ in nothing that shapes these share it."""

    def __post_init__(self) -> None:
        usable = bool(self.periods) and all(math.isfinite(period) and period > 0 for period in self.periods)
        require(usable, "experiment.periods", self.periods, "one or more numbers above 0")
        least = {"m": 1, "epochs": 1, "batch_alignments": 1, "alignments_a_clip": 1, "clips": 1, "clips_a_video": 1}
        least |= {"frames": 10, "views": 1, "proposals": 1}
        for name, number in least.items():
            require(getattr(self, name) >= number, f"experiment.{name}", getattr(self, name), f"{number} or more")
        for name in ("beta", "learning_rate", "gradient_clip", "margin"):
            require(0 < getattr(self, name) < math.inf, f"experiment.{name}", getattr(self, name), "above 0")
        for name in ("noise", "recognition_weight"):
            require(0 <= getattr(self, name) < math.inf, f"experiment.{name}", getattr(self, name), "0 or more")
        require(0 < self.fps <= 120, "experiment.fps", self.fps, "above 0 and at most 120")
        require(0 < self.shortest <= self.longest, "experiment.shortest", self.shortest, "above 0, at most longest")
        require(self.longest < 1, "experiment.longest", self.longest, "below 1: the other video is longer")
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        require(
            0 < self.validation_share < 1, "experiment.validation_share", self.validation_share, "above 0 and below 1"
        )
