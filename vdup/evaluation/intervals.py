"""The union of intervals, built up one interval at a time."""

from bisect import bisect_left, bisect_right


class IntervalUnion:
    """Union of intervals on one time axis, as disjoint intervals in order.

    Adding n intervals takes O(n log n) comparisons: each stored interval is merged away once at most.
    """

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        self.length = 0.0
        """Total length of the union."""

    def add(self, start: float, end: float) -> None:
        """Adds one interval.

        Args:
            start: where it starts.
            end: where it ends.

        Raises:
            ValueError: end lies before start.
        """
        if not start <= end:
            raise ValueError(f"an interval must not end before it starts, got {start} to {end}")
        # The stored intervals first ... last - 1 touch the new one.
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        for old_start, old_end in zip(self._starts[first:last], self._ends[first:last], strict=True):
            self.length -= old_end - old_start
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]
        self.length += end - start
