"""How much of a video intervals cover."""

from collections.abc import Iterable

Interval = tuple[float, float]
"""Start and end in seconds."""


def covered_seconds(intervals: Iterable[Interval]) -> float:
    """Length of the union of intervals."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
