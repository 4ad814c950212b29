"""``+experiment=distil``: trains a backbone to give a teacher's vectors, and fits the refiner of their codes."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from vdup.codes.refiner import Refiner, save_refiner
from vdup.config import EfficientNetLiteConfig
from vdup.errors import ConfigError, WeightsError
from vdup.features.extractor import build_extractor
from vdup.features.fine_tuning import save_fine_tuning
from vdup.features.published import network_name, published_network
from vdup.features.trunk import fold_batch_norms
from vdup.report.printable import duration, printable
from vdup.types import CODE_BITS, FloatArray, RowArray

from ..closed_form.rotation import fit_rotation
from ..config.distil import DistilExperiment
from ..config.experiments import TrainJobConfig
from ..families.batches import split_scenes
from ..families.view_features import ViewFeatures
from ..loop.checkpoint import load_checkpoint, write_atomically
from ..loop.deterministic import deterministic
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from ..loop.validation import Validation
from ..network.tuned import tuned_backbone
from .loop import DistilLoop
from .material import Material, Progress, open_material, teacher_of_copies
from .record import DistilRecord
from .student import Student

logger = logging.getLogger(__name__)

Report = Callable[[DistilRecord], None]

_PICTURES_FOR_THE_CODE = 4000
"""Originals that the rotation and the thresholds of the bits are fitted on."""
_AT_ONCE = 32


@dataclass(frozen=True)
class DistilResult:
    """What a run has reached."""

    best: DistilRecord
    """The epoch whose weights were written."""
    teacher: Validation
    """How the teacher itself finds the same copies."""
    refiner: Path
    """File for ``refiner.weights``."""
    backbone: Path
    """File for ``backbone.weights``."""


def train_distil(
    config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None
) -> DistilResult:
    """Trains and writes the weights of the best epoch, with a log and a checkpoint beside them.

    The backbone goes to ``config.output`` with the ending ``.backbone.safetensors``, the refiner to ``config.output``.
    An interrupted run with the same output and settings continues from its last finished epoch.

    Args:
        config: settings.
        progress: told of every photograph or video whose views are made.
        report: told of every finished epoch.

    Raises:
        ConfigError: the data are too few, a setting does not fit, or the output is that of a run of other settings.
        WeightsError: weights are missing or damaged.
        VdupError: the loss is no longer a number.
        OSError: a file cannot be written.
    """
    experiment = config.experiment
    if not isinstance(experiment, DistilExperiment):
        raise ConfigError("this training needs the settings of +experiment=distil")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        # Built before the views are made: what does not fit is told at once.
        student = Student(config, experiment.frozen_stages, 1)
    material = open_material(config, experiment, student, progress)
    with deterministic(student.device):
        settings = {**settings_of(config), "teacher": type(config.teacher).__name__, "data": material.digest}
        earlier = earlier_state(checkpoint_of(config.output), settings, DistilRecord)
        student.set_length(material.teacher.shape[1])
        try:
            split = split_scenes(material.scenes, experiment.validation_share, config.seed)
            side, start = config.backbone.image_side_pixels, None if earlier is not None else _start(experiment.start)
            loop = DistilLoop(student, material, split, experiment, side, config.seed, start)
        except ValueError as error:
            raise ConfigError(
                f"there is too little to learn from: {error}; give more pictures, or raise experiment.full_share="
                f"{experiment.full_share} or experiment.validation_share={experiment.validation_share}"
            ) from error
        if earlier is not None:
            loop.restore(earlier)
            logger.info("continuing after epoch %d of %s", loop.records[-1].epoch, checkpoint_of(config.output))
        run_epochs(loop, DistilRecord, config.output, experiment.epochs, settings, report)
        loop.take_best()
        backbone = _write_backbone(config, student)
        _write_refiner(config, student, material, split[0], backbone)
        side = loop.best.side_pixels
        vectors = teacher_of_copies(config, experiment, loop.held_out.scenes(side), progress)
        teacher = loop.held_out.measure_teacher(vectors, side)
    result = DistilResult(loop.best, teacher, config.output, backbone)
    document = {
        **asdict(result.best),
        "teacher": asdict(result.teacher),
        "refiner": str(result.refiner),
        "backbone": str(result.backbone),
        "settings": settings,
    }
    write_atomically(config.output.with_suffix(".result.json"), (json.dumps(document, indent=2) + "\n").encode())
    return result


def _start(path: Path | None) -> dict[str, torch.Tensor] | None:
    """The best weights of the run that the training starts from."""
    if path is None:
        return None
    tensors = load_checkpoint(path, DistilRecord).tensors
    return {name.removeprefix("best."): tensor for name, tensor in tensors.items() if name.startswith("best.")}


def _write_backbone(config: TrainJobConfig, student: Student) -> Path:
    """Writes the trained weights: those that differ from the published ones, where these are at hand offline."""
    path = config.output.with_suffix(".backbone.safetensors")
    weights = dict(student.folded_weights())
    if isinstance(config.backbone, EfficientNetLiteConfig):
        published = published_network(config.backbone).trunk
        fold_batch_norms(published)
        before = published.state_dict()
        weights = {name: tensor for name, tensor in weights.items() if not torch.equal(tensor, before[name])}
    try:
        save_fine_tuning(path, network_name(config.backbone), weights)
    except ValueError as error:
        raise WeightsError(f"{path} cannot be written: {error}; lower experiment.learning_rate") from error
    return path


def _write_refiner(
    config: TrainJobConfig, student: Student, material: Material, training: RowArray, backbone: Path
) -> None:
    """Fits the code on the student's vectors in closed form: see :mod:`~vdup.train.closed_form.rotation`."""
    side_pixels = max(material.maps)
    training = material.present(training, side_pixels)
    count = min(len(training), _PICTURES_FOR_THE_CODE)
    chosen = training[np.arange(count) * len(training) // count]
    parts: list[FloatArray] = []
    with torch.no_grad():
        for first in range(0, count, _AT_ONCE):
            some = chosen[first : first + _AT_ONCE]
            views = np.tile(np.arange(material.views), len(some))
            maps, _ = material.batch(np.repeat(some, material.views), views, side_pixels)
            parts.append(student.features(maps.to(student.device)).float().cpu().numpy())
    head = student.head.weight.detach().cpu().double().numpy()
    bias = student.head.bias.detach().cpu().double().numpy()
    if len(head) > CODE_BITS:  # the strongest directions, as many as there are bits
        given = np.concatenate(parts).astype(np.float64) @ head.T
        _, directions = np.linalg.eigh(np.cov(given, rowvar=False))
        strongest = directions[:, -CODE_BITS:].T
        head, bias = strongest @ head, strongest @ bias
    vectors = np.concatenate(parts).astype(np.float64) @ head.T + bias
    vectors = vectors.reshape(count, -1, len(head)).astype(np.float32)
    weights, thresholds = fit_rotation(ViewFeatures(vectors[:, 0], vectors[:, 1:]), CODE_BITS, config.seed)
    refiner = Refiner([head.shape[1], CODE_BITS])
    refiner.load_state_dict(
        {
            "layers.0.weight": torch.from_numpy(weights @ head),
            "layers.0.bias": torch.from_numpy(weights @ bias + thresholds),
        }
    )
    tuned = replace(config, backbone=tuned_backbone(config.backbone, backbone))
    save_refiner(config.output, refiner.half(), build_extractor(tuned).fingerprint)


def epoch_line(record: DistilRecord) -> str:
    """One finished epoch on one line."""
    reached = (
        f"cosine {record.cosine:.4f}, neighbours {record.neighbours:.3f}, micro-AP {record.average_precision:.4f}, "
        f"recall {record.recall:.4f} at {record.side_pixels} pixels"
    )
    if record.loss is None:
        return f"start: {reached}, {duration(record.seconds)}"
    return (
        f"epoch {record.epoch}: loss {record.loss:.4f} (vectors {record.vectors:.4f}, relations "
        f"{record.relations:.5f}, copies {record.copies:.4f}), {reached}, rate {record.learning_rate:.2e}, "
        f"{duration(record.seconds)}"
    )


def after_training(result: DistilResult) -> str:
    """What was reached, beside the teacher, and the settings that use the result."""
    best, teacher = result.best, result.teacher
    use = f"refiner.weights={printable(str(result.refiner))} backbone.weights={printable(str(result.backbone))}"
    return (
        f"best: epoch {best.epoch}, cosine {best.cosine:.4f}, micro-AP {best.average_precision:.4f}, recall "
        f"{best.recall:.4f}; the teacher: {teacher.float_ap:.4f}, {teacher.recall:.4f}\n"
        f"use it with: {use}\n"
        f"searching needs a calibration for these codes: python -m vdup.train +experiment=calibration "
        f"data.images=DIR {use}"
    )
