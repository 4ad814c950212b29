"""Non-maximum suppression of segments that compete for the same part of a query."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Interval = tuple[float, float]


def overlap_share(a: Interval, b: Interval) -> float:
    """Length that two intervals share, as a part of the shorter one; 0 when one is empty."""
    shorter = min(a[1] - a[0], b[1] - b[0])
    if shorter <= 0:
        return 0.0
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0])) / shorter


def suppress(
    items: Sequence[Item],
    strength: Callable[[Item], float],
    intervals: Callable[[Item], Sequence[Interval]],
    most_shared: float,
) -> list[Item]:
    """Keeps the strongest of items that overlap on every axis (non-maximum suppression).

    Args:
        items: what to choose from.
        strength: the stronger of two items stays; of equal ones the earlier.
        intervals: intervals of an item, one an axis, as many for every item.
        most_shared: items may share up to this part of the shorter one on any one axis.

    Returns:
        The chosen items, strongest first.
    """
    kept: list[Item] = []
    for item in sorted(items, key=strength, reverse=True):
        mine = intervals(item)
        if not any(
            all(overlap_share(a, b) > most_shared for a, b in zip(mine, intervals(other), strict=True))
            for other in kept
        ):
            kept.append(item)
    return kept


def suppress_farther(
    items: Sequence[Item], query_interval: Callable[[Item], Interval], distance: Callable[[Item], float], slack: float
) -> list[Item]:
    """Drops segments of one reference whose part of the query another one explains clearly better.

    A reference often shows one scene several times, and a copy of one moment resembles the others. Content that really
    recurs is as near each time, and stays.

    Args:
        items: segments of one query and one reference.
        query_interval: where a segment lies in the query.
        distance: mean distance of its frames.
        slack: a segment goes when one that covers more than half of it in the query is nearer by more than this.

    Returns:
        The others, in their order.
    """

    def explained(item: Item) -> bool:
        start, end = query_interval(item)
        return any(
            distance(other) + slack < distance(item)
            and min(end, query_interval(other)[1]) - max(start, query_interval(other)[0]) > 0.5 * (end - start)
            for other in items
        )

    return [item for item in items if not explained(item)]
