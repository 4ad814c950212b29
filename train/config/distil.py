"""Settings of ``+experiment=distil``: the backbone learns the vectors of a larger network, the teacher."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from vdup.config.check import require

from .base import ExperimentConfig


@dataclass(kw_only=True)
class DistilExperiment(ExperimentConfig):
    """Backbone and refiner that imitate the ``teacher``; files for ``backbone.weights`` and ``refiner.weights``."""

    takes_videos: ClassVar[bool] = True

    views: int = 2
    """Edited copies made of each picture; the teacher sees the picture, once."""
    left_out: list[str] = field(default_factory=lambda: ["flip", "pip_host"])
    """Edits that are not made: the search itself turns a query over and looks at the pictures in it."""
    moments: int = 8
    """Most pictures taken from each video."""
    epochs: int = 10
    """Passes over the training pictures."""
    batch_pictures: int = 32
    """Pictures in a step, each in two of its views."""
    neighbours: int = 3
    """Pictures that are put into a step with each of the others because they are nearest to it in the teacher's eyes:
    other faces, other screens, other moments of one clip."""
    frozen_stages: int = 5
    """First stages of the backbone that stay as they are, the first convolution being one: what they give is computed
    once. Of EfficientNet-Lite0's nine stages the first five hold a tenth of the weights."""
    small_side_pixels: int = 160
    """Side of the pictures in all epochs but the last ones: much is learned more cheaply on small pictures."""
    full_epochs: int = 2
    """Last epochs, with pictures of ``backbone.image_side_pixels``."""
    full_share: float = 0.2
    """Share of the photographs and videos that these last epochs go over: full size costs 2.5 times as much."""
    start: Path | None = None
    """Checkpoint of an earlier run, ``....checkpoint.safetensors``, whose best weights are trained on; none: the
    published weights."""
    learning_rate: float = 6e-4
    """Highest learning rate of the epochs with small pictures."""
    full_learning_rate: float = 2e-4
    """Highest learning rate of those with pictures of full size."""
    weight_decay: float = 1e-4
    """Of AdamW; vectors are left out."""
    warmup: float = 0.03
    """Share of the steps of each size during which the learning rate rises to its highest; then it falls to zero."""
    gradient_clip: float = 1.0
    """Longest gradient, all parameters together."""
    relation_weight: float = 10.0
    """Of the squared difference between the cosines of all pairs of a step, the student's and the teacher's."""
    copy_weight: float = 0.05
    """Of the copies' own loss: each view must find the other view of its picture among those of the step."""
    temperature: float = 0.07
    """Of the copies' loss."""
    validation_share: float = 0.05
    """Share of the pictures and videos kept out of training; the epoch that imitates the teacher best is kept."""
    cache: Path = Path("outputs/distil-views")
    """Folder for the views and for what the teacher says of them."""

    def sides(self, full_side_pixels: int) -> set[int]:
        """Sides of the pictures that are trained on, in pixels."""
        return {self.side_of(epoch, full_side_pixels) for epoch in range(1, self.epochs + 1)}

    def side_of(self, epoch: int, full_side_pixels: int) -> int:
        """Side of the pictures in an epoch, the first one being 1, in pixels."""
        small = epoch <= self.epochs - self.full_epochs
        return min(self.small_side_pixels, full_side_pixels) if small else full_side_pixels

    def share_of(self, side_pixels: int) -> float:
        """Share of the photographs and videos that are needed in pictures of this side."""
        return 1.0 if side_pixels == self.side_of(1, side_pixels) else self.full_share

    def __post_init__(self) -> None:
        for name, least in (
            ("views", 1),
            ("moments", 1),
            ("epochs", 1),
            ("batch_pictures", 4),
            ("neighbours", 0),
            ("frozen_stages", 0),
            ("full_epochs", 0),
        ):
            value = getattr(self, name)
            require(value >= least, f"experiment.{name}", value, f"{least} or more")
        for name in ("learning_rate", "full_learning_rate", "gradient_clip", "temperature"):
            require(getattr(self, name) > 0, f"experiment.{name}", getattr(self, name), "above 0")
        for name in ("relation_weight", "copy_weight", "weight_decay"):
            require(getattr(self, name) >= 0, f"experiment.{name}", getattr(self, name), "0 or more")
        require(32 <= self.small_side_pixels <= 2048, "experiment.small_side_pixels", self.small_side_pixels, "32-2048")
        require(
            self.full_epochs <= self.epochs, "experiment.full_epochs", self.full_epochs, "at most experiment.epochs"
        )
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        require(0 < self.full_share <= 1, "experiment.full_share", self.full_share, "above 0 and at most 1")
        require(
            0 < self.validation_share < 1, "experiment.validation_share", self.validation_share, "above 0 and below 1"
        )
