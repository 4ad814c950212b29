"""Checkpoints: all that a killed run needs to go on as if nothing had happened.

A checkpoint is a safetensors file. Its tensors are named ``model.*`` (weights now), ``best.*`` (weights of the best
epoch) and ``optimiser.NUMBER.*`` (moments and steps of AdamW); the metadata key ``vdup`` holds JSON with ``format``,
the settings of the run, the finished epochs and their records. Everything random is drawn anew for each epoch from the
seed and the epoch's number, hence no state of a random generator is kept. Nothing in the file is executed.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from vdup.errors import ConfigError, WeightsError

from .epoch_record import Record

_FORMAT = "training-1"

RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True)
class Checkpoint(Generic[RecordT]):
    """State of a run at the end of an epoch."""

    settings: dict[str, object]
    """Everything that shapes the run, as plain JSON values."""
    records: tuple[RecordT, ...]
    """Of the start and of every finished epoch."""
    scaler: dict[str, float]
    """State of the gradient scaler, which only half precision on a GPU uses."""
    tensors: dict[str, Tensor]
    """Named as the module says."""


def save_checkpoint(path: Path, checkpoint: Checkpoint[RecordT]) -> None:
    """Writes a checkpoint in the place of the previous one; a kill at any moment leaves the one or the other.

    Raises:
        OSError: the disk is full or takes no file; the previous checkpoint is untouched.
    """
    header = {
        "format": _FORMAT,
        "settings": checkpoint.settings,
        "records": [asdict(record) for record in checkpoint.records],
        "scaler": checkpoint.scaler,
    }
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    write_atomically(path, save(tensors, metadata={"vdup": json.dumps(header, sort_keys=True)}))


def load_checkpoint(path: Path, kind: type[RecordT]) -> Checkpoint[RecordT]:
    """Reads a file of :func:`save_checkpoint` whose records are of one kind.

    Raises:
        WeightsError: it is damaged or of another kind.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("vdup", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header["format"] != _FORMAT:
            raise ValueError(f"format {header['format']}")
        records = tuple(kind(**record) for record in header["records"])
        return Checkpoint(dict(header["settings"]), records, dict(header["scaler"]), tensors)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: not a usable checkpoint ({error}); remove it to train from the start") from error


def check_same_run(path: Path, found: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    """Refuses to go on with a run of other settings.

    Raises:
        ConfigError: naming the settings that differ.
    """
    differing = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    if differing:
        told = ", ".join(f"{name} was {found.get(name)} and is {wanted.get(name)}" for name in differing[:3])
        raise ConfigError(
            f"{path} is of a run with other settings ({told}); give the same settings to go on with it, another "
            "output=FILE, or remove it"
        )


def write_atomically(path: Path, data: bytes) -> None:
    """Gives a file new contents so that a crash leaves the old ones or the new ones, whole.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
