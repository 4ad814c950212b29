"""Base of the settings of all experiments."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class ExperimentConfig:
    """Base of the experiment group: what is trained."""
