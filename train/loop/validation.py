"""How well codes find the originals of copies that training never saw."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.types import FloatArray

FLOAT_STEPS = 16_384
"""Steps in which the distance of two real vectors, 0 to 1, is counted."""

_BLOCK = 512
"""Rows compared at once."""


@dataclass(frozen=True)
class Validation:
    """Results over held-out families: every copy is searched for among all originals."""

    code_ap: float
    """Micro average precision of all pairs of copy and original, ranked by the Hamming distance of their codes."""
    float_ap: float
    """The same by the cosine of the values before they become bits: what binarisation costs is the difference."""
    recall: float
    """Share of the copies whose nearest original, by code, is their own; a tie with another does not count."""
    recall_by_edit: dict[str, float]
    """The same for copies that an edit took part in."""


def validate(values: FloatArray, edits: tuple[tuple[str, ...], ...]) -> Validation:
    """Measures held-out families.

    Args:
        values: what the refiner gives, float32 [N, 1 + V, D], the original of each family first.
        edits: names of the edits of each row, [N][1 + V]; chains are joined by ``+``.

    Raises:
        ValueError: there are no families or no copies, or the edits are of other families.
    """
    if values.ndim != 3 or values.shape[0] < 1 or values.shape[1] < 2:
        raise ValueError(f"values must be [N, 1 + V, D] with at least one family and one copy, got {values.shape}")
    if [len(names) for names in edits] != [values.shape[1]] * len(values):
        raise ValueError(f"edits must name the {values.shape[1]} rows of each of {len(values)} families")
    bits = values.shape[2]
    signs: FloatArray = np.where(values >= 0, 1, -1).astype(np.float32) / np.float32(np.sqrt(bits))
    code_ranks, found = _compare(signs, bits)
    lengths = np.linalg.norm(values, axis=2, keepdims=True)
    float_ranks, _ = _compare(values / np.maximum(lengths, 1e-12), FLOAT_STEPS)
    return Validation(
        average_precision(*code_ranks),
        average_precision(*float_ranks),
        float(found.mean()),
        _by_edit(found, edits),
    )


def average_precision(right: NDArray[np.int64], wrong: NDArray[np.int64]) -> float:
    """Average precision of pairs that were counted by distance; pairs of one distance are ranked together.

    Args:
        right: pairs of copy and original at each distance, nearest first, int64 [S].
        wrong: other pairs, int64 [S].

    Returns:
        Sum over distances of precision times the recall that was won there.
    """
    found = np.cumsum(right)
    reported = found + np.cumsum(wrong)
    used = right > 0
    return float(np.sum(right[used] * (found[used] / reported[used])) / right.sum())


def _compare(vectors: FloatArray, steps: int) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]:
    """Counts pairs by distance in steps of 1 / steps, and says which copies are nearest to their own original.

    Args:
        vectors: unit vectors, float32 [N, 1 + V, D].
        steps: steps from distance 0 to distance 1.

    Returns:
        Right and wrong pairs, int64 [steps + 1] each; found, bool [N, V].
    """
    originals = torch.from_numpy(np.ascontiguousarray(vectors[:, 0]))
    copies = torch.from_numpy(np.ascontiguousarray(vectors[:, 1:])).flatten(0, 1)
    own = torch.arange(len(originals)).repeat_interleave(vectors.shape[1] - 1)
    right = torch.zeros(steps + 1, dtype=torch.int64)
    every = torch.zeros(steps + 1, dtype=torch.int64)
    found: list[torch.Tensor] = []
    for first in range(0, len(copies), _BLOCK):
        part, owners = copies[first : first + _BLOCK], own[first : first + _BLOCK]
        cosines = part @ originals.T
        distances = ((1 - cosines) * (steps / 2)).round().long().clamp(0, steps)
        own_distances = distances.gather(1, owners[:, None])[:, 0]
        every += torch.bincount(distances.flatten(), minlength=steps + 1)
        right += torch.bincount(own_distances, minlength=steps + 1)
        # Nothing else may be as near.
        found.append((distances <= own_distances[:, None]).sum(dim=1) == 1)
    shape = (len(originals), vectors.shape[1] - 1)
    return (right.numpy(), (every - right).numpy()), torch.cat(found).reshape(shape).numpy()


def _by_edit(found: NDArray[np.bool_], edits: tuple[tuple[str, ...], ...]) -> dict[str, float]:
    totals: dict[str, list[bool]] = {}
    for family, names in zip(found, edits, strict=True):
        for hit, chain in zip(family, names[1:], strict=True):
            for name in set(chain.split("+")):
                totals.setdefault(name, []).append(bool(hit))
    return {name: sum(hits) / len(hits) for name, hits in sorted(totals.items())}
