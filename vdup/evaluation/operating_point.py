"""Thresholds of a similarity and what they cost: precision, recall, F1 and false-alarm rate."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdup.errors import ConfigError


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold gives on some labelled pairs."""

    threshold: float
    """Pairs at or above it count as duplicates."""
    precision: float
    """Share of these that are duplicates."""
    recall: float
    """Share of the duplicates that are among these."""
    false_alarm_rate: float
    """Share of the other pairs that are among these."""

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total > 0 else 0.0


def operating_points(duplicates: ArrayLike, others: ArrayLike) -> list[OperatingPoint]:
    """One point for each similarity that a pair has, from the highest down.

    Args:
        duplicates: similarities of pairs that are duplicates.
        others: similarities of pairs that are none.

    Raises:
        ValueError: one of the two is empty, or holds a value that is not finite.
    """
    right, wrong = (np.sort(np.asarray(values, dtype=np.float64).ravel()) for values in (duplicates, others))
    if not len(right) or not len(wrong):
        raise ValueError(f"{len(right)} duplicates and {len(wrong)} other pairs: both are needed")
    if not (np.isfinite(right).all() and np.isfinite(wrong).all()):
        raise ValueError("a similarity is not finite")
    thresholds: NDArray[np.float64] = np.unique(np.concatenate([right, wrong]))[::-1]
    found = len(right) - np.searchsorted(right, thresholds, side="left")
    alarms = len(wrong) - np.searchsorted(wrong, thresholds, side="left")
    return [
        OperatingPoint(float(at), float(hits / (hits + false)), float(hits / len(right)), float(false / len(wrong)))
        for at, hits, false in zip(thresholds, found, alarms, strict=True)
    ]


def best_f1(duplicates: ArrayLike, others: ArrayLike) -> OperatingPoint:
    """The point with the highest F1; of equals the highest threshold. Raises as :func:`operating_points` does."""
    return max(operating_points(duplicates, others), key=lambda point: (point.f1, point.threshold))


def point_for(
    points: Iterable[OperatingPoint], *, precision: float | None = None, false_alarm_rate: float | None = None
) -> OperatingPoint:
    """The point of highest recall that keeps to what is wanted; of equals the highest threshold.

    Args:
        points: to choose from.
        precision: least precision; none: any.
        false_alarm_rate: greatest false-alarm rate; none: any.

    Raises:
        ConfigError: no point keeps to it; the message says what was the nearest.
    """
    every = list(points)
    kept = [
        point
        for point in every
        if (precision is None or point.precision >= precision)
        and (false_alarm_rate is None or point.false_alarm_rate <= false_alarm_rate)
    ]
    if kept:
        return max(kept, key=lambda point: (point.recall, point.threshold))
    nearest = max(every, key=lambda point: (point.precision, point.recall))
    raise ConfigError(
        f"no threshold reaches what is wanted: the highest precision is {nearest.precision:.3f}, at a recall of "
        f"{nearest.recall:.3f} and a false-alarm rate of {nearest.false_alarm_rate:.2e}; ask for less"
    )
