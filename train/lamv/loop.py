"""One epoch after the other of LAMV's kernel."""

import time
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import VdupError
from vdup.temporal import LAMV
from vdup.types import RowArray

from ..config.lamv import LAMVExperiment
from ..loop.checkpoint import Checkpoint
from ..loop.state import adamw, named_state, restore_state, schedule
from .alignments import NEAR_FRAMES, Alignments, draw_alignments
from .loss import AlignmentLoss, alignment_loss
from .record import LAMVRecord
from .recordings import Recordings

UNITS_A_SECOND = 15.0
"""Kernels count time in frames at this rate, whatever the rate of the clips."""

_VALIDATIONS_A_CLIP = 4


class LAMVLoop:
    """A kernel in training. Equal settings and data give equal coefficients, on a CPU bit for bit."""

    records: list[LAMVRecord]
    """Of the start and of every finished epoch."""

    def __init__(
        self,
        model: LAMV,
        recordings: Recordings,
        split: tuple[RowArray, RowArray],
        experiment: LAMVExperiment,
        seed: int,
        device: torch.device,
    ) -> None:
        """Takes a kernel at its start.

        Args:
            model: what learns; moved to the device.
            recordings: clips and their copies.
            split: numbers of the clips for training and for validation.
            experiment: settings.
            seed: of all that is drawn.
            device: where to compute.

        Raises:
            ValueError: the clips for training or those for validation are all of one scene.
        """
        self._model = model.to(device)
        self._recordings = recordings
        self._training, held_out = split
        self._experiment = experiment
        self._seed = seed
        self._device = device
        self._optimiser, self._rates = adamw([(model, experiment.learning_rate)], weight_decay=0.0)
        self._best: dict[str, Tensor] = {}
        self.records = []
        if len(np.unique(recordings.scenes[self._training])) < 2:
            raise ValueError("the clips for training are all of one scene")
        rng = np.random.default_rng([seed, 3])
        size = experiment.batch_alignments
        repeated = np.repeat(held_out, _VALIDATIONS_A_CLIP)
        self._held_out = [
            draw_alignments(recordings, repeated[first : first + size], held_out, experiment, rng)
            for first in range(0, len(repeated), size)
        ]

    @property
    def best(self) -> LAMVRecord:
        """The epoch that found most offsets, of equals the one with the largest margin, of these the earliest."""
        return max(self.records, key=lambda record: (record.found, record.margin, -record.epoch))

    def start(self) -> LAMVRecord:
        """Validates the kernel before training."""
        return self._finish(0, None, 0.0, time.monotonic())

    def run_epoch(self) -> LAMVRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        settings = self._experiment
        # All that an epoch draws follows from its number, so a run that goes on draws the same.
        rng = np.random.default_rng([self._seed, 2, epoch])
        order = rng.permutation(np.repeat(self._training, settings.alignments_a_clip))
        size = settings.batch_alignments
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        sums = np.zeros(3)
        rate = 0.0
        for number, clips in enumerate(batches):
            rate = self._set_learning_rate((epoch - 1) * len(batches) + number, len(batches) * settings.epochs)
            drawn = draw_alignments(self._recordings, clips, self._training, settings, rng)
            sums += np.array(self._step(drawn.to(self._device), epoch)) * len(clips)
        return self._finish(epoch, sums / len(order), rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[LAMVRecord]:
        """All that :meth:`restore` needs."""
        return Checkpoint(
            dict(settings), tuple(self.records), {}, named_state(self._model, self._best, self._optimiser)
        )

    def restore(self, checkpoint: Checkpoint[LAMVRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: the state is of another model.
        """
        self._best = restore_state(checkpoint.tensors, self._model, self._optimiser)
        self.records = list(checkpoint.records)

    def take_best(self) -> LAMV:
        """The kernel with the coefficients of the best epoch."""
        self._model.load_state_dict(self._best)
        return self._model

    def _step(self, alignments: Alignments, epoch: int) -> tuple[float, float, float]:
        """One step of the optimiser; the loss and its two terms."""
        settings = self._experiment
        true, matched, others = self._scores(alignments)
        loss: AlignmentLoss = alignment_loss(
            true,
            matched,
            alignments.far,
            others,
            alignments.overlapping,
            margin=settings.margin,
            proposals=settings.proposals,
            recognition_weight=settings.recognition_weight,
        )
        if not bool(torch.isfinite(loss.total)):
            raise VdupError(
                f"the loss is {float(loss.total.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={settings.learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), settings.gradient_clip)
        self._optimiser.step()
        return float(loss.total.detach()), float(loss.localisation.detach()), float(loss.recognition.detach())

    def _scores(self, alignments: Alignments) -> tuple[Tensor, Tensor, Tensor]:
        """Scores at the true offset [B], on the grid with the original, and on the grid with the other video [B, G]."""
        excerpts, originals, others = (
            self._describe(part) for part in (alignments.excerpts, alignments.originals, alignments.others)
        )
        grid = alignments.grid[None] * self._frame_units
        true_offsets = alignments.offsets[:, None] * self._frame_units
        offsets = torch.cat((true_offsets, grid.expand(len(true_offsets), -1)), dim=1)
        scores = self._model.score_pair(excerpts, originals, offsets)
        return scores[:, 0], scores[:, 1:], self._model.score_pair(excerpts, others, grid)

    def _describe(self, features: Tensor) -> Tensor:
        times = torch.arange(features.shape[1], dtype=torch.float64, device=self._device) * self._frame_units
        return self._model.single_fv(features, times.expand(len(features), -1))

    @property
    def _frame_units(self) -> float:
        return UNITS_A_SECOND / self._experiment.fps

    def _set_learning_rate(self, step: int, steps: int) -> float:
        factor = schedule(step, steps, self._experiment.warmup)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        return self._experiment.learning_rate * factor

    @torch.no_grad()
    def _validate(self) -> tuple[float, float]:
        """Share of offsets found, and mean margin."""
        found: list[Tensor] = []
        margins: list[Tensor] = []
        for drawn in self._held_out:
            alignments = drawn.to(self._device)
            true, matched, others = self._scores(alignments)
            apart = ~alignments.overlapping
            matched, others = matched.masked_fill(apart, -torch.inf), others.masked_fill(apart, -torch.inf)
            chosen = alignments.grid[matched.argmax(dim=1)]
            found.append((chosen - alignments.offsets).abs() <= NEAR_FRAMES)
            wrong = torch.cat((matched.masked_fill(~alignments.far, -torch.inf), others), dim=1)
            margins.append(true - wrong.amax(dim=1))
        return float(torch.cat(found).double().mean()), float(torch.cat(margins).double().mean())

    def _finish(self, epoch: int, means: NDArray[np.float64] | None, rate: float, began: float) -> LAMVRecord:
        found, margin = self._validate()
        loss, localisation, recognition = (None, None, None) if means is None else means.tolist()
        record = LAMVRecord(epoch, loss, localisation, recognition, found, margin, rate, time.monotonic() - began)
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
        return record
