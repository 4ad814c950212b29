"""Settings of training."""

from .base import ExperimentConfig
from .experiments import (
    EXPERIMENTS,
    CalibrationExperiment,
    DataConfig,
    PCAExperiment,
    RotationExperiment,
    TrainJobConfig,
    check_data,
)
from .losses import LOSSES
from .triplet import TripletExperiment

__all__ = [
    "EXPERIMENTS",
    "LOSSES",
    "CalibrationExperiment",
    "DataConfig",
    "ExperimentConfig",
    "PCAExperiment",
    "RotationExperiment",
    "TrainJobConfig",
    "TripletExperiment",
    "check_data",
]
