"""Which videos are compared with which, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vdup.datasets.base import VideoFile
from vdup.matchers.base import Box, Comparison


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A video, or a stretch of it."""

    video: VideoFile
    span_seconds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Plan:
    """What is compared with what."""

    queries: Sequence[Excerpt]
    references: Sequence[Excerpt]
    pairs: NDArray[np.int64]
    """Rows of queries and references, [P, 2], no pair twice."""
    inside: bool = False
    """Only alignments by which the query lies within the reference."""


@dataclass(frozen=True)
class Comparisons:
    """What a method says of the pairs of a plan, in their order."""

    similarities: NDArray[np.float64]
    """[P]; nan where a video could not be read."""
    offsets_seconds: NDArray[np.float64]
    """[P]; nan where the method does not align."""
    speeds: NDArray[np.float64]
    """[P]."""
    boxes: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    """By pair, where there are any."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why, by id of the video."""

    @classmethod
    def empty(cls, count: int) -> "Comparisons":
        """Room for a number of pairs."""
        return cls(np.full(count, np.nan), np.full(count, np.nan), np.ones(count))

    def put(self, pair: int, comparison: Comparison) -> None:
        """Fills in one pair."""
        self.similarities[pair] = comparison.similarity
        self.offsets_seconds[pair] = np.nan if comparison.offset_seconds is None else comparison.offset_seconds
        self.speeds[pair] = comparison.speed
        if comparison.boxes:
            self.boxes[pair] = tuple(comparison.boxes)


def all_pairs(queries: int, references: int) -> NDArray[np.int64]:
    """Every query with every reference, [queries * references, 2]."""
    return np.stack(np.meshgrid(np.arange(queries), np.arange(references), indexing="ij"), axis=-1).reshape(-1, 2)
