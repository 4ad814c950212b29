"""``+experiment=visil``: trains attention and video comparator of ViSiL on clips and edited copies of them."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from vdup.config import ViSiLVariant
from vdup.errors import ConfigError
from vdup.features.regional import build_regional_extractor
from vdup.report.printable import duration, printable
from vdup.visil import ViSiL
from vdup.visil.weights import save_visil

from ..config.experiments import TrainJobConfig
from ..config.visil import ViSiLExperiment
from ..families.batches import split_scenes
from ..families.view_cache import Progress
from ..loop.checkpoint import write_atomically
from ..loop.deterministic import deterministic
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from .loop import ViSiLLoop
from .record import ViSiLRecord
from .tracks import open_tracks
from .validation import Validation

logger = logging.getLogger(__name__)

Report = Callable[[ViSiLRecord], None]


@dataclass(frozen=True)
class ViSiLResult:
    """What a run has reached."""

    best: ViSiLRecord
    """The epoch whose weights were written."""
    without: Validation
    """What ViSiL_f, which has no weights, reaches on the same queries."""
    weights: Path
    """File for ``matcher.weights``."""
    variant: ViSiLVariant


def train_visil(config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None) -> ViSiLResult:
    """Trains and writes the weights of the best epoch to ``config.output``, with a log and a checkpoint beside it.

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
    if not isinstance(experiment, ViSiLExperiment):
        raise ConfigError("this training needs the settings of +experiment=visil")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    extractor = build_regional_extractor(config, experiment.whitening, experiment.dimensions)
    tracks = open_tracks(config, experiment, extractor, progress)
    settings = {**settings_of(config), "data": tracks.digest}
    with deterministic(extractor.device):
        earlier = earlier_state(checkpoint_of(config.output), settings, ViSiLRecord)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            model = ViSiL(experiment.variant, extractor.dimensions)
        try:
            split = split_scenes(tracks.scenes, experiment.validation_share, config.seed)
            loop = ViSiLLoop(model, tracks, split, experiment, config.seed, extractor.device)
        except ValueError as error:
            raise ConfigError(f"there is too little to learn from: {error}") from error
        if earlier is not None:
            loop.restore(earlier)
            logger.info("going on after epoch %d of %s", loop.records[-1].epoch, checkpoint_of(config.output))
        run_epochs(loop, ViSiLRecord, config.output, experiment.epochs, settings, report)
        plain = ViSiL(ViSiLVariant.f, extractor.dimensions).to(extractor.device)
        result = ViSiLResult(
            loop.best, loop.held_out.measure(plain, extractor.device), config.output, experiment.variant
        )
    save_visil(config.output, loop.take_best(), extractor.fingerprint)
    document = {**asdict(result.best), "visil_f": asdict(result.without), "settings": settings}
    write_atomically(config.output.with_suffix(".result.json"), (json.dumps(document, indent=2) + "\n").encode())
    return result


def epoch_line(record: ViSiLRecord) -> str:
    """One finished epoch on one line."""
    reached = f"micro-AP {record.average_precision:.4f}, recall {record.recall:.4f}"
    if record.loss is None:
        return f"start: {reached}, {duration(record.seconds)}"
    return (
        f"epoch {record.epoch}: loss {record.loss:.4f} (triplet {record.triplet:.4f}, regularisation "
        f"{record.regularisation:.4f}), {reached}, rate {record.learning_rate:.2e}, {duration(record.seconds)}"
    )


def after_training(result: ViSiLResult) -> str:
    """What was reached, beside the form without weights, and the settings that use the result."""
    return (
        f"best: epoch {result.best.epoch}, micro-AP {result.best.average_precision:.4f}, recall "
        f"{result.best.recall:.4f}; ViSiL_f: {result.without.average_precision:.4f}, {result.without.recall:.4f}\n"
        f"use it with: matcher=visil matcher.variant={result.variant.value} "
        f"matcher.weights={printable(str(result.weights))}"
    )
