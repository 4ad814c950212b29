"""Videos put together from clips: originals, and copies with other footage around them, as their pooled vectors.

A pooled vector is a mean over frames, so from a clip's frames any number of videos can be made without decoding one:
some of the frames, and in a copy frames of other clips besides. Two copies of a batch may hold the same other footage,
which makes them hard negatives of one another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.aggregation.normalise import centred_units
from vdup.types import FloatArray

Numbers = NDArray[np.int64]

_LEAST_SHARE = 0.5
"""Least share of a clip's frames that a copy shows."""


@dataclass(frozen=True)
class ClipVectors:
    """What is averaged over the frames of clips and of their copies."""

    rows: NDArray[np.float16]
    """[N, 1 + V, K, D]; row 0 of a clip is the original."""

    @property
    def views(self) -> int:
        """Copies of each clip."""
        return int(self.rows.shape[1]) - 1

    @property
    def dimensions(self) -> int:
        """Length D of a pooled vector."""
        return int(self.rows.shape[3])

    def originals(self, numbers: Numbers) -> FloatArray:
        """Pooled vectors of whole originals, float32 [B, D], of unit length."""
        return centred_units(self.rows[numbers, 0].astype(np.float32).mean(axis=1))

    def copies(
        self, numbers: Numbers, views: Numbers, others: Numbers, most_filler: float, rng: np.random.Generator
    ) -> FloatArray:
        """Pooled vectors of copies.

        Args:
            numbers: clips, int64 [B].
            views: which copy of each, 1 to V, int64 [B].
            others: clips that other footage may come from, int64 [O]; O may be 0.
            most_filler: largest share of other footage, below 1.
            rng: source of all randomness.

        Returns:
            float32 [B, D], of unit length.
        """
        frames = self.rows.shape[2]
        means = np.empty((len(numbers), self.dimensions), dtype=np.float32)
        for place, (number, view) in enumerate(zip(numbers.tolist(), views.tolist(), strict=True)):
            count = int(rng.integers(max(1, round(_LEAST_SHARE * frames)), frames + 1))
            first = int(rng.integers(0, frames - count + 1))
            mean = self.rows[number, view, first : first + count].astype(np.float32).mean(axis=0)
            share = rng.uniform(0, most_filler)
            candidates = others[others != number]
            if len(candidates) and rng.random() < 0.75:
                other = int(candidates[rng.integers(len(candidates))])
                mean = (1 - share) * mean + share * self.rows[other, 0].astype(np.float32).mean(axis=0)
            means[place] = mean
        return centred_units(means)
