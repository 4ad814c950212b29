"""``+experiment=lamv``: learns the coefficients of a Temporal Match Kernel on clips and edited copies of them."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from vdup.errors import ConfigError
from vdup.features.extractor import build_extractor
from vdup.report.printable import duration, printable
from vdup.temporal import LAMV

from ..config.experiments import TrainJobConfig
from ..config.lamv import LAMVExperiment
from ..families.batches import split_scenes
from ..families.view_cache import Progress
from ..loop.checkpoint import write_atomically
from ..loop.deterministic import deterministic
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from .loop import LAMVLoop
from .record import LAMVRecord
from .recordings import open_recordings

logger = logging.getLogger(__name__)

Report = Callable[[LAMVRecord], None]


@dataclass(frozen=True)
class LAMVResult:
    """What a run has reached."""

    start: LAMVRecord
    """The kernel before training."""
    best: LAMVRecord
    """The epoch whose coefficients were written."""
    weights: Path
    """File for ``matcher.weights``."""


def train_lamv(config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None) -> LAMVResult:
    """Trains and writes the coefficients of the best epoch to ``config.output``, with a log and a checkpoint beside it.

    A checkpoint of an earlier run with the same output and settings is gone on with.

    Args:
        config: settings.
        progress: told of every clip or video whose copies are made.
        report: told of every finished epoch.

    Raises:
        ConfigError: the data are too few, a setting does not fit, or the output is that of a run of other settings.
        WeightsError: weights are missing or damaged.
        VdupError: the loss is no longer a number.
        OSError: a file cannot be written.
    """
    experiment = config.experiment
    if not isinstance(experiment, LAMVExperiment):
        raise ConfigError("this training needs the settings of +experiment=lamv")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    extractor = build_extractor(config)
    recordings = open_recordings(config, experiment, extractor, progress)
    settings = {**settings_of(config), "data": recordings.digest}
    with deterministic(extractor.device):
        earlier = earlier_state(checkpoint_of(config.output), settings, LAMVRecord)
        model = LAMV(experiment.periods, experiment.m, experiment.normalization.value, experiment.beta)
        try:
            split = split_scenes(recordings.scenes, experiment.validation_share, config.seed)
            loop = LAMVLoop(model, recordings, split, experiment, config.seed, extractor.device)
        except ValueError as error:
            raise ConfigError(f"there is too little to learn from: {error}") from error
        if earlier is not None:
            loop.restore(earlier)
            logger.info("going on after epoch %d of %s", loop.records[-1].epoch, checkpoint_of(config.output))
        run_epochs(loop, LAMVRecord, config.output, experiment.epochs, settings, report)
    facts = {**extractor.fingerprint, "fps": experiment.fps, "clips": len(recordings.scenes), "seed": config.seed}
    loop.take_best().save(config.output, facts)
    result = LAMVResult(loop.records[0], loop.best, config.output)
    document = {**asdict(result.best), "before_training": asdict(result.start), "settings": settings}
    write_atomically(config.output.with_suffix(".result.json"), (json.dumps(document, indent=2) + "\n").encode())
    return result


def epoch_line(record: LAMVRecord) -> str:
    """One finished epoch on one line."""
    reached = f"offsets found {record.found:.4f}, margin {record.margin:.4f}"
    if record.loss is None:
        return f"start: {reached}, {duration(record.seconds)}"
    return (
        f"epoch {record.epoch}: loss {record.loss:.4f} (localisation {record.localisation:.4f}, recognition "
        f"{record.recognition:.4f}), {reached}, rate {record.learning_rate:.2e}, {duration(record.seconds)}"
    )


def after_training(result: LAMVResult) -> str:
    """What was reached, beside the kernel before training, and the settings that use the result."""
    return (
        f"best: epoch {result.best.epoch}, offsets found {result.best.found:.4f}, margin {result.best.margin:.4f}; "
        f"before training: {result.start.found:.4f}, {result.start.margin:.4f}\n"
        f"use it with: matcher=lamv matcher.weights={printable(str(result.weights))}"
    )
