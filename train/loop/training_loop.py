"""One epoch after the other: steps of AdamW, validation, and the state that lets a killed run go on."""

import time
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import VdupError
from vdup.types import CODE_BITS, FloatArray, RowArray

from ..config.losses import LossConfig
from ..config.triplet import TripletExperiment
from ..families.batches import FamilyBatch, Numbers, TrainingFamilies, draw_batches
from ..families.nearest import nearest_others
from ..network.code_regularisers import balance, decorrelation, koleo, quantisation
from ..network.losses import MetricLoss, relax
from ..network.trainable import TrainedModel
from .checkpoint import Checkpoint
from .epoch_record import EpochRecord
from .state import adamw, named_state, restore_state, schedule
from .validation import Validation, validate

_TERMS = ("loss", "metric", "entropy", "quantisation", "balance", "decorrelation")


class TrainingLoop:
    """A model in training. Equal settings and data give equal weights, on a CPU bit for bit."""

    records: list[EpochRecord]
    """Of the start and of every finished epoch."""

    def __init__(
        self,
        model: TrainedModel,
        families: TrainingFamilies,
        split: tuple[Numbers, Numbers],
        experiment: TripletExperiment,
        loss: LossConfig,
        seed: int,
        device: torch.device,
    ) -> None:
        """Takes a model at its start.

        Args:
            model: what learns, with its refiner; moved to the device.
            families: copies and their originals.
            split: numbers of the families for training and for validation.
            experiment: settings.
            loss: settings of the metric loss.
            seed: decides the order of the families.
            device: where to compute.
        """
        self._model = model.to(device)
        self._families = families
        self._training, self._validation = split
        self._experiment = experiment
        self._loss = MetricLoss(loss, experiment.memory).to(device)
        self._seed = seed
        self._device = device
        parts = ((model.refiner, experiment.learning_rate), (model.blocks, experiment.backbone_learning_rate))
        self._optimiser, self._rates = adamw(parts, experiment.weight_decay)
        self._steps_an_epoch = len(self._batches(1))
        self._autocast, scaling = _mixed_precision(device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=scaling)
        self._best: dict[str, Tensor] = {}
        self.records = []
        self.latest: Validation | None = None

    @property
    def best(self) -> EpochRecord:
        """The epoch whose codes found the copies best; of equals the earliest."""
        return max(self.records, key=lambda record: (record.code_ap, -record.epoch))

    def start(self) -> EpochRecord:
        """Validates the model before training.

        Raises:
            VdupError: there are no families to validate with.
        """
        began = time.monotonic()
        return self._finish(0, dict.fromkeys(_TERMS), 0.0, began)

    def run_epoch(self) -> EpochRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        self._loss.forget()
        sums = torch.zeros(len(_TERMS), dtype=torch.float64)
        rate = 0.0
        count = 0
        for batch in self._families.batches(self._batches(epoch, self._nearest()), epoch):
            # Videos that are edited while training give more batches than there are groups of videos.
            place = min(count, self._steps_an_epoch - 1)
            rate = self._set_learning_rate((epoch - 1) * self._steps_an_epoch + place)
            sums += self._step(batch, epoch)
            count += 1
        means = dict(zip(_TERMS, (sums / max(1, count)).tolist(), strict=True))
        return self._finish(epoch, means, rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[EpochRecord]:
        """All that :meth:`restore` needs."""
        tensors = named_state(self._model, self._best, self._optimiser)
        return Checkpoint(dict(settings), tuple(self.records), self._scaler.state_dict(), tensors)

    def restore(self, checkpoint: Checkpoint[EpochRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: the state is of another model.
        """
        self._best = restore_state(checkpoint.tensors, self._model, self._optimiser)
        if checkpoint.scaler:
            self._scaler.load_state_dict(checkpoint.scaler)
        self.records = list(checkpoint.records)

    def take_best(self) -> Validation:
        """Gives the model the weights of the best epoch and validates them in full."""
        self._model.load_state_dict(self._best)
        return self._validate()

    def _batches(self, epoch: int, nearest: RowArray | None = None) -> list[Numbers]:
        size = self._experiment.batch_families
        return draw_batches(self._training, self._families.scenes, size, self._seed, epoch, nearest)

    @torch.no_grad()
    def _nearest(self) -> RowArray | None:
        """The families whose codes, as they are now, come nearest to the code of each; none where none are wanted."""
        wanted = self._experiment.neighbours
        if not wanted:
            return None
        numbers: list[Numbers] = []
        codes: list[NDArray[np.float16]] = []
        for batch in self._families.originals(self._in_turn(self._training)):
            values = self._values(batch)[:, 0]
            numbers.append(batch.numbers)
            codes.append(np.where(values >= 0, 1, -1).astype(np.float16) / np.float16(np.sqrt(CODE_BITS)))
        nearest = np.full((len(self._families.scenes), wanted), -1, dtype=np.int64)
        if numbers:
            shown = np.concatenate(numbers)
            found = nearest_others(np.concatenate(codes), wanted)
            nearest[shown, : found.shape[1]] = shown[found]
        return nearest

    def _in_turn(self, numbers: Numbers) -> list[Numbers]:
        size = self._experiment.batch_families
        return [numbers[first : first + size] for first in range(0, len(numbers), size)]

    def _values(self, batch: FamilyBatch) -> FloatArray:
        """What the refiner gives, float32 [F, 1 + V, D]."""
        with torch.autocast(self._device.type, dtype=self._autocast, enabled=self._autocast is not None):
            result = self._model(family_rows(batch, self._device))
        values: FloatArray = result.float().cpu().numpy().reshape(*batch.inputs.shape[:2], CODE_BITS)
        return values

    def _step(self, batch: FamilyBatch, epoch: int) -> Tensor:
        settings = self._experiment
        inputs = family_rows(batch, self._device)
        labels = torch.from_numpy(batch.numbers).repeat_interleave(batch.inputs.shape[1]).to(self._device)
        with torch.autocast(self._device.type, dtype=self._autocast, enabled=self._autocast is not None):
            values = self._model(inputs)
        # Distances and logarithms need 32 bits.
        values = values.float()
        codes = relax(values, settings.binarisation)
        metric = self._loss(codes, labels)
        soft = torch.tanh(values)
        parts = [koleo(codes, labels), quantisation(values), balance(soft), decorrelation(soft)]
        weights = [
            settings.entropy_weight,
            settings.quantisation_weight,
            settings.balance_weight,
            settings.decorrelation_weight,
        ]
        total = metric + torch.stack([part * weight for part, weight in zip(parts, weights, strict=True)]).sum()
        if not bool(torch.isfinite(total)):
            raise VdupError(
                f"the loss is {float(total.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={settings.learning_rate} or experiment.backbone_learning_rate="
                f"{settings.backbone_learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(total).backward()
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self._parameters(), settings.gradient_clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return torch.stack([total, metric, *parts]).detach().double().cpu()

    def _parameters(self) -> Iterator[nn.Parameter]:
        return (parameter for parameter in self._model.parameters() if parameter.requires_grad)

    def _set_learning_rate(self, step: int) -> float:
        factor = schedule(step, self._steps_an_epoch * self._experiment.epochs, self._experiment.warmup)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        return self._experiment.learning_rate * factor

    def _finish(self, epoch: int, means: Mapping[str, float | None], rate: float, began: float) -> EpochRecord:
        self.latest = self._validate()
        record = EpochRecord(
            epoch=epoch,
            **{name: means[name] for name in _TERMS},
            code_ap=self.latest.code_ap,
            float_ap=self.latest.float_ap,
            recall=self.latest.recall,
            learning_rate=rate,
            seconds=time.monotonic() - began,
        )
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
        return record

    @torch.no_grad()
    def _validate(self) -> Validation:
        values: list[FloatArray] = []
        edits: list[tuple[str, ...]] = []
        for batch in self._families.batches(self._in_turn(self._validation), 0):
            values.append(self._values(batch))
            edits += batch.edits
        if not values:
            raise VdupError("no validation family can be made; look for warnings about unreadable files")
        return validate(np.concatenate(values), tuple(edits))


def family_rows(batch: FamilyBatch, device: torch.device) -> Tensor:
    """Families [F, 1 + V, ...] as rows [F * (1 + V), ...]; pictures with their colours first."""
    rows = torch.from_numpy(np.ascontiguousarray(batch.inputs)).flatten(0, 1).to(device)
    return rows.permute(0, 3, 1, 2) if rows.dtype == torch.uint8 else rows


def _mixed_precision(device: torch.device) -> tuple[torch.dtype | None, bool]:
    """Number format of the convolutions and products, none on a CPU, and whether gradients must be scaled for it."""
    if device.type != "cuda":
        return None, False
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16, False
    return torch.float16, True
