"""Epoch after epoch with a log and a checkpoint behind each, and the checkpoint that a run goes on from."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Protocol

from ..config.experiments import TrainJobConfig
from .checkpoint import Checkpoint, RecordT, check_same_run, load_checkpoint, save_checkpoint
from .training_log import TrainingLog

logger = logging.getLogger(__name__)

_NOT_SHAPING = ("output", "experiment.cache", "backbone.batch_size", "backbone.device")


class Loop(Protocol[RecordT]):
    """A model in training."""

    records: list[RecordT]
    """Of the start and of every finished epoch."""

    def start(self) -> RecordT:
        """Validates the model before training."""

    def run_epoch(self) -> RecordT:
        """Trains for one more epoch and validates."""

    def state(self, settings: Mapping[str, object]) -> Checkpoint[RecordT]:
        """All that is needed to go on after the last epoch."""


def settings_of(config: TrainJobConfig) -> dict[str, object]:
    """Settings that shape a run, by dotted name; where files lie and how fast it goes are not among them."""
    found: dict[str, object] = {}

    def add(prefix: str, values: dict[str, object]) -> None:
        for name, value in values.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}.", value)
            else:
                plain = value.value if isinstance(value, Enum) else value
                found[prefix + name] = str(plain) if isinstance(plain, Path) else plain

    add("", asdict(config))
    for name in _NOT_SHAPING:
        found.pop(name, None)
    found = {name: value for name, value in found.items() if not name.startswith("sampling.")}
    # Two losses may have the same settings.
    return found | {"loss": type(config.loss).__name__, "backbone": type(config.backbone).__name__}


def checkpoint_of(output: Path) -> Path:
    """File of the checkpoint beside the weights."""
    return output.with_suffix(".checkpoint.safetensors")


def earlier_state(path: Path, settings: dict[str, object], kind: type[RecordT]) -> Checkpoint[RecordT] | None:
    """The checkpoint of an earlier run of the same settings; none where there is none.

    Raises:
        ConfigError: it is of a run with other settings.
        WeightsError: it is damaged.
    """
    if not path.is_file():
        return None
    checkpoint = load_checkpoint(path, kind)
    check_same_run(path, checkpoint.settings, settings)
    return checkpoint


def run_epochs(
    loop: Loop[RecordT],
    kind: type[RecordT],
    output: Path,
    epochs: int,
    settings: dict[str, object],
    report: Callable[[RecordT], None] | None,
) -> None:
    """Trains until ``epochs`` are done; every epoch is in the log and the checkpoint before the next one begins.

    Raises:
        VdupError: the training ran away.
        OSError: a file cannot be written.
    """
    log = TrainingLog(output, kind)
    while not loop.records or loop.records[-1].epoch < epochs:
        record = loop.run_epoch() if loop.records else loop.start()
        # The checkpoint last: what it counts as done is in the log.
        log.write(loop.records)
        log.add_event(record)
        save_checkpoint(checkpoint_of(output), loop.state(settings))
        logger.info("%s", record)
        if report is not None:
            report(record)
