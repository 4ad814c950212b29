"""What methods that align two videos have in common: which offsets they try, and what the best one says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.matchers.base import Box, Comparison

_MOST_PAIRS = 64
"""Pairs scored together. With more of them the offsets that one pair needs and another does not cost more than they
save, and their descriptors no longer fit into the processor's cache."""
_MOST_SCORES = 1 << 22
"""Most scores held at once."""


@dataclass(frozen=True, slots=True)
class Span:
    """Stretch of a video that is compared, in seconds."""

    start_seconds: float
    end_seconds: float

    @property
    def length_seconds(self) -> float:
        """Its length."""
        return self.end_seconds - self.start_seconds


def steps_between(query: Span, reference: Span, fps: float, *, inside: bool) -> NDArray[np.int64]:
    """Alignments worth trying: by how many frames the start of the query lies behind the start of the reference.

    Args:
        query: of the query.
        reference: of the reference.
        fps: frames a second.
        inside: only those by which the shorter of the two lies within the other; else all by which they overlap.

    Returns:
        int64 [K], increasing, K >= 1.
    """
    low, high = -query.length_seconds, reference.length_seconds
    if inside:
        low, high = sorted((0.0, reference.length_seconds - query.length_seconds))
    # A hair's breadth more, as lengths are sums of fractions.
    first, last = int(np.ceil(low * fps - 1e-6)), int(np.floor(high * fps + 1e-6))
    return np.arange(first, max(first, last) + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs that are scored together, at offsets that they share."""

    pairs: list[int]
    """Their numbers."""
    steps: NDArray[np.int64]
    """All that any of them needs, consecutive, [K]."""


def batches(steps: Sequence[NDArray[np.int64]]) -> Iterator[Batch]:
    """Pairs whose alignments are much the same, so that few are scored in vain.

    Args:
        steps: alignments of each pair, as :func:`steps_between` gives them.
    """
    batch: list[int] = []
    low = high = 0
    for pair in sorted(range(len(steps)), key=lambda number: (int(steps[number][0]), int(steps[number][-1]))):
        first, last = int(steps[pair][0]), int(steps[pair][-1])
        wider = (min(low, first), max(high, last)) if batch else (first, last)
        if batch and (len(batch) == _MOST_PAIRS or (wider[1] - wider[0] + 1) * (len(batch) + 1) > _MOST_SCORES):
            yield Batch(batch, np.arange(low, high + 1, dtype=np.int64))
            batch, wider = [], (first, last)
        batch.append(pair)
        low, high = wider
    if batch:
        yield Batch(batch, np.arange(low, high + 1, dtype=np.int64))


def best_step(scores: NDArray[np.float64], scored: NDArray[np.int64], own: NDArray[np.int64]) -> tuple[int, float]:
    """The best of a pair's own alignments, and its score.

    Args:
        scores: of all alignments of the batch, [K].
        scored: the alignments of the batch, [K].
        own: those of the pair, consecutive, among them.
    """
    start = int(own[0] - scored[0])
    mine = scores[start : start + len(own)]
    best = int(np.argmax(mine))
    return int(own[best]), float(mine[best])


def aligned(query: Span, reference: Span, shift_seconds: float, similarity: float) -> Comparison:
    """What is said of two videos whose best alignment is known.

    Args:
        query: of the query.
        reference: of the reference.
        shift_seconds: how far the start of the query lies behind the start of the reference.
        similarity: at this alignment.

    Returns:
        The comparison; its box is the overlap of both spans, and there is none where they do not overlap.
    """
    offset = shift_seconds + reference.start_seconds - query.start_seconds
    start = max(query.start_seconds, reference.start_seconds - offset)
    end = min(query.end_seconds, reference.end_seconds - offset)
    boxes = (Box(start, end, start + offset, end + offset, similarity),) if end > start else ()
    return Comparison(similarity, offset, 1.0, boxes)
