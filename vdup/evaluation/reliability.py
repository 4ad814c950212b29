"""Whether scores are probabilities: of those given at 0.9, are nine of ten right?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import BoolArray

BINS = 10

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreBin:
    """Answers whose scores lie close together."""

    lowest: float
    highest: float
    """Above the scores in it, but for the last bin, which holds 1 too."""
    count: int
    right: int
    mean_score: float
    """nan in an empty bin."""

    @property
    def share_right(self) -> float:
        """Not a number (nan) in an empty bin."""
        return self.right / self.count if self.count else math.nan


def score_bins(scores: Scores, right: BoolArray, bins: int = BINS) -> list[ScoreBin]:
    """Answers by their score, in bins of equal width from 0 to 1: the points of a reliability diagram.

    Args:
        scores: 0 to 1, float64 [N].
        right: which answers are right, bool [N].
        bins: how many.

    Returns:
        All bins, from the lowest up, empty ones among them.

    Raises:
        ValueError: a score is not between 0 and 1, or the columns differ in length.
    """
    _check(scores, right)
    places = np.minimum((scores * bins).astype(np.int64), bins - 1)
    counts = np.bincount(places, minlength=bins)
    hits = np.bincount(places, weights=right, minlength=bins)
    sums = np.bincount(places, weights=scores, minlength=bins)
    return [
        ScoreBin(
            lowest=place / bins,
            highest=(place + 1) / bins,
            count=int(counts[place]),
            right=round(float(hits[place])),
            mean_score=float(sums[place] / counts[place]) if counts[place] else math.nan,
        )
        for place in range(bins)
    ]


def expected_calibration_error(scores: Scores, right: BoolArray, bins: int = BINS) -> float:
    """Mean difference of the mean score and the share that is right, over the bins, weighted by their answers.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        scores: 0 to 1, float64 [N].
        right: which answers are right, bool [N].
        bins: of equal width.

    Returns:
        0 to 1; nan when there are no answers.

    Raises:
        ValueError: as of :func:`score_bins`.
    """
    found = [item for item in score_bins(scores, right, bins) if item.count]
    total = sum(item.count for item in found)
    return sum(item.count * abs(item.mean_score - item.share_right) for item in found) / total if total else math.nan


def brier_score(scores: Scores, right: BoolArray) -> float:
    """Mean square of what the score is off from 1 where the answer is right, from 0 where it is wrong.

    Args:
        scores: 0 to 1, float64 [N].
        right: which answers are right, bool [N].

    Returns:
        0 to 1, the lower the better; nan when there are no answers.

    Raises:
        ValueError: as of :func:`score_bins`.
    """
    _check(scores, right)
    return float(np.mean((scores - right) ** 2)) if len(scores) else math.nan


def bootstrap_interval(
    measure: Callable[[Scores, BoolArray], float],
    scores: Scores,
    right: BoolArray,
    groups: Sequence[object],
    *,
    samples: int = 1000,
    share: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of a measure, by drawing groups of answers again and again, with replacement.

    Answers to one query are right or wrong together; so whole queries are drawn, or even all of one video.

    Args:
        measure: what is measured.
        scores: 0 to 1, float64 [N].
        right: which answers are right, bool [N].
        groups: what each answer belongs to, N of them; they can be hashed.
        samples: draws.
        share: of the draws inside the interval.
        seed: of the draws.

    Returns:
        Its ends; both nan when there are no answers.

    Raises:
        ValueError: as of :func:`score_bins`.
    """
    _check(scores, right)
    if len(groups) != len(scores):
        raise ValueError(f"{len(scores)} scores but {len(groups)} groups")
    if not len(scores):
        return math.nan, math.nan
    rows_of: dict[object, list[int]] = {}
    for row, group in enumerate(groups):
        rows_of.setdefault(group, []).append(row)
    members = [np.array(rows) for rows in rows_of.values()]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        drawn = np.concatenate([members[place] for place in rng.integers(0, len(members), len(members))])
        values.append(measure(scores[drawn], right[drawn]))
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def _check(scores: Scores, right: BoolArray) -> None:
    if len(scores) != len(right):
        raise ValueError(f"{len(scores)} scores but {len(right)} marks of what is right")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("scores must be between 0 and 1")
