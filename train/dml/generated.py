"""Training videos whose copies are generated."""

import numpy as np

from vdup.types import FloatArray

from ..families.batches import Numbers
from .loop import ValidationVideos, VideoBatch
from .videos import ClipVectors

_VALIDATION_ROUNDS = 2
"""Copies with other footage made of each validation view."""
_SHARED_OTHERS = 6
"""Clips that give the other footage of one batch: few, so that copies share some and are hard to tell apart."""


class GeneratedVideos:
    """Batches of originals and copies; see :class:`~.loop.TrainingVideos`."""

    def __init__(
        self, clips: ClipVectors, training: Numbers, validation: Numbers, most_filler: float, seed: int
    ) -> None:
        """Takes the clips and which of them are for what."""
        self._clips = clips
        self._training = training
        self._held_out = validation
        self._most_filler = most_filler
        self._seed = seed
        self._validation = self._made_validation()

    def pairs(self, rounds: int) -> tuple[FloatArray, FloatArray]:
        """Originals and copies of the training clips, float32 [P, D] each, for the start in closed form."""
        originals, copies = [], []
        for number in range(rounds):
            rng = np.random.default_rng([self._seed, 3, number])
            views = rng.integers(1, self._clips.views + 1, len(self._training))
            originals.append(self._clips.originals(self._training))
            copies.append(self._clips.copies(self._training, views, self._training, self._most_filler, rng))
        return np.concatenate(originals), np.concatenate(copies)

    def batches(self, size: int, epoch: int) -> list[VideoBatch]:
        """See :meth:`~.loop.TrainingVideos.batches`."""
        rng = np.random.default_rng([self._seed, 4, epoch])
        order = rng.permutation(self._training)
        parts = [order[first : first + size] for first in range(0, len(order), size)]
        if len(parts) > 1 and len(parts[-1]) == 1:  # a single video has no negative
            alone = parts.pop()
            parts[-1] = np.concatenate([parts[-1], alone])
        return [self._batch(numbers, rng) for numbers in parts]

    def validation(self) -> ValidationVideos:
        """See :meth:`~.loop.TrainingVideos.validation`."""
        return self._validation

    def _batch(self, numbers: Numbers, rng: np.random.Generator) -> VideoBatch:
        views = rng.integers(1, self._clips.views + 1, len(numbers))
        # Not of this batch: a video must not be pushed away from a copy that shows it.
        spare = np.setdiff1d(self._training, numbers)
        others = rng.choice(spare, min(_SHARED_OTHERS, len(spare)), replace=False) if len(spare) else spare
        copies = self._clips.copies(numbers, views, others, self._most_filler, rng)
        labels = np.concatenate([numbers, numbers])
        same = labels[:, None] == labels[None]
        return VideoBatch(np.concatenate([self._clips.originals(numbers), copies]), same, ~same)

    def _made_validation(self) -> ValidationVideos:
        rng = np.random.default_rng([self._seed, 5])
        # Other footage is never of the database: a copy may be half of it, and would rightly be near it.
        others, known = np.array_split(self._training, 2)
        database = np.concatenate([self._held_out, known])
        queries, labels = [], []
        for _ in range(_VALIDATION_ROUNDS):
            for view in range(1, self._clips.views + 1):
                views = np.full(len(self._held_out), view)
                queries.append(self._clips.copies(self._held_out, views, others, self._most_filler, rng))
                labels.append(self._held_out)
        same = np.concatenate(labels)[:, None] == database[None]
        return ValidationVideos(np.concatenate(queries), self._clips.originals(database), same, ~same)
