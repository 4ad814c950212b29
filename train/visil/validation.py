"""How well a form of ViSiL finds the originals of made-up copies that training never saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vdup.types import RowArray
from vdup.visil import ViSiL

from .compose import Composer
from .tracks import ClipTracks, Rows

_REFERENCES_AT_ONCE = 64


@dataclass(frozen=True)
class Validation:
    """Every query is compared with the original of every held-out clip."""

    average_precision: float
    """Micro average precision of all pairs; pairs of one similarity are ranked together."""
    recall: float
    """Share of the queries whose own original is more similar than all others."""


class HeldOut:
    """Queries of held-out clips, the same in every epoch; the footage around them comes from the training clips.

    Args:
        tracks: all clips.
        clips: the held-out ones, int64 [C].
        composer: draws footage of the training clips.
        seed: of the run.
    """

    def __init__(self, tracks: ClipTracks, clips: RowArray, composer: Composer, seed: int) -> None:
        self._tracks = tracks
        self._clips = clips
        rng = np.random.default_rng([seed, 3])
        self._queries: list[Rows] = []
        self._own: list[int] = []
        for place, clip in enumerate(clips.tolist()):
            for copy in range(1, tracks.copies + 1):
                self._queries.append(composer.query(clip, copy, rng))
                self._own.append(place)

    @torch.inference_mode()
    def measure(self, model: ViSiL, device: torch.device) -> Validation:
        """Compares all queries with all originals."""
        scores = np.empty((len(self._queries), len(self._clips)))
        for first in range(0, len(self._clips), _REFERENCES_AT_ONCE):
            some = self._clips[first : first + _REFERENCES_AT_ONCE]
            references = torch.from_numpy(self._tracks.vectors[some, 0].astype(np.float32)).to(device)
            for number, query in enumerate(self._queries):
                found, _ = model(_vectors(self._tracks, query, device), references)
                scores[number, first : first + len(some)] = found.cpu().numpy()
        return rate(scores, self._own)


def rate(scores: NDArray[np.float64], own: Sequence[int]) -> Validation:
    """Measures a table of similarities.

    Args:
        scores: float64 [Q, C].
        own: which of the C originals each query is a copy of.
    """
    right = np.zeros(scores.shape, np.bool_)
    right[np.arange(len(own)), own] = True
    # Pairs of one similarity count at the rank of the last of them.
    values, places = np.unique(-scores.ravel(), return_inverse=True)
    found = np.cumsum(np.bincount(places, right.ravel(), len(values)))
    reported = np.cumsum(np.bincount(places, minlength=len(values)))
    won = np.diff(found, prepend=0)
    others = np.where(right, -np.inf, scores).max(axis=1)
    return Validation(float(np.sum(won * found / reported) / len(own)), float((scores[right] > others).mean()))


def _vectors(tracks: ClipTracks, rows: Rows, device: torch.device) -> Tensor:
    return torch.from_numpy(tracks.gather(rows)).to(device)
