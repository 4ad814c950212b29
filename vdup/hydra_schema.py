"""The bridge to Hydra: registers the dataclasses as schemas and turns a composed configuration back into one.

Only the commands import this module; the library itself never sees a ``DictConfig``.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vdup import config
from vdup.errors import ConfigError, VdupError

Job = TypeVar("Job")

SCHEMAS: dict[str, dict[str, type]] = {
    "job": {"index": config.IndexJobConfig, "query": config.QueryJobConfig, "library": config.LibraryJobConfig},
    "backbone": {
        "efficientnet_lite0": config.EfficientNetLite0Config,
        "resnet": config.ResNetConfig,
        "vgg16": config.VGG16Config,
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
    "matcher": {"default": config.MatcherConfig},
}
"""Dataclass of every option, by group."""


def register(extra: dict[str, dict[str, type]] | None = None) -> None:
    """Makes the dataclasses known to Hydra under ``schema/<group>/<name>``; ``extra`` adds those of training."""
    store = ConfigStore.instance()
    for group, options in {**SCHEMAS, **(extra or {})}.items():
        for name, schema in options.items():
            store.store(group=f"schema/{group}", name=name, node=schema)


def to_config(composed: DictConfig, kind: type[Job]) -> Job:
    """The settings as a dataclass, its checks run.

    Raises:
        ConfigError: a value is missing or cannot work; the message is one line.
    """
    try:
        result = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(one_line(error)) from error
    if not isinstance(result, kind):
        raise ConfigError(f"the settings are of type {type(result).__name__}, expected {kind.__name__}")
    return result


def one_line(error: Exception) -> str:
    """What an error of Hydra or OmegaConf says, without the lines that only its authors need."""
    key = getattr(error, "full_key", None)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("full_key", "object_type", "reference_type"))]
    text = " ".join(kept) or type(error).__name__
    if "Missing mandatory value" in text:
        return f"the setting {key} is missing; give it as {key}=VALUE"
    return f"{key}: {text}" if key and key not in text else text


def run(name: str, kind: type[Job], job: Callable[[Job], int]) -> None:
    """Runs a command: composes its settings, calls the job, exits with its code.

    Exit codes: 0 all went well, 1 something failed, 2 wrong use. Errors that a user can meet become one line.

    Args:
        name: primary configuration, the name of a file in ``conf/``.
        kind: dataclass of the job.
        job: does the work and returns the exit code.
    """
    code = 0

    @hydra.main(version_base="1.3", config_path="pkg://vdup.conf", config_name=name)
    def main(composed: DictConfig) -> None:
        nonlocal code
        code = max(code, job(to_config(composed, kind)))

    sys.argv[1:] = [_quoted(argument) for argument in sys.argv[1:]]
    # Makes Hydra pass its errors on instead of printing traces for its own developers.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        main()
    except (ConfigError, HydraException, OmegaConfBaseException) as error:
        print(f"wrong use: {one_line(error)}", file=sys.stderr)
        code = 2
    except (VdupError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, run the command again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


def _quoted(argument: str) -> str:
    """An override whose value Hydra's grammar would refuse, such as a path with spaces, is quoted for it."""
    key, equals, value = argument.partition("=")
    if argument.startswith("-") or not equals or not value:
        return argument
    looks_like_path = "/" in value or Path(value).suffix != "" or Path(value).exists()
    plain = all(character.isalnum() or character in "/-\\+.$%*@?|_" for character in value)
    if plain and value.isascii():
        return argument
    if not looks_like_path or value[0] in "'\"[{":
        return argument
    escaped = value.replace("\\'", "\\\\'").replace("'", "\\'")
    return f"{key}='{escaped}'"
