"""One epoch after the other of a student that imitates a teacher."""

import time
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import VdupError
from vdup.types import RowArray

from ..config.distil import DistilExperiment
from ..families.nearest import nearest_others
from ..loop.checkpoint import Checkpoint
from ..loop.state import adamw, named_state, restore_state, schedule
from .losses import copy_loss, relation_loss, vector_loss
from .material import Material
from .record import DistilRecord
from .student import Student
from .validation import HeldOut

_PICTURES_FOR_THE_START = 1500
_AT_ONCE = 32


class DistilLoop:
    """A student in training. Equal settings and data give equal weights, on a CPU bit for bit."""

    records: list[DistilRecord]
    """Of the start and of every finished epoch."""

    def __init__(
        self,
        student: Student,
        material: Material,
        split: tuple[RowArray, RowArray],
        experiment: DistilExperiment,
        side_pixels: int,
        seed: int,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Takes a student at its start.

        Args:
            student: what learns.
            material: pictures and the teacher's vectors.
            split: numbers of the families for training and for validation.
            experiment: settings.
            side_pixels: side of the pictures in the last epochs.
            seed: of all that is drawn.
            start: weights of a student of another run to begin with; none: those that it has.

        Raises:
            ValueError: there are fewer pictures than a step takes, or too few for validation.
        """
        training, held_out = split
        self._student = student
        self._material = material
        self.held_out = HeldOut(material, held_out)
        self._experiment = experiment
        self._side_pixels = side_pixels
        self._seed = seed
        self._start = start
        self._training: dict[int, RowArray] = {}
        self._neighbours: dict[int, RowArray] = {}
        for side in sorted(experiment.sides(side_pixels)):
            numbers = material.present(training, side)
            if len(numbers) < experiment.batch_pictures:
                raise ValueError(f"{len(numbers)} training pictures of {side} pixels do not fill a step")
            self._training[side] = numbers
            self._neighbours[side] = nearest_others(material.teacher[numbers], experiment.neighbours)
        parts = [(student.trained, experiment.learning_rate), (student.head, experiment.learning_rate)]
        self._optimiser, self._rates = adamw(parts, experiment.weight_decay)
        self._best: dict[str, Tensor] = {}
        self.records = []

    @property
    def best(self) -> DistilRecord:
        """The epoch that imitates the teacher best, of those with pictures of full size if there are any."""
        return max(self.records, key=lambda record: (record.side_pixels, record.cosine, -record.epoch))

    def start(self) -> DistilRecord:
        """Fits the head to the features as they are, or takes the weights of another run, and validates.

        Raises:
            VdupError: these weights are of another network, or of a teacher with vectors of another length.
        """
        began = time.monotonic()
        if self._start is None:
            self._fit_head()
        else:
            try:
                self._student.load_state_dict(self._start)
            except RuntimeError as error:
                raise VdupError(
                    f"the run of experiment.start had another network or teacher ({error}); give one of this network"
                ) from error
        return self._finish(0, None, 0.0, began)

    def _fit_head(self) -> None:
        training = self._training[self._side_of(1)]
        count = min(len(training), _PICTURES_FOR_THE_START)
        chosen = training[np.arange(count) * len(training) // count]
        features, vectors = [], []
        self._student.eval()
        with torch.no_grad():
            for first in range(0, count, _AT_ONCE):
                some = chosen[first : first + _AT_ONCE]
                maps, teacher = self._material.batch(some, some % self._material.views, self._side_of(1))
                features.append(self._student.features(maps.to(self._student.device)))
                vectors.append(teacher.to(self._student.device))
        self._student.start_head(torch.cat(features), torch.cat(vectors))

    def run_epoch(self) -> DistilRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        # All that an epoch draws follows from its number, so a run that goes on draws the same.
        rng = np.random.default_rng([self._seed, 3, epoch])
        alike = [
            number for number in range(1, self._experiment.epochs + 1) if self._side_of(number) == self._side_of(epoch)
        ]
        steps = self._steps_of(epoch)
        sums = np.zeros(4)
        rate = 0.0
        self._student.train()
        for number, pictures in enumerate(self._batches(rng, epoch)):
            rate = self._set_learning_rate(epoch, alike.index(epoch) * steps + number, len(alike) * steps)
            sums += np.array(self._step(pictures, rng, epoch))
        return self._finish(epoch, sums / steps, rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[DistilRecord]:
        """All that :meth:`restore` needs."""
        tensors = named_state(self._student, self._best, self._optimiser)
        return Checkpoint(dict(settings), tuple(self.records), {}, tensors)

    def restore(self, checkpoint: Checkpoint[DistilRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: the state is of another model.
        """
        self._best = restore_state(checkpoint.tensors, self._student, self._optimiser)
        self.records = list(checkpoint.records)

    def take_best(self) -> Student:
        """The student with the weights of the best epoch, in evaluation mode."""
        self._student.load_state_dict(self._best)
        return self._student.eval()

    def _steps_of(self, epoch: int) -> int:
        return len(self._training[self._side_of(epoch)]) // self._experiment.batch_pictures

    def _batches(self, rng: np.random.Generator, epoch: int) -> list[RowArray]:
        """Families of every step: some in turn, and with each of them those nearest to it in the teacher's eyes."""
        training, neighbours = self._training[self._side_of(epoch)], self._neighbours[self._side_of(epoch)]
        size, steps = self._experiment.batch_pictures, self._steps_of(epoch)
        leaders = size // (1 + neighbours.shape[1])
        order = np.concatenate([rng.permutation(len(training)) for _ in range(1 + steps * leaders // size)])
        batches = []
        for step in range(steps):
            first = order[step * leaders : (step + 1) * leaders]
            places = np.concatenate([first, neighbours[first].ravel()])
            spare = rng.integers(len(training), size=size - len(places))
            batches.append(training[np.concatenate([places, spare])])
        return batches

    def _step(self, pictures: RowArray, rng: np.random.Generator, epoch: int) -> tuple[float, float, float, float]:
        """One step on two views of each picture; the loss and its three terms."""
        settings, student = self._experiment, self._student
        count = self._material.views
        one = rng.integers(count, size=len(pictures))
        other = (one + 1 + rng.integers(count - 1, size=len(pictures))) % count
        views = np.concatenate([one, other])
        maps, vectors = self._material.batch(np.tile(pictures, 2), views, self._side_of(epoch))
        found = student(maps.to(student.device))
        teacher = vectors.to(student.device)
        alike, relations = vector_loss(found, teacher), relation_loss(found, teacher)
        first, second = found.chunk(2)
        copies = copy_loss(first, second, torch.from_numpy(pictures).to(student.device), settings.temperature)
        total = alike + settings.relation_weight * relations + settings.copy_weight * copies
        if not bool(torch.isfinite(total)):
            raise VdupError(
                f"the loss is {float(total.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={settings.learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*student.trained.parameters(), *student.head.parameters()], settings.gradient_clip)
        self._optimiser.step()
        return tuple(float(term.detach()) for term in (total, alike, relations, copies))  # type: ignore[return-value]

    def _side_of(self, epoch: int) -> int:
        return self._experiment.side_of(epoch, self._side_pixels)

    def _set_learning_rate(self, epoch: int, step: int, steps: int) -> float:
        """Sets the rate for a step among those of the same size of pictures, which have a schedule of their own."""
        settings = self._experiment
        first = self._side_of(epoch) == self._side_of(1)
        highest = settings.learning_rate if first else settings.full_learning_rate
        factor = highest / settings.learning_rate * schedule(step, steps, settings.warmup)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        return settings.learning_rate * factor

    def _finish(self, epoch: int, means: NDArray[np.float64] | None, rate: float, began: float) -> DistilRecord:
        side = self._side_of(max(epoch, 1))
        result = self.held_out.measure(self._student, side)
        loss, vectors, relations, copies = (None, None, None, None) if means is None else means.tolist()
        record = DistilRecord(
            epoch=epoch,
            loss=loss,
            vectors=vectors,
            relations=relations,
            copies=copies,
            cosine=result.cosine,
            neighbours=result.neighbours,
            average_precision=result.copies.float_ap,
            recall=result.copies.recall,
            side_pixels=side,
            learning_rate=rate,
            seconds=time.monotonic() - began,
        )
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._student.state_dict().items()}
        return record
