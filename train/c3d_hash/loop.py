"""Epochs of the hash network: steps of SGD, validation, and the state that lets a killed run go on."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import VdupError
from vdup.hashing.hasher import clip_values
from vdup.hashing.network import HashNetwork, centre_crop
from vdup.types import FloatArray

from ..config.c3d_hash import C3DHashExperiment
from ..loop.checkpoint import Checkpoint
from ..loop.epoch_record import Record
from ..loop.state import named_state, restore_state, schedule
from ..network.code_regularisers import quantisation
from .action_clips import LabelledClips
from .batches import Numbers, draw_batches
from .first_statistics import take_statistics
from .learner import HashLearner
from .ranking_loss import triplet_ranking_loss
from .retrieval import Retrieval, retrieve_among_themselves

_CLIPS_AT_ONCE = 64
_CLIPS_FOR_THE_START = 256
_START_BATCH = 32
_PRETRAINED = "start.pretrained"
"""Tensor of a checkpoint: 1 for a run that began with Kinetics weights."""
_TERMS = ("loss", "metric", "classification", "quantisation")


@dataclass(frozen=True)
class HashRecord(Record):
    """Of ``+experiment=c3d_hash``. Losses are means over the batches; the start, epoch 0, has none."""

    losses: ClassVar[tuple[str, ...]] = _TERMS
    results: ClassVar[tuple[str, ...]] = ("code_ap", "float_ap")

    metric: float | None
    """The triplet ranking loss alone, in bits; :attr:`loss` is this and the two weighted terms below."""
    classification: float | None
    """Cross-entropy of the classes, in nats; 0 where it has no weight."""
    quantisation: float | None
    code_ap: float
    """Validation: mean average precision by the Hamming distance of the codes."""
    float_ap: float
    """Validation: the same by the values before they become bits."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    """Time that the epoch took, validation included."""


class HashLoop:
    """A hash network in training. Equal settings and data give equal weights, on a CPU bit for bit."""

    records: list[HashRecord]
    """Of the start and of every finished epoch."""

    def __init__(
        self,
        network: HashNetwork,
        clips: LabelledClips,
        split: tuple[Numbers, Numbers],
        experiment: C3DHashExperiment,
        seed: int,
        device: torch.device,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Takes a network at its start.

        Args:
            network: what learns; moved to the device.
            clips: training clips.
            split: numbers of those that train and of those that validate.
            experiment: settings.
            seed: decides batches, crops and flips.
            device: where to compute.
            progress: told of every batch how many clips have trained, of those of all epochs.
        """
        self._network = network.to(device)
        self._clips = clips
        _, classes = np.unique(clips.labels, return_inverse=True)
        self._classes = torch.from_numpy(classes)
        self._learner = HashLearner(network, int(classes.max()) + 1, seed).to(device)
        self._sources = clips.sources
        self._training, self._validation = split
        self._experiment = experiment
        self._seed = seed
        self._device = device
        self._progress = progress
        self._optimiser = torch.optim.SGD(
            self._learner.parameters(),
            experiment.learning_rate,
            momentum=experiment.momentum,
            weight_decay=experiment.weight_decay,
        )
        self._steps_an_epoch = len(self._batches(1))
        self._half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        self._best: dict[str, Tensor] = {}
        self.pretrained = False
        self.records = []

    @property
    def best(self) -> HashRecord:
        """The epoch whose codes found clips of their class best; of equals the earliest."""
        return max(self.records, key=lambda record: (record.code_ap, -record.epoch))

    def start(self) -> HashRecord:
        """Gives the network its first statistics and validates the network before training."""
        chosen = np.random.default_rng([self._seed, 3]).permutation(self._training)[:_CLIPS_FOR_THE_START]
        parts = np.array_split(chosen, math.ceil(len(chosen) / _START_BATCH))
        batches = (centre_crop(self._clips.load(part), self._experiment.side_pixels) for part in parts)
        take_statistics(self._network, batches, self._device, trunk_too=not self.pretrained)
        return self._finish(0, dict.fromkeys(_TERMS), 0.0, time.monotonic())

    def run_epoch(self) -> HashRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        rng = np.random.default_rng([self._seed, 2, epoch])
        batches = self._batches(epoch)
        sums = torch.zeros(len(_TERMS), dtype=torch.float64)
        rate = 0.0
        self._network.train()
        for place, numbers in enumerate(batches):
            # The number of batches may differ a little between epochs.
            step = (epoch - 1) * self._steps_an_epoch + min(place, self._steps_an_epoch - 1)
            rate = self._set_learning_rate(step)
            sums += self._step(numbers, rng, epoch)
            if self._progress is not None:
                done = (epoch - 1) * len(self._training) + (place + 1) * len(self._training) // len(batches)
                self._progress(done, self._experiment.epochs * len(self._training))
        means = dict(zip(_TERMS, (sums / len(batches)).tolist(), strict=True))
        return self._finish(epoch, means, rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[HashRecord]:
        """All that :meth:`restore` needs."""
        tensors = named_state(self._learner, self._best, self._optimiser)
        tensors[_PRETRAINED] = torch.tensor(int(self.pretrained))
        return Checkpoint(dict(settings), tuple(self.records), {}, tensors)

    def restore(self, checkpoint: Checkpoint[HashRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: the state is of another network.
        """
        self._best = restore_state(checkpoint.tensors, self._learner, self._optimiser)
        self.pretrained = bool(checkpoint.tensors.get(_PRETRAINED, torch.tensor(0)))
        self.records = list(checkpoint.records)

    def take_best(self) -> None:
        """Gives the network the weights of the best epoch."""
        self._network.load_state_dict(self._best)

    def values(self, clips: LabelledClips, numbers: Numbers) -> FloatArray:
        """What the network gives for clips as they are, float32 [len(numbers), bits]."""
        return values_of(self._network, clips, numbers, self._device)

    def _batches(self, epoch: int) -> list[Numbers]:
        settings = self._experiment
        return draw_batches(
            self._training,
            self._clips.labels,
            self._sources,
            settings.batch_classes,
            settings.batch_clips,
            self._seed,
            epoch,
        )

    def _step(self, numbers: Numbers, rng: np.random.Generator, epoch: int) -> Tensor:
        settings = self._experiment
        clips = torch.from_numpy(augment(self._clips.load(numbers), settings.side_pixels, settings.flip, rng))
        labels = self._classes[torch.from_numpy(numbers)].to(self._device)
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._half):
            values = self._network(clips.to(self._device))
        values = values.float()  # distances need 32 bits
        codes = torch.tanh(values)
        metric = triplet_ranking_loss(codes, labels, settings.margin_bits, settings.triplets)
        classes = metric.new_zeros(())
        if settings.classification_weight:
            classes = nn.functional.cross_entropy(self._learner.classifier(codes), labels)
        far_from_signs = quantisation(values)
        total = metric + settings.classification_weight * classes + settings.quantisation_weight * far_from_signs
        if not bool(torch.isfinite(total)):
            raise VdupError(
                f"the loss is {float(total.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={settings.learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._learner.parameters(), settings.gradient_clip)
        self._optimiser.step()
        return torch.stack([total, metric, classes, far_from_signs]).detach().double().cpu()

    def _set_learning_rate(self, step: int) -> float:
        settings = self._experiment
        rate = settings.learning_rate * schedule(step, self._steps_an_epoch * settings.epochs, settings.warmup)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _finish(self, epoch: int, means: Mapping[str, float | None], rate: float, began: float) -> HashRecord:
        found: Retrieval = retrieve_among_themselves(
            self.values(self._clips, self._validation), self._clips.labels[self._validation]
        )
        record = HashRecord(
            epoch=epoch,
            **{name: means[name] for name in _TERMS},
            code_ap=found.code_ap,
            float_ap=found.float_ap,
            learning_rate=rate,
            seconds=time.monotonic() - began,
        )
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}
        return record


def values_of(network: HashNetwork, clips: LabelledClips, numbers: Numbers, device: torch.device) -> FloatArray:
    """What a network gives for the middles of clips, float32 [len(numbers), bits]; it is set to evaluation."""
    network.eval()
    parts = [
        clip_values(network, clips.load(numbers[first : first + _CLIPS_AT_ONCE]), device)
        for first in range(0, len(numbers), _CLIPS_AT_ONCE)
    ]
    return np.concatenate([np.empty((0, network.shape.bits), dtype=np.float32), *parts])


def augment(clips: NDArray[np.uint8], side_pixels: int, flip: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crops each clip at a random place and mirrors half of them, all frames of a clip alike.

    Args:
        clips: uint8 [N, F, S, S, 3].
        side_pixels: width and height of the crops, at most S.
        flip: mirror half of the clips.
        rng: decides.

    Returns:
        uint8 [N, F, side, side, 3].
    """
    slack = clips.shape[2] - side_pixels
    cropped = np.empty((*clips.shape[:2], side_pixels, side_pixels, 3), dtype=np.uint8)
    for place, clip in enumerate(clips):
        top, left = rng.integers(0, slack + 1, 2).tolist()
        part = clip[:, top : top + side_pixels, left : left + side_pixels]
        cropped[place] = part[:, :, ::-1] if flip and rng.random() < 0.5 else part
    return cropped
