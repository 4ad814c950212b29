"""Precision and recall of items with a score and a label, and the best F1 among all thresholds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelledScore:
    """One item: how sure the method is that it is positive, and whether it is."""

    score: float
    positive: bool


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision and recall when all items with at least a score are taken; items of equal score go together."""

    thresholds: NDArray[np.float64]
    """Scores that occur, falling, shape [N]."""
    precisions: NDArray[np.float64]
    """Shape [N]."""
    recalls: NDArray[np.float64]
    """Shape [N], never falling; nan when nothing is positive."""

    @property
    def best(self) -> int | None:
        """Position of the highest F1, the highest threshold among equals; None when there is none."""
        if len(self.thresholds) == 0 or np.isnan(self.recalls[0]):
            return None
        return int(np.argmax(self._f1()))

    @property
    def best_f1(self) -> float:
        """The highest harmonic mean of precision and recall; nan when nothing is positive."""
        return math.nan if self.best is None else float(self._f1()[self.best])

    def _f1(self) -> NDArray[np.float64]:
        sums = self.precisions + self.recalls
        return 2 * self.precisions * self.recalls / np.where(sums > 0, sums, 1.0)


def precision_recall(items: Sequence[LabelledScore]) -> PrecisionRecall:
    """The curve of a set of items.

    Args:
        items: in any order; recall is measured against the positives among them.
    """
    scores = np.array([item.score for item in items], dtype=np.float64)
    positive = np.array([item.positive for item in items], dtype=np.bool_)
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(positive[order])
    last_of_group = np.append(scores[1:] != scores[:-1], True)[: len(scores)]
    taken = np.arange(1, len(scores) + 1)
    total = int(positive.sum())
    return PrecisionRecall(
        thresholds=scores[last_of_group],
        precisions=(found / taken)[last_of_group],
        recalls=(found / total)[last_of_group] if total else np.full(int(last_of_group.sum()), math.nan),
    )
