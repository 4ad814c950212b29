"""Query expansion: the answers of a first search improve the query of a second (Douze et al., ICCV 2013).

- AQE, *average query expansion*: the query is replaced by the mean of itself and its N1 nearest descriptors.
- DoN, *difference of neighbourhood*: the mean of the N2 nearest is taken off that, N2 being much larger than N1: what
  the wider neighbourhood has in common says nothing about the event.

Descriptors that keep time, such as that of the Temporal Match Kernel, are moved onto the query's time before they are
averaged. *Temporal consistency*, as in the code published with LAMV (Baraldi et al., CVPR 2018), keeps the half of the
N1 nearest whose offsets to the query agree best with their offsets to one another.

Two definitions are ambiguous, and both readings are here. With temporal consistency fewer than N1 are averaged: the
published code still divides by N1 + 1 (``Averaging.fixed``), the formula of the paper by one more than the number taken
(``Averaging.taken``). And the published code takes off the N2 nearest without moving them in time
(``moved_neighbourhood=False``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Descriptor = TypeVar("Descriptor")


class DescriptorSpace(Protocol[Descriptor]):
    """How descriptors are compared, moved in time and averaged."""

    def compare(
        self, query: Descriptor, references: Sequence[Descriptor]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of the best offsets, and these offsets (time in the reference minus time in the query), both [N]."""
        ...

    def shift(self, descriptor: Descriptor, offset: float) -> Descriptor:
        """The descriptor of the same video with ``offset`` taken off all times."""
        ...

    def weighted_sum(self, descriptors: Sequence[Descriptor], weights: Sequence[float]) -> Descriptor:
        """The sum of the descriptors, each times its weight."""
        ...


class Expansion(Enum):
    """Which expansion."""

    aqe = "aqe"
    don = "don"


class Averaging(Enum):
    """What the sum of the query and its nearest is divided by."""

    taken = "taken"
    """The number of descriptors that were summed."""
    fixed = "fixed"
    """N1 + 1, also where temporal consistency took fewer."""


@dataclass(frozen=True, kw_only=True)
class ExpansionRule:
    """Settings of an expansion."""

    expansion: Expansion = Expansion.aqe
    nearest: int = 10
    """N1."""
    neighbourhood: int = 2000
    """N2, for DoN; capped at the size of the database."""
    temporal_consistency: bool = False
    averaging: Averaging = Averaging.taken
    moved_neighbourhood: bool = False
    """Move the N2 nearest onto the query's time as well before they are taken off."""

    def __post_init__(self) -> None:
        if self.nearest < 1 or self.neighbourhood < 1:
            raise ValueError(f"N1 and N2 must be 1 or more, got {self.nearest} and {self.neighbourhood}")


@dataclass(frozen=True)
class _Neighbours(Generic[Descriptor]):
    """Descriptors of the first search, best first, with their offsets to the query."""

    descriptors: list[Descriptor]
    offsets: list[float]


def expanded_scores(
    space: DescriptorSpace[Descriptor], query: Descriptor, database: Sequence[Descriptor], rule: ExpansionRule
) -> NDArray[np.float64]:
    """Scores of a database after expansion of the query.

    Args:
        space: how descriptors are compared.
        query: descriptor of the query.
        database: descriptors to rank, at least one.
        rule: which expansion.

    Returns:
        Float64 [N], in the order of the database; in the first search ties stand in that order too.
    """
    scores, offsets = space.compare(query, database)
    order = np.argsort(-scores, kind="stable")
    near = _neighbours(database, offsets, order[: rule.nearest])
    if rule.temporal_consistency:
        near = consistent_half(space, near.descriptors, near.offsets)
    summed = 1 + (rule.nearest if rule.averaging is Averaging.fixed else len(near.descriptors))
    parts = [query, *_moved(space, near)]
    weights = [1 / summed] * len(parts)
    if rule.expansion is Expansion.don:
        neighbourhood = _neighbours(database, offsets, order[: rule.neighbourhood])
        parts += _moved(space, neighbourhood) if rule.moved_neighbourhood else neighbourhood.descriptors
        weights += [-1 / len(neighbourhood.descriptors)] * len(neighbourhood.descriptors)
    return space.compare(space.weighted_sum(parts, weights), database)[0]


def consistent_half(
    space: DescriptorSpace[Descriptor], descriptors: Sequence[Descriptor], offsets: Sequence[float]
) -> _Neighbours[Descriptor]:
    """The half (rounded down, at least one) whose offsets agree best.

    For two neighbours a and b at offsets o_a and o_b to the query, b should lie o_b - o_a behind a. What their own
    comparison says differs from that; summed over all others, this is how inconsistent a neighbour is.

    Args:
        space: how descriptors are compared.
        descriptors: neighbours, best first.
        offsets: of each to the query.
    """
    inconsistency = np.zeros(len(descriptors))
    for first, second in combinations(range(len(descriptors)), 2):
        _, measured = space.compare(descriptors[first], [descriptors[second]])
        difference = abs(float(measured[0]) - (offsets[second] - offsets[first]))
        inconsistency[[first, second]] += difference
    kept = np.argsort(inconsistency, kind="stable")[: max(1, len(descriptors) // 2)]
    return _Neighbours([descriptors[index] for index in kept], [offsets[index] for index in kept])


def _neighbours(
    database: Sequence[Descriptor], offsets: NDArray[np.float64], rows: NDArray[np.int64]
) -> _Neighbours[Descriptor]:
    return _Neighbours([database[row] for row in rows], [float(offsets[row]) for row in rows])


def _moved(space: DescriptorSpace[Descriptor], neighbours: _Neighbours[Descriptor]) -> list[Descriptor]:
    """The neighbours on the query's time."""
    return [
        space.shift(descriptor, offset)
        for descriptor, offset in zip(neighbours.descriptors, neighbours.offsets, strict=True)
    ]
