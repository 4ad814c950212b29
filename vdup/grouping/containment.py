"""Whether one video lies whole in another: what may be deleted depends on it, so it asks for more than a group does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vdup.align.covered import Interval, covered_seconds
from vdup.grouping.overlap import Overlap, Shared
from vdup.types import Intervals

_AGREE_SECONDS = 2.0
"""Two stretches may place a moment this far apart in the other video and still agree: frames are a second apart, and
the speed of a short stretch is uncertain."""
_MOST_UNLIKE_SECONDS = 0.75
"""A stretch within which the two show different pictures for longer does not prove that one holds all of the other."""
_LEAST_UNDAMAGED = 0.5
"""Share of a damaged video that must be matched before its damaged stretches are looked past."""


@dataclass(frozen=True)
class ContainmentRule:
    """When a video counts as whole in another."""

    min_share: float
    """Least share of its length that must be matched, and that the stretches of the other must be long,"""
    slack_seconds: float
    """after each matched stretch was lengthened by this much at both ends, which sampling leaves uncertain,"""
    max_missing_seconds: float
    """and without a gap longer than this: a share alone would let a long video lose minutes."""
    strong_score: float
    """Score from which on a stretch counts,"""
    strong_distance_bits: float
    """if its frames differ by no more than this on average."""

    def first_is_whole_in_second(
        self, overlap: Overlap, first_seconds: float, second_seconds: float, first_damaged: Intervals = ()
    ) -> bool:
        """Whether all of the first video of a pair is in the second, by its strong stretches.

        Stretches within which another scene was put in do not count. What they cover of the second must be nearly as
        long, each by itself and together: where little moves, a part is easily taken for the whole at a lower speed.
        Where the first is damaged nothing can be matched: the second must go on for as long there, and half of the
        first be matched all the same.

        Args:
            overlap: what they share.
            first_seconds: length of the first.
            second_seconds: length of the second.
            first_damaged: where the first is damaged.
        """
        chain = in_order([item for item in overlap.shared if self._counts(item)])
        if covered_seconds(item.first_seconds for item in chain) >= _LEAST_UNDAMAGED * first_seconds:
            lost = [between_lost(chain, damage, first_seconds, second_seconds) for damage in first_damaged]
        else:
            lost = []
        pairs = [(item.first_seconds, item.second_seconds) for item in chain]
        pairs += [pair for pair in lost if pair is not None]
        in_first = [self._widened(first) for first, _ in pairs]
        in_second = [self._widened(second) for _, second in pairs]
        missing = [end - start for start, end in gaps(in_first, first_seconds)]
        outside = [end - start for start, end in gaps(in_second, second_seconds)]
        return (
            bool(chain)
            and sum(missing) <= (1.0 - self.min_share) * first_seconds
            and max(missing, default=0.0) <= self.max_missing_seconds
            and second_seconds - sum(outside) >= self.min_share * first_seconds
        )

    def _counts(self, shared: Shared) -> bool:
        start, end = shared.first_seconds
        second_start, second_end = self._widened(shared.second_seconds)
        return (
            shared.score >= self.strong_score
            and shared.unlike_seconds <= _MOST_UNLIKE_SECONDS
            and shared.distance_bits <= self.strong_distance_bits
            and second_end - second_start >= self.min_share * (end - start)
        )

    def _widened(self, interval: Interval) -> Interval:
        return interval[0] - self.slack_seconds, interval[1] + self.slack_seconds


def in_order(shared: Sequence[Shared]) -> list[Shared]:
    """Those stretches, agreeing with one another, that cover most of the first video.

    Both videos must run on from stretch to stretch: footage that is shown twice in the first and once in the second is
    not twice in the second, and what lies in another order there is another cut.

    Args:
        shared: stretches of one pair, in any order.

    Returns:
        Some of them, by their start in the first video; none if none were given.
    """
    ordered = sorted(shared, key=lambda item: (item.first_seconds[1], item.first_seconds[0]))
    covered: list[float] = []
    before: list[int | None] = []
    for place, item in enumerate(ordered):
        start, end = item.first_seconds
        best, best_before = end - start, None
        for earlier in range(place):
            reached = ordered[earlier].first_seconds[1]
            if _runs_on(ordered[earlier], item) and covered[earlier] + end - max(start, reached) > best:
                best, best_before = covered[earlier] + end - max(start, reached), earlier
        covered.append(best)
        before.append(best_before)
    chain: list[Shared] = []
    last = max(range(len(ordered)), key=covered.__getitem__, default=None)
    while last is not None:
        chain.append(ordered[last])
        last = before[last]
    return chain[::-1]


def _runs_on(earlier: Shared, later: Shared) -> bool:
    """Whether a stretch goes on in both videos where one that ends no later in the first has been."""
    start, reached = later.first_seconds[0], earlier.first_seconds[1]
    if start >= reached:
        return later.second_seconds[0] >= earlier.second_seconds[1] - _AGREE_SECONDS
    return start >= earlier.first_seconds[0] and all(
        abs(_second_at(earlier, moment) - _second_at(later, moment)) <= _AGREE_SECONDS for moment in (start, reached)
    )


def between_lost(
    chain: Sequence[Shared], damage: Interval, first_seconds: float, second_seconds: float
) -> tuple[Interval, Interval] | None:
    """What a damaged stretch of the first video stands for in both, when the second goes on for as long there.

    Args:
        chain: stretches in order, see :func:`in_order`.
        damage: start and end in the first video.
        first_seconds: length of the first.
        second_seconds: length of the second.

    Returns:
        The stretch between the matched ones on either side, or from there to an end of the first video, in both videos;
        none when that is more than what is damaged, another length in the second, or beyond its end.
    """
    middle = (damage[0] + damage[1]) / 2
    before = [item for item in chain if item.first_seconds[1] <= middle]
    after = [item for item in chain if item.first_seconds[0] >= middle]
    if not before and not after:
        return None
    start, second_start = (before[-1].first_seconds[1], before[-1].second_seconds[1]) if before else (0.0, None)
    end, second_end = (after[0].first_seconds[0], after[0].second_seconds[0]) if after else (first_seconds, None)
    if second_start is None and second_end is not None:
        second_start = second_end - (end - start)
    if second_end is None and second_start is not None:
        second_end = second_start + end - start
    assert second_start is not None
    assert second_end is not None
    if start < damage[0] - _AGREE_SECONDS or end > damage[1] + _AGREE_SECONDS:
        return None
    inside = second_start >= -_AGREE_SECONDS and second_end <= second_seconds + _AGREE_SECONDS
    if not inside or abs((second_end - second_start) - (end - start)) > _AGREE_SECONDS:
        return None
    return (start, end), (max(second_start, 0.0), min(second_end, second_seconds))


def _second_at(shared: Shared, moment: float) -> float:
    """The moment of the second video that the stretch has at a moment of the first."""
    (start, end), (second_start, second_end) = shared.first_seconds, shared.second_seconds
    return second_start + (moment - start) / (end - start) * (second_end - second_start)


def gaps(intervals: Iterable[Interval], length: float) -> list[Interval]:
    """What intervals leave open between 0 and a length."""
    found: list[Interval] = []
    reached = 0.0
    for start, end in sorted(intervals):
        if min(start, length) > reached:
            found.append((reached, min(start, length)))
        reached = max(reached, end)
    return [*found, (reached, length)] if reached < length else found
