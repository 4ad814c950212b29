"""Training videos whose copies are generated."""

import numpy as np

from vdup.types import FloatArray

from ..families.batches import Numbers
from .loop import ValidationVideos, VideoBatch
from .videos import ClipVectors, put_together

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
        """Originals and copies put together from the training clips, float32 [P, D] each, for the closed form."""
        originals, copies = [], []
        for number in range(rounds):
            rng = np.random.default_rng([self._seed, 3, number])
            videos = put_together(self._training, rng)
            originals.append(self._clips.originals(videos))
            copies.append(self._clips.copies(videos, self._training, self._most_filler, rng))
        return np.concatenate(originals), np.concatenate(copies)

    def batches(self, size: int, epoch: int) -> list[VideoBatch]:
        """See :meth:`~.loop.TrainingVideos.batches`; every epoch puts other videos together."""
        rng = np.random.default_rng([self._seed, 4, epoch])
        videos = put_together(self._training, rng)
        parts = [videos[first : first + size] for first in range(0, len(videos), size)]
        if len(parts) > 1 and len(parts[-1]) == 1:  # a single video has no negative
            alone = parts.pop()
            parts[-1] = parts[-1] + alone
        return [self._batch(part, rng) for part in parts]

    def validation(self) -> ValidationVideos:
        """See :meth:`~.loop.TrainingVideos.validation`."""
        return self._validation

    def _batch(self, videos: list[Numbers], rng: np.random.Generator) -> VideoBatch:
        # Not of this batch: a video must not be pushed away from a copy that shows it.
        spare = np.setdiff1d(self._training, np.concatenate(videos))
        others = rng.choice(spare, min(_SHARED_OTHERS, len(spare)), replace=False) if len(spare) else spare
        copies = self._clips.copies(videos, others, self._most_filler, rng)
        same = np.tile(np.eye(len(videos), dtype=np.bool_), (2, 2))
        return VideoBatch(np.concatenate([self._clips.originals(videos), copies]), same, ~same)

    def _made_validation(self) -> ValidationVideos:
        rng = np.random.default_rng([self._seed, 5])
        # Other footage is never of the database: a copy may be half of it, and would rightly be near it.
        others, known = np.array_split(self._training, 2)
        asked = put_together(self._held_out, rng)
        database = [*asked, *put_together(known, rng)]
        rounds = _VALIDATION_ROUNDS * self._clips.views
        queries = [self._clips.copies(asked, others, self._most_filler, rng) for _ in range(rounds)]
        same = np.tile(np.eye(len(asked), len(database), dtype=np.bool_), (rounds, 1))
        return ValidationVideos(np.concatenate(queries), self._clips.originals(database), same, ~same)
