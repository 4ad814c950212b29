"""Settings of training."""

from .base import ExperimentConfig
from .c3d_hash import C3DHashExperiment
from .distil import DistilExperiment
from .dml import CodebookExperiment, DMLExperiment
from .experiments import (
    EXPERIMENTS,
    CalibrationExperiment,
    DataConfig,
    PCAExperiment,
    RotationExperiment,
    TrainJobConfig,
    check_data,
)
from .lamv import LAMVExperiment
from .losses import LOSSES
from .triplet import TripletExperiment
from .visil import ViSiLExperiment

__all__ = [
    "EXPERIMENTS",
    "LOSSES",
    "C3DHashExperiment",
    "CalibrationExperiment",
    "CodebookExperiment",
    "DMLExperiment",
    "DataConfig",
    "DistilExperiment",
    "ExperimentConfig",
    "LAMVExperiment",
    "PCAExperiment",
    "RotationExperiment",
    "TrainJobConfig",
    "TripletExperiment",
    "ViSiLExperiment",
    "check_data",
]
