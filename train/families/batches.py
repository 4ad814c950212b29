"""Families as the training loop takes them: split by scene, put into batches in an order that the seed decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vdup.types import RowArray

from .nearest import group_with_nearest

Numbers = NDArray[np.int64]

_TOGETHER = 4
"""Most families of one scene that are put into a batch side by side, as hard negatives of one another."""


@dataclass(frozen=True)
class FamilyBatch:
    """Some families as the trained part of the model takes them."""

    inputs: NDArray[np.float16] | NDArray[np.uint8]
    """[F, 1 + V, ...], the original of each family first."""
    numbers: Numbers
    """Number of each family, int64 [F]."""
    edits: tuple[tuple[str, ...], ...]
    """Names of the edits of each row, [F][1 + V]."""


class TrainingFamilies(Protocol):
    """Where the training loop gets families from."""

    @property
    def scenes(self) -> Numbers:
        """Scene of each family, int64 [N]; families of one scene are other moments of the same place."""

    def batches(self, batches: list[Numbers], epoch: int) -> Iterator[FamilyBatch]:
        """Families by their numbers, batch by batch.

        Args:
            batches: numbers of the families of each batch.
            epoch: what is made anew for each epoch differs by it; 0 stands for validation.
        """

    def originals(self, batches: list[Numbers]) -> Iterator[FamilyBatch]:
        """The same without the copies, one family to a number; those that cannot be made are missing."""


class CachedFamilies:
    """Families whose inputs were computed once."""

    def __init__(
        self, inputs: NDArray[np.float16], edits: tuple[tuple[str, ...], ...], scenes: NDArray[np.int64]
    ) -> None:
        """Takes inputs [N, 1 + V, ...], perhaps mapped from a file, with their edits [N][1 + V] and scenes [N]."""
        self._inputs = inputs
        self._edits = edits
        self._scenes = scenes

    @property
    def scenes(self) -> Numbers:
        """Scene of each family, int64 [N]."""
        return self._scenes

    def batches(self, batches: list[Numbers], epoch: int) -> Iterator[FamilyBatch]:  # noqa: ARG002 - the same in each
        """Families by their numbers, batch by batch, equal in every epoch."""
        for numbers in batches:
            yield FamilyBatch(self._inputs[numbers], numbers, tuple(self._edits[number] for number in numbers))

    def originals(self, batches: list[Numbers]) -> Iterator[FamilyBatch]:
        """See :meth:`TrainingFamilies.originals`."""
        for numbers in batches:
            yield FamilyBatch(self._inputs[numbers, :1], numbers, (("",),) * len(numbers))


def split_scenes(scenes: Numbers, share: float, seed: int) -> tuple[Numbers, Numbers]:
    """Splits families into training and validation; a scene is never in both.

    Args:
        scenes: scene of each family, int64 [N].
        share: of the scenes that go to validation; at least two of them, so that there is something to confuse.
        seed: decides which.

    Returns:
        Numbers of the families, increasing.

    Raises:
        ValueError: there are fewer than four scenes.
    """
    present = np.unique(scenes)
    if len(present) < 4:
        raise ValueError(f"{len(present)} scenes are too few: two are needed for training and two for validation")
    count = min(max(2, round(share * len(present))), len(present) - 2)
    chosen = np.random.default_rng([seed, 0]).permutation(present)[:count]
    held_out = np.isin(scenes, chosen)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def draw_batches(
    numbers: Numbers, scenes: Numbers, size: int, seed: int, epoch: int, nearest: RowArray | None = None
) -> list[Numbers]:
    """Cuts the training families of one epoch into batches, those that are hard to tell apart side by side.

    Args:
        numbers: families to use.
        scenes: scene of every family, not only of those.
        size: families in a batch; the last batch may hold fewer, but never a single one.
        seed: of the run.
        epoch: every epoch has an order of its own.
        nearest: numbers of the families that come nearest to every family, int64 [N, K], -1 where there is none; none:
            families of one scene are put side by side.

    Raises:
        ValueError: there are fewer than two families, which have no non-copy.
    """
    if len(numbers) < 2:
        raise ValueError(f"{len(numbers)} families hold no copy and non-copy")
    rng = np.random.default_rng([seed, 1, epoch])
    shuffled = rng.permutation(numbers)
    groups = _group_by_scene(shuffled, scenes) if nearest is None else group_with_nearest(shuffled, nearest)
    order = np.concatenate([groups[place] for place in rng.permutation(len(groups))])
    batches = [order[first : first + size] for first in range(0, len(order), size)]
    if len(batches[-1]) == 1:
        alone = batches.pop()
        batches[-1] = np.concatenate([batches[-1], alone])
    return batches


def _group_by_scene(order: Numbers, scenes: Numbers) -> list[Numbers]:
    by_scene = order[np.argsort(scenes[order], kind="stable")]
    _, starts = np.unique(scenes[by_scene], return_index=True)
    return [
        group[first : first + _TOGETHER]
        for group in np.split(by_scene, starts[1:])
        for first in range(0, len(group), _TOGETHER)
    ]
