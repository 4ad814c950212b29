"""How much of two videos is the same, from the segments that they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from vdup.align.covered import Interval, covered_seconds
from vdup.types import Intervals


class Relation(Enum):
    """What one video of a pair is to the other."""

    same = "same"
    """Nearly all of each is in the other."""
    contained = "contained"
    """Nearly all of the first is in the second."""
    contains = "contains"
    """Nearly all of the second is in the first."""
    part = "part"
    """They share a part, and neither holds nearly all of the other."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A stretch that two videos share."""

    first_seconds: Interval
    """Start and end in the first video."""
    second_seconds: Interval
    """Start and end in the second video."""
    score: float
    """Calibrated, 0 to 1."""
    distance_bits: float
    """Mean Hamming distance of the frames that agree."""
    unlike_seconds: float = 0.0
    """The longest time within it for which the two show different pictures, as far as is known."""

    def turned(self) -> "Shared":
        """The same, seen from the second video."""
        return replace(self, first_seconds=self.second_seconds, second_seconds=self.first_seconds)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two videos of a library share."""

    first: str
    """Id of a video."""
    second: str
    """Id of another."""
    first_share: float
    """Part of the first that is in the second, 0 to 1."""
    second_share: float
    """Part of the second that is in the first, 0 to 1."""
    score: float
    """Highest score of a shared stretch."""
    distance_bits: float
    """Mean Hamming distance of that stretch."""
    shared: tuple[Shared, ...]
    """Best first."""

    def turned(self) -> "Overlap":
        """The same, with the second video as the first."""
        return Overlap(
            self.second,
            self.first,
            self.second_share,
            self.first_share,
            self.score,
            self.distance_bits,
            tuple(item.turned() for item in self.shared),
        )

    def relation(self, nearly_all: float) -> Relation:
        """What the first is to the second, when a share of ``nearly_all`` or more counts as nearly all."""
        whole_first, whole_second = self.first_share >= nearly_all, self.second_share >= nearly_all
        if whole_first and whole_second:
            return Relation.same
        if whole_first:
            return Relation.contained
        return Relation.contains if whole_second else Relation.part

    def is_near_duplicate(self, nearly_all: float) -> bool:
        """Whether nearly all of one of them is in the other."""
        return self.relation(nearly_all) is not Relation.part

    def is_strong(self, score: float, distance_bits: float) -> bool:
        """Whether a shared stretch has at least this score and at most this distance."""
        return any(item.score >= score and item.distance_bits <= distance_bits for item in self.shared)


def overlap_of(
    first: str,
    second: str,
    first_seconds: float,
    second_seconds: float,
    shared: Iterable[Shared],
    first_damaged: Intervals = (),
    second_damaged: Intervals = (),
) -> Overlap:
    """Adds up what two videos share.

    Args:
        first: id of a video.
        second: id of another.
        first_seconds: length of the first.
        second_seconds: length of the second.
        shared: stretches of both, at least one; they may overlap one another.
        first_damaged: stretches of the first that are damaged; shares are those of what is not.
        second_damaged: the same of the second.

    Raises:
        ValueError: there is no stretch, or a length is not above 0.
    """
    best_first = tuple(sorted(shared, key=lambda stretch: -stretch.score))
    if not best_first or first_seconds <= 0 or second_seconds <= 0:
        raise ValueError(f"need a shared stretch and lengths above 0, got {len(best_first)} stretches")
    return Overlap(
        first=first,
        second=second,
        first_share=_share([item.first_seconds for item in best_first], first_seconds, first_damaged),
        second_share=_share([item.second_seconds for item in best_first], second_seconds, second_damaged),
        score=best_first[0].score,
        distance_bits=best_first[0].distance_bits,
        shared=best_first,
    )


def _share(intervals: Sequence[Interval], seconds: float, damaged: Intervals) -> float:
    """What intervals cover of what is not damaged, 0 to 1; of everything where all of it is."""
    lost = covered_seconds(damaged)
    if lost >= seconds:
        return min(1.0, covered_seconds(intervals) / seconds)
    return min(1.0, (covered_seconds([*intervals, *damaged]) - lost) / (seconds - lost))
