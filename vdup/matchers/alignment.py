"""What methods that align two videos have in common: which offsets they try, and what the best one says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.matchers.base import Box, Comparison


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
