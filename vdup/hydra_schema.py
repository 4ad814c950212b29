"""The bridge to Hydra: registers the dataclasses as schemas and turns a composed configuration back into one.

Only the commands import this module; the library itself never sees a ``DictConfig``.
"""

from dataclasses import is_dataclass
from pathlib import Path, PurePath
from typing import TypeGuard, TypeVar, get_args, get_type_hints

import yaml  # type: ignore[import-untyped]
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vdup import config
from vdup.errors import ConfigError
from vdup.hydra_errors import explain
from vdup.hydra_help import register_help

Job = TypeVar("Job")

SCHEMAS: dict[str, dict[str, type]] = {
    "job": {
        "index": config.IndexJobConfig,
        "query": config.QueryJobConfig,
        "library": config.LibraryJobConfig,
        "features": config.FeaturesJobConfig,
        "align": config.AlignJobConfig,
        "similarity": config.SimilarityJobConfig,
        "calibrate": config.CalibrateJobConfig,
        "duplicates": config.DuplicatesJobConfig,
        "evaluate": config.EvaluateJobConfig,
    },
    "backbone": {
        "efficientnet_lite": config.EfficientNetLiteConfig,
        "resnet": config.ResNetConfig,
        "vgg16": config.VGG16Config,
        "alexnet": config.AlexNetConfig,
        "googlenet": config.GoogLeNetConfig,
        "sscd": config.SSCDConfig,
    },
    "pooling": {"rmac": config.RMACConfig, "gem": config.GeMConfig, "imac": config.IMACConfig},
    "whitening": {
        "pca": config.PCAWhiteningConfig,
        "t7": config.T7WhiteningConfig,
        "none": config.NoWhiteningConfig,
    },
    "refiner": {"default": config.RefinerConfig},
    "sampling": {"default": config.SamplingConfig},
    "index": {
        "auto": config.AutoIndexConfig,
        "flat": config.FlatIndexConfig,
        "multihash": config.MultiHashIndexConfig,
        "ivf": config.IVFIndexConfig,
    },
    "store": {"default": config.StoreConfig},
    "dataset": {
        "madonna": config.RecordingsDatasetConfig,
        "climbing": config.RecordingsDatasetConfig,
        "vcdb": config.VCDBDatasetConfig,
        "evve": config.EVVEDatasetConfig,
        "fivr": config.FIVRDatasetConfig,
        "cc_web_video": config.CCWebVideoDatasetConfig,
        "vcsl": config.VCSLDatasetConfig,
        "vsc2022": config.VSC2022DatasetConfig,
        "folder": config.FolderDatasetConfig,
        "ucf101": config.ActionsDatasetConfig,
        "hmdb51": config.ActionsDatasetConfig,
        "jhmdb": config.ActionsDatasetConfig,
    },
    "matcher": {
        "vdup": config.MatcherConfig,
        "tmk": config.TMKMatcherConfig,
        "lamv": config.LAMVMatcherConfig,
        "cte": config.CTEMatcherConfig,
        "visil": config.ViSiLMatcherConfig,
    },
    "aggregation": {
        "dml": config.DMLAggregationConfig,
        "mean": config.MeanAggregationConfig,
        "bag": config.BagAggregationConfig,
        "none": config.NoAggregationConfig,
    },
    "whole_video": {"default": config.WholeVideoConfig},
    "hash": {"default": config.HashConfig},
}
"""Dataclass of every option, by group."""


def register(extra: dict[str, dict[str, type]] | None = None) -> None:
    """Makes the dataclasses known to Hydra under ``schema/<group>/<name>``; ``extra`` adds those of training."""
    register_help()
    store = ConfigStore.instance()
    for schemas in (SCHEMAS, extra or {}):
        for group, options in schemas.items():
            for name, schema in options.items():
                store.store(group=f"schema/{group}", name=name, node=_open_choices(schema))
    # Without this, YAML spells out the Python class of a path in --cfg, --help and the settings kept with each run.
    yaml.add_multi_representer(PurePath, lambda dumper, path: dumper.represent_str(str(path)), Dumper=yaml.Dumper)


def _open_choices(schema: type) -> DictConfig:
    """The schema with its groups yet to be chosen: OmegaConf puts no other option in the place of a default."""
    node: DictConfig = OmegaConf.structured(schema)
    for name, hint in get_type_hints(schema).items():
        if _is_group(hint) and OmegaConf.get_type(node, name) is not hint:
            node[name] = MISSING
    return node


def _is_group(hint: object) -> TypeGuard[type]:
    return isinstance(hint, type) and is_dataclass(hint)


def to_config(composed: DictConfig, kind: type[Job]) -> Job:
    """The settings as a dataclass, its checks run.

    Raises:
        ConfigError: a value is missing or cannot work; the message is one line.
    """
    try:
        result = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error, setting_types(kind))) from error
    if not isinstance(result, kind):
        raise ConfigError(f"the settings are of type {type(result).__name__}, expected {kind.__name__}")
    _refuse_added(result, "")
    return result


def _refuse_added(settings: object, prefix: str) -> None:
    """Hydra lets ``+name=value`` through for any name; a typing error must not pass in silence."""
    known = get_type_hints(type(settings))
    for name, value in vars(settings).items():
        if name not in known:
            raise ConfigError(f"there is no setting {prefix}{name}; --help lists all settings")
        if is_dataclass(value):
            _refuse_added(value, f"{prefix}{name}.")


def setting_types(kind: type, prefix: str = "") -> dict[str, object]:
    """Every setting of a job, over all options of its groups.

    Returns:
        Dotted name, such as ``sampling.workers`` -> type.
    """
    found: dict[str, object] = {}
    for name, hint in get_type_hints(kind).items():
        if not _is_group(hint):
            found[prefix + name] = hint
            continue
        options: list[type] = [hint]
        for option in options:  # grows while it is walked
            options += option.__subclasses__()
            found |= setting_types(option, f"{prefix}{name}.")
    return found


def holds_path(hint: object) -> bool:
    """True for the type of a setting whose value is a path."""
    return hint is Path or Path in get_args(hint)
