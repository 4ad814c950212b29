"""``+experiment=triplet``: trains the refiner, and the backbone if wanted, on pictures and edited copies of them."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from vdup.codes.refiner import Refiner, save_refiner
from vdup.config import BackboneConfig, EfficientNetLiteConfig, Precision, Tuning
from vdup.errors import ConfigError, WeightsError
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.extractor import build_extractor
from vdup.features.fine_tuning import save_fine_tuning
from vdup.types import FloatArray

from ..closed_form.initial_refiner import initial_refiner
from ..config.experiments import TrainJobConfig
from ..config.triplet import TripletExperiment
from ..families.batches import Numbers, TrainingFamilies, split_scenes
from ..families.view_features import ViewFeatures
from ..loop.checkpoint import Checkpoint, write_atomically
from ..loop.deterministic import deterministic
from ..loop.epoch_record import EpochRecord
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from ..loop.training_loop import TrainingLoop, family_rows
from ..loop.validation import Validation
from ..network.trainable import SplitModel, TrainedModel, split_model
from ..network.tuned import tuned_backbone
from .family_files import open_families

logger = logging.getLogger(__name__)

_FAMILIES_FOR_THE_START = 6000
"""Families that the closed form is fitted on; more take longer and change little."""

Progress = Callable[[int, int], None]
Report = Callable[[EpochRecord], None]


@dataclass(frozen=True)
class TrainingResult:
    """What a run has reached."""

    best: EpochRecord
    """The epoch whose weights were written."""
    validation: Validation
    """Its results in full."""
    refiner: Path
    """File for ``refiner.weights``."""
    backbone: Path | None
    """File for ``backbone.weights``; none when the backbone was not trained."""


def train_triplet(
    config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None
) -> TrainingResult:
    """Trains and writes the weights of the best epoch to ``config.output``, with a log and a checkpoint beside it.

    A checkpoint of an earlier run with the same output and settings is gone on with.

    Args:
        config: settings.
        progress: told of every photograph or video whose copies are made.
        report: told of every finished epoch.

    Raises:
        ConfigError: the data are too few, a setting does not fit, or the output is that of a run of other settings.
        WeightsError: weights are missing or damaged.
        VdupError: the loss is no longer a number.
        OSError: a file cannot be written.
    """
    experiment = config.experiment
    if not isinstance(experiment, TripletExperiment):
        raise ConfigError("this training needs the settings of +experiment=triplet")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    split = split_model(config, experiment.trainable)
    with deterministic(split.device), open_families(config, experiment, split, progress) as (families, digest):
        settings = {**settings_of(config), "data": digest}
        earlier = earlier_state(checkpoint_of(config.output), settings, EpochRecord)
        try:
            numbers = split_scenes(families.scenes, experiment.validation_share, config.seed)
            if earlier is None:
                features = _features(split.trained, families, numbers[0], experiment, split.device)
        except ValueError as error:
            raise ConfigError(f"there is too little to learn from: {error}") from error
        if earlier is None:
            split.trained.refiner = initial_refiner(
                experiment.init, config.refiner, features, split.fingerprint, config.seed
            )
        else:
            split.trained.refiner = refiner_like(earlier)
        loop = TrainingLoop(split.trained, families, numbers, experiment, config.loss, config.seed, split.device)
        if earlier is not None:
            loop.restore(earlier)
            logger.info("going on after epoch %d of %s", loop.records[-1].epoch, checkpoint_of(config.output))
        run_epochs(loop, EpochRecord, config.output, experiment.epochs, settings, report)
        validation = loop.take_best()
    backbone = _write_weights(config, split)
    result = TrainingResult(loop.best, validation, config.output, backbone)
    _write_result(config.output.with_suffix(".result.json"), result, config)
    return result


def refiner_like(checkpoint: Checkpoint[EpochRecord]) -> Refiner:
    """A refiner of the same widths as the one in a checkpoint.

    Raises:
        WeightsError: the checkpoint has no refiner.
    """
    layers = [
        checkpoint.tensors[name]
        for number in range(len(checkpoint.tensors))
        if (name := f"model.refiner.layers.{number}.weight") in checkpoint.tensors
    ]
    if not layers:
        raise WeightsError("the checkpoint has no refiner; remove it to train from the start")
    return Refiner([layers[0].shape[1], *(layer.shape[0] for layer in layers)])


@torch.no_grad()
def _features(
    trained: TrainedModel,
    families: TrainingFamilies,
    numbers: Numbers,
    experiment: TripletExperiment,
    device: torch.device,
) -> ViewFeatures:
    """Features of the training families as they are before training."""
    count = min(len(numbers), _FAMILIES_FOR_THE_START)
    chosen = numbers[np.arange(count) * len(numbers) // count]
    size = experiment.batch_families
    batches = [chosen[first : first + size] for first in range(0, count, size)]
    trained.to(device)
    parts: list[FloatArray] = []
    for batch in families.batches(batches, 0):
        rows = trained.features(family_rows(batch, device)).float().cpu().numpy()
        parts.append(rows.reshape(*batch.inputs.shape[:2], -1))
    if not parts:
        raise ValueError("none of the photographs and videos can be used")
    every = np.concatenate(parts)
    return ViewFeatures(every[:, 0], every[:, 1:])


def _write_weights(config: TrainJobConfig, split: SplitModel) -> Path | None:
    """Writes the trained weights; returns the file of the backbone's."""
    fingerprint = split.fingerprint
    path: Path | None = None
    if split.backbone is not None:
        path = config.output.with_suffix(".backbone.safetensors")
        try:
            save_fine_tuning(path, split.backbone.name, _changed(split.backbone, config.backbone))
        except ValueError as error:
            raise WeightsError(f"{path} cannot be written: {error}; lower experiment.backbone_learning_rate") from error
        fingerprint = build_extractor(replace(config, backbone=tuned_backbone(config.backbone, path))).fingerprint
    # Half precision moves few signs, and the file is half as large.
    save_refiner(config.output, split.trained.refiner.half(), fingerprint)
    return path


def _changed(backbone: Backbone, config: BackboneConfig) -> dict[str, torch.Tensor]:
    """Weights that differ from the published ones; all of them where the published ones are not at hand offline."""
    tensors = {name: tensor.detach().cpu() for name, tensor in backbone.trunk.state_dict().items()}
    if not isinstance(config, EfficientNetLiteConfig):
        return tensors
    plain = replace(config, weights=None, tuning=Tuning.none, precision=Precision.float32, device="cpu")
    published = build_backbone(plain).trunk.state_dict()
    return {name: tensor for name, tensor in tensors.items() if not torch.equal(tensor, published[name])}


def _write_result(path: Path, result: TrainingResult, config: TrainJobConfig) -> None:
    document = {
        **asdict(result.best),
        "recall_by_edit": result.validation.recall_by_edit,
        "refiner": str(result.refiner),
        "backbone": None if result.backbone is None else str(result.backbone),
        "settings": settings_of(config),
    }
    write_atomically(path, (json.dumps(document, indent=2) + "\n").encode())
