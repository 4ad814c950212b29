"""What every experiment runs, and what it counts while it does. An experiment is imported when it is run."""

from collections.abc import Callable
from dataclasses import dataclass

from vdup.errors import ConfigError

from .config import (
    C3DHashExperiment,
    CalibrationExperiment,
    CodebookExperiment,
    DistilExperiment,
    DMLExperiment,
    ExperimentConfig,
    LAMVExperiment,
    PCAExperiment,
    RotationExperiment,
    TrainJobConfig,
    TripletExperiment,
    ViSiLExperiment,
)

Count = Callable[[int, int], None]
"""Told how many things are done, and of how many."""

Say = Callable[[str], None]
"""Told a line for the user, such as the results of an epoch."""


@dataclass(frozen=True)
class Run:
    """How an experiment is run."""

    start: Callable[[TrainJobConfig, Count, Say], str]
    """Does all of it; returns what to print at the end, or nothing."""
    unit: str
    """What it counts."""


def run_of(config: TrainJobConfig) -> Run:
    """The run of the chosen experiment.

    Raises:
        ConfigError: none is known for it.
    """
    run = RUNS.get(type(config.experiment))
    if run is None:
        raise ConfigError(f"no training is known for {type(config.experiment).__name__}")
    return run


def _pca(config: TrainJobConfig, count: Count, _say: Say) -> str:
    from .closed_form.pca import train_pca

    experiment, data = config.experiment, config.data
    if not isinstance(experiment, PCAExperiment):
        raise ConfigError("these are not the settings of a whitening")
    if data.images is None and data.videos is None:
        raise ConfigError("a whitening needs something to be fitted on; give data.images=DIR or data.videos=DIR")
    train_pca(
        data.images,
        config.output,
        config,
        experiment.dimensions,
        data.limit,
        count,
        videos_dir=data.videos,
        grid=experiment.grid,
    )
    return ""


def _rotation(config: TrainJobConfig, count: Count, _say: Say) -> str:
    from .closed_form.rotation import train_rotation

    train_rotation(config, count)
    return ""


def _calibration(config: TrainJobConfig, count: Count, _say: Say) -> str:
    from .calibration.experiment import train_calibration

    train_calibration(config, count)
    return ""


def _triplet(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .triplet.epoch_lines import after_training, epoch_line
    from .triplet.experiment import train_triplet

    return after_training(train_triplet(config, count, lambda record: say(epoch_line(record))))


def _distil(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .distil.experiment import after_training, epoch_line, train_distil

    return after_training(train_distil(config, count, lambda record: say(epoch_line(record))))


def _c3d_hash(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .c3d_hash.epoch_lines import after_training, epoch_line
    from .c3d_hash.experiment import train_c3d_hash

    return after_training(train_c3d_hash(config, count, lambda record: say(epoch_line(record))))


def _visil(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .visil.experiment import after_training, epoch_line, train_visil

    return after_training(train_visil(config, count, lambda record: say(epoch_line(record))))


def _dml(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .dml.epoch_lines import after_training, epoch_line
    from .dml.experiment import train_dml

    return after_training(train_dml(config, count, lambda record: say(epoch_line(record))))


def _codebook(config: TrainJobConfig, count: Count, _say: Say) -> str:
    from .codebook.experiment import train_codebook

    train_codebook(config, count)
    return ""


def _lamv(config: TrainJobConfig, count: Count, say: Say) -> str:
    from .lamv.experiment import after_training, epoch_line, train_lamv

    return after_training(train_lamv(config, count, lambda record: say(epoch_line(record))))


RUNS: dict[type[ExperimentConfig], Run] = {
    PCAExperiment: Run(_pca, "photographs and videos"),
    RotationExperiment: Run(_rotation, "photographs"),
    CalibrationExperiment: Run(_calibration, "queries"),
    TripletExperiment: Run(_triplet, "photographs and videos"),
    DistilExperiment: Run(_distil, "photographs and videos"),
    ViSiLExperiment: Run(_visil, "clips"),
    C3DHashExperiment: Run(_c3d_hash, "clips"),
    DMLExperiment: Run(_dml, "clips and videos"),
    CodebookExperiment: Run(_codebook, "clips and videos"),
    LAMVExperiment: Run(_lamv, "clips"),
}
"""Run of every experiment."""
