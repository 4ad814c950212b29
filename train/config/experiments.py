"""Settings of training."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from vdup.config import BackboneConfig, ModelConfig, SSCDConfig
from vdup.errors import ConfigError

from .base import ExperimentConfig
from .c3d_hash import C3DHashExperiment
from .distil import DistilExperiment
from .dml import CodebookExperiment, DMLExperiment
from .lamv import LAMVExperiment
from .losses import LossConfig, Miner, TripletLossConfig
from .triplet import TripletExperiment
from .visil import ViSiLExperiment


@dataclass(kw_only=True)
class DataConfig:
    """What is learned from."""

    images: Path | None = None
    """Folder of photographs, searched with its subfolders."""
    videos: Path | None = None
    """Folder of videos, searched with its subfolders, for what needs real motion."""
    root: Path | None = None
    """Folder of a data set with its lists, for ``+experiment=c3d_hash``: UCF101, HMDB51, JHMDB or alike."""
    limit: int | None = None
    """Most images to use, taken evenly from the sorted list; none: all."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} is not usable: it must be 1 or more")


@dataclass(kw_only=True)
class PCAExperiment(ExperimentConfig):
    """Whitening of region vectors of photographs or frames of videos; its file is for ``whitening.weights``."""

    takes_videos: ClassVar[bool] = True

    dimensions: int = 1024
    """Length of the whitened vectors."""
    grid: bool = False
    """Fit on the three by three regions that ViSiL takes, for ``matcher.whitening``; with backbone=resnet50 they are of
    its four stages. False: on the regions of the pooling."""

    def __post_init__(self) -> None:
        if self.dimensions < 1:
            raise ConfigError(f"experiment.dimensions={self.dimensions} is not usable: it must be 1 or more")


@dataclass(kw_only=True)
class RotationExperiment(ExperimentConfig):
    """Refiner of one layer: a rotation whose signs are the code; its file is for ``refiner.weights``."""

    views: int = 5
    """Edited versions made of each image."""

    def __post_init__(self) -> None:
        if self.views < 1:
            raise ConfigError(f"experiment.views={self.views} is not usable: it must be 1 or more")


@dataclass(kw_only=True)
class CalibrationExperiment(ExperimentConfig):
    """What distances and scores mean for the codes of the model; its file is for ``matcher.calibration``."""

    takes_videos: ClassVar[bool] = True

    references: int = 60
    """Generated videos that are indexed."""
    queries: int = 120
    """Generated videos that are searched for; a fifth of them hold no copy."""
    background: int = 2048
    """Photographs whose codes stand for all that has nothing to do with a query."""
    problem: Path | None = None
    """Folder of a problem made before by ``python -m benchmarks.make_problem``; none: one is generated."""

    def __post_init__(self) -> None:
        for name, value in (("references", self.references), ("queries", self.queries)):
            if value < 1:
                raise ConfigError(f"experiment.{name}={value} is not usable: it must be 1 or more")


@dataclass(kw_only=True)
class TrainJobConfig(ModelConfig):
    """Settings of ``python -m vdup.train``."""

    data: DataConfig = field(default_factory=DataConfig)
    experiment: ExperimentConfig = field(default_factory=ExperimentConfig)
    loss: LossConfig = field(default_factory=TripletLossConfig)
    """Used by ``+experiment=triplet``."""
    teacher: BackboneConfig = field(default_factory=SSCDConfig)
    """Used by ``+experiment=distil``: the backbone that is imitated."""
    output: Path
    """Where the weights are written."""
    seed: int = 0
    """Of everything that is drawn at random."""


EXPERIMENTS: dict[str, type[ExperimentConfig]] = {
    "pca": PCAExperiment,
    "rotation": RotationExperiment,
    "calibration": CalibrationExperiment,
    "triplet": TripletExperiment,
    "distil": DistilExperiment,
    "visil": ViSiLExperiment,
    "c3d_hash": C3DHashExperiment,
    "dml": DMLExperiment,
    "codebook": CodebookExperiment,
    "lamv": LAMVExperiment,
}
"""Choices of the experiment group."""


def check_data(config: TrainJobConfig) -> None:
    """Checks that there is something to train and something to train on.

    Raises:
        ConfigError: no experiment was chosen, or a folder is missing.
    """
    experiment, data = config.experiment, config.data
    if type(experiment) is ExperimentConfig:
        raise ConfigError(f"no experiment was chosen; add +experiment=NAME with one of {', '.join(EXPERIMENTS)}")
    if isinstance(experiment, C3DHashExperiment):
        if data.root is None:
            raise ConfigError("there is nothing to learn from; give the folder of an action set as data.root=DIR")
        _check_folder("root", data.root)
        return
    if data.images is None and (data.videos is None or not experiment.takes_videos):
        raise ConfigError("there is nothing to learn from; give a folder of photographs as data.images=DIR")
    for name, folder in (("images", data.images), ("videos", data.videos)):
        _check_folder(name, folder)
    if isinstance(experiment, TripletExperiment) and experiment.memory > 0:
        match config.loss:
            case TripletLossConfig(miner=Miner.none):
                raise ConfigError(
                    f"loss.miner=none makes every triplet with all of the experiment.memory={experiment.memory} "
                    "codes, which are too many; choose loss.miner=hard or semihard, or experiment.memory=0"
                )


def _check_folder(name: str, folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"data.{name}={folder}: there is no such folder")
