"""Settings of ``+experiment=c3d_hash``: one short code for a whole video, learned from classes of actions."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from vdup.config.check import require

from .base import ExperimentConfig

_MARGINS = {48: 14.0, 64: 20.0}
"""As published with the seed's results; a little over a quarter of the bits, and so are those of the other lengths."""


class HashArchitecture(Enum):
    """3D network of 18 layers (Tran et al., CVPR 2018)."""

    r3d_18 = "r3d_18"
    """Convolutions over space and time."""
    mc3_18 = "mc3_18"
    """The same in the first layers, over space alone in the rest."""
    r2plus1d_18 = "r2plus1d_18"
    """Every convolution split into one over space and one over time."""


class Pretrained(Enum):
    """Where the network's weights start."""

    auto = "auto"
    """Kinetics-400 weights if they can be downloaded, else random ones, which is said once."""
    kinetics = "kinetics"
    """Kinetics-400 weights; without them nothing is trained."""
    none = "none"
    """Random weights."""


class Triplets(Enum):
    """Which triplets of a batch count."""

    all = "all"
    """Every valid one."""
    hard = "hard"
    """For every clip the farthest of its class and the nearest of another (Hermans et al. 2017, "batch hard")."""


@dataclass(kw_only=True)
class C3DHashExperiment(ExperimentConfig):
    """Hash network trained with the triplet ranking loss; its file is for ``hash.weights``."""

    network: HashArchitecture = HashArchitecture.r3d_18
    """r3d_18, mc3_18 or r2plus1d_18."""
    pretrained: Pretrained = Pretrained.auto
    """auto, kinetics or none."""
    bits: int = 48
    """16, 32, 48 or 64."""
    margin: float | None = None
    """By how many bits a clip of another class must be farther; none: 14 for 48 bits, 20 for 64, 5 for 16, 9 for 32."""
    triplets: Triplets = Triplets.all
    """all or hard."""
    quantisation_weight: float = 0.1
    """Of the distance of the values from -1 and 1."""
    classification_weight: float = 0.0
    """Of the cross-entropy of a linear classifier over the relaxed codes, which is thrown away after training.
    Published networks do without; from random weights they learn several times sooner with it, at a weight of 5."""
    frames: int = 16
    """Of a clip, spread evenly over the video; published are 16 and 32."""
    side_pixels: int = 112
    """Width and height of what the network sees. Clips are decoded an eighth larger for the crops."""
    flip: bool = True
    """Mirror half of the training clips. Not for classes that differ by left and right."""
    epochs: int = 160
    """Passes over the training clips."""
    batch_classes: int = 24
    """Classes in a batch; fewer where there are fewer."""
    batch_clips: int = 5
    """Clips of each of them."""
    learning_rate: float = 1e-3
    """Highest learning rate."""
    momentum: float = 0.9
    """Of the stochastic gradient descent."""
    weight_decay: float = 5e-4
    """Of all weights."""
    gradient_clip: float = 20.0
    """Longest gradient, all weights together. The loss counts bits, and once classes come apart its gradient grows."""
    warmup: float = 0.02
    """Share of all steps during which the learning rate rises; after that it falls by half a cosine."""
    validation_share: float = 0.1
    """Share of the training clips that is kept out of training, whole sources at a time; it chooses the epoch."""
    split: int = 1
    """Which of the data set's own splits into training and test: 1, 2 or 3."""
    cache: Path = Path("outputs/train-clips")
    """Folder of the decoded clips; runs of one ``frames`` and ``side_pixels`` share them."""

    @property
    def margin_bits(self) -> float:
        """The margin, chosen by the length of the code where none is given."""
        if self.margin is not None:
            return self.margin
        return _MARGINS.get(self.bits, float(self.bits * 9 // 32))

    def __post_init__(self) -> None:
        require(self.bits in (16, 32, 48, 64), "experiment.bits", self.bits, "16, 32, 48 or 64")
        if self.margin is not None:
            require(0 < self.margin <= self.bits, "experiment.margin", self.margin, "above 0 and at most the bits")
        for name, least in (("frames", 1), ("epochs", 1), ("batch_classes", 2), ("batch_clips", 2)):
            value = getattr(self, name)
            require(value >= least, f"experiment.{name}", value, f"{least} or more")
        require(16 <= self.side_pixels <= 512, "experiment.side_pixels", self.side_pixels, "16-512")
        for name in ("learning_rate", "gradient_clip"):
            require(getattr(self, name) > 0, f"experiment.{name}", getattr(self, name), "above 0")
        require(0 <= self.momentum < 1, "experiment.momentum", self.momentum, "at least 0 and below 1")
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        for name in ("weight_decay", "quantisation_weight", "classification_weight"):
            require(getattr(self, name) >= 0, f"experiment.{name}", getattr(self, name), "0 or more")
        share = self.validation_share
        require(0 < share < 1, "experiment.validation_share", share, "above 0 and below 1")
        require(self.split in (1, 2, 3), "experiment.split", self.split, "1, 2 or 3")
