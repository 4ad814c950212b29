"""Epochs of the video embedding: batches of originals and copies, validation by search."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.aggregation.embedding import VideoEmbedding
from vdup.errors import VdupError
from vdup.types import FloatArray

from ..config.dml import DMLExperiment
from ..loop.checkpoint import Checkpoint
from ..loop.epoch_record import Record
from ..loop.state import adamw, named_state, restore_state, schedule
from .loss import triplet_loss

BoolMatrix = NDArray[np.bool_]


@dataclass(frozen=True)
class VideoBatch:
    """Pooled vectors of some videos and what is known of their pairs."""

    vectors: FloatArray
    """float32 [B, D]."""
    same: BoolMatrix
    """Duplicates, bool [B, B]."""
    different: BoolMatrix
    """Pairs known to be no duplicates, bool [B, B]."""


@dataclass(frozen=True)
class ValidationVideos:
    """Queries and a database."""

    queries: FloatArray
    """Pooled vectors, float32 [Q, D]."""
    database: FloatArray
    """Pooled vectors, float32 [R, D]."""
    same: BoolMatrix
    """Duplicates, bool [Q, R]."""
    different: BoolMatrix
    """Pairs known to be no duplicates, bool [Q, R]; pairs that are neither do not count."""


class TrainingVideos(Protocol):
    """Where batches come from."""

    def batches(self, size: int, epoch: int) -> list[VideoBatch]:
        """Batches of an epoch, of about ``size`` originals each; equal for equal epochs."""

    def validation(self) -> "ValidationVideos":
        """What the embedding is measured on."""


@dataclass(frozen=True)
class DMLRecord(Record):
    """Of ``+experiment=dml``."""

    results: ClassVar[tuple[str, ...]] = ("mean_ap", "recall")

    mean_ap: float
    """Validation: mean average precision of the copies as queries."""
    recall: float
    """Validation: share of copies whose nearest video is a duplicate."""
    learning_rate: float
    seconds: float


class DMLLoop:
    """An embedding in training. Equal settings and data give equal weights on a CPU, bit for bit."""

    records: list[DMLRecord]

    def __init__(
        self, embedding: VideoEmbedding, videos: TrainingVideos, experiment: DMLExperiment, device: torch.device
    ) -> None:
        """Takes an embedding at its start."""
        self._embedding = embedding.to(device)
        self._videos = videos
        self._experiment = experiment
        self._device = device
        self._optimiser, self._rates = adamw([(embedding, experiment.learning_rate)], experiment.weight_decay)
        self._best: dict[str, Tensor] = {}
        self.records = []

    @property
    def best(self) -> DMLRecord:
        """The epoch that found the copies best; of equals the earliest."""
        return max(self.records, key=lambda record: (record.mean_ap, -record.epoch))

    def start(self) -> DMLRecord:
        """Validates the embedding before training."""
        return self._finish(0, None, 0.0, time.monotonic())

    def run_epoch(self) -> DMLRecord:
        """Trains for one more epoch and validates.

        Raises:
            VdupError: the loss is no longer a number.
        """
        began = time.monotonic()
        epoch = self.records[-1].epoch + 1
        batches = self._videos.batches(self._experiment.batch_videos, epoch)
        total, rate = 0.0, 0.0
        for number, batch in enumerate(batches):
            step = (epoch - 1) * len(batches) + number
            rate = self._set_learning_rate(step, self._experiment.epochs * len(batches))
            total += self._step(batch, epoch)
        return self._finish(epoch, total / max(1, len(batches)), rate, began)

    def state(self, settings: Mapping[str, object]) -> Checkpoint[DMLRecord]:
        """All that :meth:`restore` needs."""
        tensors = named_state(self._embedding, self._best, self._optimiser)
        return Checkpoint(dict(settings), tuple(self.records), {}, tensors)

    def restore(self, checkpoint: Checkpoint[DMLRecord]) -> None:
        """Goes back to a state.

        Raises:
            VdupError: it is of another model.
        """
        self._best = restore_state(checkpoint.tensors, self._embedding, self._optimiser)
        self.records = list(checkpoint.records)

    def take_best(self) -> VideoEmbedding:
        """The embedding with the weights of the best epoch."""
        self._embedding.load_state_dict(self._best)
        return self._embedding.cpu().eval()

    def _step(self, batch: VideoBatch, epoch: int) -> float:
        embeddings = self._embedding(torch.from_numpy(batch.vectors).to(self._device))
        same, different = (torch.from_numpy(matrix).to(self._device) for matrix in (batch.same, batch.different))
        loss = triplet_loss(embeddings, same, different, self._experiment.margin)
        if not bool(torch.isfinite(loss)):
            raise VdupError(
                f"the loss is {float(loss.detach())} in epoch {epoch}: the training ran away; lower "
                f"experiment.learning_rate={self._experiment.learning_rate}"
            )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._embedding.parameters(), self._experiment.gradient_clip)
        self._optimiser.step()
        return float(loss.detach())

    def _set_learning_rate(self, step: int, steps: int) -> float:
        factor = schedule(step, steps, self._experiment.warmup)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        return self._experiment.learning_rate * factor

    def _finish(self, epoch: int, loss: float | None, rate: float, began: float) -> DMLRecord:
        mean_ap, recall = self._validate()
        record = DMLRecord(epoch, loss, mean_ap, recall, rate, time.monotonic() - began)
        self.records.append(record)
        if self.best is record:
            self._best = {name: tensor.detach().clone() for name, tensor in self._embedding.state_dict().items()}
        return record

    def _validate(self) -> tuple[float, float]:
        videos = self._videos.validation()
        similarities = similarity(self._embedding, videos, self._device)
        return mean_average_precision(similarities, videos), nearest_recall(similarities, videos)


@torch.no_grad()
def similarity(embedding: VideoEmbedding, videos: ValidationVideos, device: torch.device) -> FloatArray:
    """Cosines of the embeddings of queries and database, float32 [Q, R]."""
    left, right = (embedding(torch.from_numpy(rows).to(device)) for rows in (videos.queries, videos.database))
    result: FloatArray = (left @ right.T).cpu().numpy()
    return result


def mean_average_precision(similarities: FloatArray, videos: ValidationVideos) -> float:
    """Mean over the queries of the average precision of their ranking; ties are ranked against the query.

    Args:
        similarities: float32 [Q, R].
        videos: says what is right; queries without any duplicate do not count.

    Raises:
        ValueError: no query has a duplicate.
    """
    results = []
    for row, right, wrong in zip(similarities, videos.same, videos.different, strict=True):
        if right.any():
            counted = right | wrong
            found = right[counted]
            places = np.flatnonzero(found[np.lexsort((found, -row[counted]))]) + 1
            results.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
    if not results:
        raise ValueError("no query has a duplicate in the database")
    return float(np.mean(results))


def nearest_recall(similarities: FloatArray, videos: ValidationVideos) -> float:
    """Share of the queries with duplicates whose nearest video is one; a tie with another does not count."""
    asked = videos.same.any(axis=1)
    best_right = np.where(videos.same, similarities, -np.inf).max(axis=1)
    best_wrong = np.where(videos.different, similarities, -np.inf).max(axis=1)
    return float((best_right > best_wrong)[asked].mean())
