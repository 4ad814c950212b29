"""Settings of ``+experiment=triplet``: the refiner, and the backbone too if wanted, trained on edited copies."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar

from vdup.config.check import require

from .base import ExperimentConfig


class Trainable(Enum):
    """Which part of the model learns."""

    head = "head"
    """The refiner."""
    last_blocks = "last_blocks"
    """The refiner and the last stage of the backbone."""
    all = "all"
    """The refiner and the whole backbone."""


class Binarisation(Enum):
    """What stands for a code while gradients are taken."""

    tanh = "tanh"
    """tanh of the values: smooth, between -1 and 1 (Cao et al., "HashNet", ICCV 2017)."""
    straight_through = "straight_through"
    """Their signs, with the gradient of tanh (Bengio et al. 2013, "Estimating or propagating gradients")."""
    none = "none"
    """The values as they are."""


class Start(Enum):
    """Where the refiner's weights start."""

    rotation = "rotation"
    """The closed form of ``+experiment=rotation``, fitted on the training views."""
    random = "random"
    """Small random numbers."""
    refiner = "refiner"
    """The refiner of ``refiner.weights``, or the one that ships with vdup."""


@dataclass(kw_only=True)
class TripletExperiment(ExperimentConfig):
    """Refiner trained by gradient descent on triplets of original, copy and non-copy."""

    takes_videos: ClassVar[bool] = True

    trainable: Trainable = Trainable.head
    """head, last_blocks or all."""
    init: Start = Start.rotation
    """rotation, random or refiner."""
    epochs: int = 20
    """Passes over the training families."""
    batch_families: int = 64
    """Families in a batch, a family being a picture and its copies."""
    neighbours: int = 3
    """Families put into a batch with each other one because their codes are nearest to its code, found anew for every
    epoch: other faces, other screens, other moments of one clip; 0: other moments of one video only."""
    views: int = 8
    """Edited copies made of each picture."""
    left_out: list[str] = field(default_factory=lambda: ["flip", "rotate90"])
    """Edits that are not made. Mirrored frames are tried by the matcher, and no refiner can undo a picture on its side;
    with more than the head trained, ``rotate90`` may be worth learning."""
    moments: int = 8
    """Most pictures taken from each video; other moments of a video are the hardest non-copies."""
    learning_rate: float = 1e-3
    """Highest learning rate of the refiner."""
    backbone_learning_rate: float = 5e-5
    """Highest learning rate of what is trained of the backbone."""
    weight_decay: float = 1e-4
    """Of AdamW; biases are left out."""
    warmup: float = 0.05
    """Share of all steps during which the learning rate rises to its highest."""
    gradient_clip: float = 1.0
    """Longest gradient, all parameters together."""
    validation_share: float = 0.1
    """Share of the scenes kept out of training; the epoch that finds their copies best is the one that is kept."""
    binarisation: Binarisation = Binarisation.tanh
    """tanh, straight_through or none."""
    entropy_weight: float = 0.05
    """Of the KoLeo term, which spreads different pictures apart."""
    quantisation_weight: float = 0.05
    """Of the distance of the values from -1 and 1."""
    balance_weight: float = 0.1
    """Of the bits' means, which should be 0."""
    decorrelation_weight: float = 0.1
    """Of the correlations between bits, which should be 0."""
    memory: int = 0
    """Codes of earlier batches that a batch is compared with too; 0: none."""
    cache: Path = Path("outputs/train-views")
    """Folder for what the frozen part of the network makes of the views; runs that differ in nothing that shapes it
    share it, those of a sweep for example. Not used by trainable=all."""

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1),
            ("batch_families", 2),
            ("views", 1),
            ("moments", 1),
            ("memory", 0),
            ("neighbours", 0),
        ):
            value = getattr(self, name)
            require(value >= least, f"experiment.{name}", value, f"{least} or more")
        for name in ("learning_rate", "backbone_learning_rate", "gradient_clip"):
            require(getattr(self, name) > 0, f"experiment.{name}", getattr(self, name), "above 0")
        for part in ("entropy", "quantisation", "balance", "decorrelation"):
            name = f"{part}_weight"
            require(getattr(self, name) >= 0, f"experiment.{name}", getattr(self, name), "0 or more")
        require(self.weight_decay >= 0, "experiment.weight_decay", self.weight_decay, "0 or more")
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        require(
            0 < self.validation_share < 1, "experiment.validation_share", self.validation_share, "above 0 and below 1"
        )
        # The last batch of an epoch may hold one family more.
        rows = (self.batch_families + 1) * (1 + self.views)
        require(
            self.memory == 0 or self.memory >= rows,
            "experiment.memory",
            self.memory,
            f"0, or {rows} (one batch) or more",
        )
