"""Alignments to be told of."""

from typing import Any

import numpy as np

from vdup.temporal.recordings import Alignment, Span


def make_alignment(**values: Any) -> Alignment:
    """b lies 12.5 s into a, at the same speed, for 30 s."""
    defaults: dict[str, Any] = {
        "offset_seconds": 12.5,
        "speed": 1.0,
        "confidence": 0.97,
        "rivalry": 0.45,
        "likeness": 0.6,
        "overlap_in_a": Span(12.5, 42.5),
        "overlap_in_b": Span(0.0, 30.0),
        "offsets_seconds": np.array([0.0, 12.5, 25.0]),
        "scores": np.array([np.nan, 4.0, 1.0]),
    }
    return Alignment(**{**defaults, **values})
