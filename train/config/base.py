"""Base of the settings of all experiments."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(kw_only=True)
class ExperimentConfig:
    """Base of the experiment group: what is trained."""

    takes_videos: ClassVar[bool] = False
    """Whether data.videos can be learned from, alone or beside photographs."""
