"""Videos put together from clips: originals, and copies with other footage around them, as their pooled vectors.

A pooled vector is a mean over frames, so from a clip's frames any number of videos can be made without decoding one:
some of the frames, and in a copy frames of other clips besides. Two copies of a batch may hold the same other footage,
which makes them hard negatives of one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.aggregation.normalise import centred_units
from vdup.types import FloatArray

Numbers = NDArray[np.int64]

_MOST_CLIPS = 3
"""Of which a video is put together."""
_LEAST_SHARE = 0.5
"""Least share of a video's frames that a copy shows."""
_CHANCE_OF_FILLER = 0.75
"""That a copy has other footage around it."""


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

    def originals(self, videos: Sequence[Numbers]) -> FloatArray:
        """Pooled vectors of whole originals.

        Args:
            videos: the clips that each video is put together from, int64 [C] with C of 1 or more.

        Returns:
            float32 [B, D], of unit length.
        """
        means = [self.rows[clips, 0].astype(np.float32).mean(axis=(0, 1)) for clips in videos]
        return centred_units(np.stack(means))

    def copies(
        self, videos: Sequence[Numbers], others: Numbers, most_filler: float, rng: np.random.Generator
    ) -> FloatArray:
        """Pooled vectors of copies: a stretch of a video, edited, with other footage around it.

        Args:
            videos: as for :meth:`originals`.
            others: clips that other footage may come from, int64 [O]; O may be 0.
            most_filler: largest share of other footage, below 1.
            rng: source of all randomness.

        Returns:
            float32 [B, D], of unit length.
        """
        means = np.empty((len(videos), self.dimensions), dtype=np.float32)
        for place, clips in enumerate(videos):
            view = int(rng.integers(1, self.views + 1))
            shown = self.rows[clips, view].reshape(-1, self.dimensions)
            count = int(rng.integers(max(1, round(_LEAST_SHARE * len(shown))), len(shown) + 1))
            first = int(rng.integers(0, len(shown) - count + 1))
            mean = shown[first : first + count].astype(np.float32).mean(axis=0)
            candidates = others[~np.isin(others, clips)]
            if len(candidates) and rng.random() < _CHANCE_OF_FILLER:
                other = int(candidates[rng.integers(len(candidates))])
                share = rng.uniform(0, most_filler)
                mean = (1 - share) * mean + share * self.rows[other, 0].astype(np.float32).mean(axis=0)
            means[place] = mean
        return centred_units(means)


def put_together(clips: Numbers, rng: np.random.Generator) -> list[Numbers]:
    """Videos of one to three clips each, every clip in one of them, in random order."""
    order = rng.permutation(clips)
    ends = np.cumsum(rng.integers(1, _MOST_CLIPS + 1, len(order)))
    return [part for part in np.split(order, ends[ends < len(order)]) if len(part)]
