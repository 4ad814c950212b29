"""One epoch after the other of ViSiL's attention and video comparator."""

import time
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import VdupError
from vdup.types import RowArray
from vdup.visil import ViSiL

from ..config.visil import ViSiLExperiment
from ..loop.checkpoint import Checkpoint
from ..loop.state import adamw, named_state, restore_state, schedule
from .compose import Composer
from .losses import similarity_regularisation, triplet_loss
from .record import ViSiLRecord
from .tracks import ClipTracks
from .validation import HeldOut


class ViSiLLoop:
    """A model in training. Equal settings and data give equal weights, on a CPU bit for bit."""

    records: list[ViSiLRecord]
    """Of the start and of every finished epoch."""

    def __init__(
        self,
        model: ViSiL,
        tracks: ClipTracks,
        split: tuple[RowArray, RowArray],
        experiment: ViSiLExperiment,
        seed: int,
        device: torch.device,
    ) -> None:
        """Takes a model at its start.

        Args:
            model: what learns; moved to the device.
            tracks: clips and their copies.
            split: numbers of the clips for training and for validation.
            experiment: settings.
            seed: of all that is drawn.
            device: where to compute.

        Raises:
            ValueError: the training clips are all of one scene.
        """
        self._model = model.to(device)
        self._tracks = tracks
        self._training, held_out = split
        self._composer = Composer(tracks, self._training)
        self.held_out = HeldOut(tracks, held_out, self._composer, seed)
        self._experiment = experiment
        self._seed = seed
        self._device = device
        self._optimiser, self._rates = adamw([(model, experiment.learning_rate)], experiment.weight_decay)
        self._best: dict[str, Tensor] = {}
        self.records = []

    @property
    def best(self) -> ViSiLRecord:
        """The epoch that ranked the copies best; of equals the earliest."""
        return max(self.records, key=lambda record: (record.average_precision, -record.epoch))

    def start(self) -> ViSiLRecord:
        """Validates the model before training."""
        return self._finish(0, None, 0.0, time.monotonic())

    def run_epoch(self) -> ViSiLRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        settings = self._experiment
        # All that an epoch draws follows from its number, so a run that goes on draws the same.
        rng = np.random.default_rng([self._seed, 2, epoch])
        order = rng.permutation(np.repeat(self._training, settings.triplets_a_clip))
        batches = [
            order[first : first + settings.batch_triplets] for first in range(0, len(order), settings.batch_triplets)
        ]
        sums = np.zeros(3)
        rate = 0.0
        for number, clips in enumerate(batches):
            rate = self._set_learning_rate((epoch - 1) * len(batches) + number, len(batches) * settings.epochs)
            sums += np.array(self._step(clips, rng, epoch)) * len(clips)
        return self._finish(epoch, sums / len(order), rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[ViSiLRecord]:
        """All that :meth:`restore` needs."""
        return Checkpoint(
            dict(settings), tuple(self.records), {}, named_state(self._model, self._best, self._optimiser)
        )

    def restore(self, checkpoint: Checkpoint[ViSiLRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: the state is of another model.
        """
        self._best = restore_state(checkpoint.tensors, self._model, self._optimiser)
        self.records = list(checkpoint.records)

    def take_best(self) -> ViSiL:
        """The model with the weights of the best epoch."""
        self._model.load_state_dict(self._best)
        return self._model

    def _step(self, clips: RowArray, rng: np.random.Generator, epoch: int) -> tuple[float, float, float]:
        """One step on a triplet of each clip; the loss and its two terms."""
        settings = self._experiment
        ranks: list[Tensor] = []
        beyond: list[Tensor] = []
        for clip in clips.tolist():
            query, *others = self._composer.triplet(clip, rng)
            references = torch.from_numpy(np.stack([self._tracks.gather(rows) for rows in others])).to(self._device)
            scores, maps = self._model(torch.from_numpy(self._tracks.gather(query)).to(self._device), references)
            ranks.append(triplet_loss(scores[0], scores[1], settings.margin))
            beyond.append(similarity_regularisation(maps))
        triplet, regularisation = torch.stack(ranks).mean(), torch.stack(beyond).mean()
        total = triplet + settings.regularisation * regularisation
        if not bool(torch.isfinite(total)):
            raise VdupError(
                f"the loss is {float(total.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={settings.learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), settings.gradient_clip)
        self._optimiser.step()
        if self._model.attention is not None:
            self._model.attention.constrain()
        return float(total.detach()), float(triplet.detach()), float(regularisation.detach())

    def _set_learning_rate(self, step: int, steps: int) -> float:
        factor = schedule(step, steps, self._experiment.warmup)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        return self._experiment.learning_rate * factor

    def _finish(self, epoch: int, means: NDArray[np.float64] | None, rate: float, began: float) -> ViSiLRecord:
        result = self.held_out.measure(self._model, self._device)
        loss, triplet, regularisation = (None, None, None) if means is None else means.tolist()
        record = ViSiLRecord(
            epoch,
            loss,
            triplet,
            regularisation,
            result.average_precision,
            result.recall,
            rate,
            time.monotonic() - began,
        )
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
        return record
