"""Every data set by the name that the commands take."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from vdup.datasets.actions import load_hmdb51, load_jhmdb, load_ucf101
from vdup.datasets.base import Dataset
from vdup.datasets.cc_web_video import load_cc_web_video
from vdup.datasets.evve import load_evve
from vdup.datasets.fivr import load_fivr_5k, load_fivr_200k
from vdup.datasets.recordings import load_climbing, load_madonna
from vdup.datasets.search_folder import load_search_folder
from vdup.datasets.vcdb import load_vcdb
from vdup.datasets.vcsl import load_vcsl_test, load_vcsl_val
from vdup.datasets.vsc import load_vsc2022
from vdup.errors import ConfigError


class Loader(Protocol):
    """Reads a data set."""

    def __call__(self, root: Path, *, features: Path | None = None) -> Dataset:
        """Reads the annotations and finds the videos.

        Args:
            root: folder of the data set.
            features: folder of features to use in place of videos, relative to ``root`` or absolute.

        Raises:
            ConfigError: a file is missing or wrong; the text names it and, where there is one, the line.
        """
        ...


DATASETS: Mapping[str, Loader] = MappingProxyType(
    {
        "madonna": load_madonna,
        "climbing": load_climbing,
        "vcdb": load_vcdb,
        "evve": load_evve,
        "fivr_200k": load_fivr_200k,
        "fivr_5k": load_fivr_5k,
        "cc_web_video": load_cc_web_video,
        "vcsl": load_vcsl_test,
        "vcsl_val": load_vcsl_val,
        "vsc2022": load_vsc2022,
        "folder": load_search_folder,
        "ucf101": load_ucf101,
        "hmdb51": load_hmdb51,
        "jhmdb": load_jhmdb,
    }
)
"""Loaders by name."""


def load_dataset(name: str, root: Path, *, features: Path | None = None) -> Dataset:
    """Reads the data set of a name.

    Raises:
        ConfigError: there is no data set of that name, or as the loader has it.
    """
    if name not in DATASETS:
        raise ConfigError(f"dataset must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name](root, features=features)
