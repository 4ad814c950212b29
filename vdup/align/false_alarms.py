"""How many false segments are expected in an hour of query, by their score and the size of the library.

Some come from the *same source* as the query: another take of a scene, another minute of a still camera. Their number
depends on the query, not on how much else the library holds. All others are *unrelated* to it, and twice the library
has twice as many.

The number of each kind with a score of ``s`` or more decays exponentially with the log-odds ``x = ln(s / (1 - s))``.
An hour of query is expected to bring up, from a library of ``H`` hours::

    same_source * exp(-same_source_decay * x) + H * unrelated * exp(-unrelated_decay * x)
"""

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import BoolArray

FLOOR_SCORE = 0.1
"""The model is fitted to segments from this score on; below it are those that the search itself drops, or not."""

SLOWEST_DECAY = 0.25
FASTEST_DECAY = 1.25
"""Decays that are fitted to some tens of segments are held within these. As they differ by no more than 1, a better
score never becomes a worse one when it is put into a library of another size."""

_PRIOR_SEGMENTS = 1.0
_PRIOR_DECAY = 1.0
"""So many segments are taken to have been seen besides, with this decay. Of a score whose odds are fair at most one
wrong segment in ``exp(x)`` reaches the log-odds ``x``, so 1 is what is to be expected of the best. No false segment in
few hours thus means "less than one in so many hours", and not "never"."""

_MOST_LOGIT = 27.0
"""Log-odds are held within this on both sides: a score of exactly 1 has none."""


@dataclass(frozen=True)
class FalseAlarms:
    """Expected false segments in an hour of query, by their score and the size of the library."""

    same_source: float
    """Those of the same source with a score of 0.5 or more, in an hour of query."""
    same_source_decay: float
    """Exponential decay of that number with the log-odds of the score."""
    unrelated: float
    """Unrelated ones with a score of 0.5 or more, in an hour of query, for each hour of video in the library."""
    unrelated_decay: float
    """The same of these."""
    fitted_hours: float
    """Hours of video in the library that the model was fitted on."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in astuple(self)):
            raise ValueError(f"the numbers of false segments must be finite, got {astuple(self)}")
        if min(self.same_source, self.unrelated) < 0 or not self.same_source + self.unrelated > 0:
            raise ValueError("both numbers of false segments must be 0 or more, and not both 0")
        for decay in (self.same_source_decay, self.unrelated_decay):
            if not SLOWEST_DECAY <= decay <= FASTEST_DECAY:
                raise ValueError(f"the decay of false segments must be {SLOWEST_DECAY} to {FASTEST_DECAY}, got {decay}")
        if not self.fitted_hours > 0:
            raise ValueError(f"the library must hold some video, got {self.fitted_hours} hours")

    def per_hour(self, score: float, library_hours: float) -> float:
        """Expected false segments with this score or more.

        Args:
            score: 0 to 1, as the calibration gives it.
            library_hours: video in the library.

        Returns:
            Segments in an hour of query.
        """
        return self._at(logit(score), library_hours)

    def threshold(self, per_hour: float, library_hours: float) -> float:
        """The score from which on so many false segments are expected.

        Args:
            per_hour: false segments in an hour of query, above 0.
            library_hours: video in the library.

        Returns:
            A score as the calibration gives it, above 0 and below 1.

        Raises:
            ValueError: ``per_hour`` is not above 0.
        """
        if not per_hour > 0:
            raise ValueError(f"per_hour must be above 0, got {per_hour}")
        low, high = -_MOST_LOGIT, _MOST_LOGIT
        for _ in range(60):
            middle = (low + high) / 2
            if self._at(middle, library_hours) > per_hour:
                low = middle
            else:
                high = middle
        return _probability(high)

    def in_library(self, score: float, library_hours: float, scored_on: "FalseAlarms | None" = None) -> float:
        """The score in a library of some size: its odds fall as more false segments come up beside the right ones.

        The odds are divided by how many more false segments are expected than where the score was fitted. They are
        never raised: of a smaller library nothing is known that speaks for a segment.

        Args:
            score: 0 to 1, as the calibration gives it.
            library_hours: video in the library.
            scored_on: model of the library on which the calibration's scores were fitted; none: it is this one.

        Returns:
            At most ``score``; the higher of two scores stays the higher.
        """
        at, there = logit(score), self if scored_on is None else scored_on
        more = self._at(at, library_hours) / there._at(at, there.fitted_hours)
        return score if more <= 1 else min(score, _probability(at - math.log(more)))

    def _at(self, at: float, library_hours: float) -> float:
        same_source = self.same_source * math.exp(-self.same_source_decay * at)
        return same_source + library_hours * self.unrelated * math.exp(-self.unrelated_decay * at)


def fit_false_alarms(
    logits: NDArray[np.float64], is_same_source: BoolArray, query_hours: float, library_hours: float
) -> FalseAlarms:
    """Fits the tails to false segments that came up, by maximum likelihood with one more segment assumed of each kind.

    Above the score ``FLOOR_SCORE`` a tail is exponential: its rate is the number of segments over the hours searched,
    its decay the inverse of the mean distance from the floor. The segment that is assumed keeps the fit cautious where
    few or none came up: it lies where a fair score would put it.

    Args:
        logits: log-odds of the scores of false segments, float64 [N]; those below the floor do not count.
        is_same_source: which of them come from the same source as the query, bool [N].
        query_hours: length of all queries, above 0.
        library_hours: video in the library, above 0.

    Raises:
        ValueError: hours are not above 0, or the columns differ in length.
    """
    if len(logits) != len(is_same_source):
        raise ValueError(f"{len(logits)} scores but {len(is_same_source)} marks of the same source")
    if not (query_hours > 0 and library_hours > 0):
        raise ValueError(f"hours must be above 0, got {query_hours} of query and {library_hours} of library")
    same_source, same_source_decay = _tail(logits[is_same_source], query_hours)
    unrelated, unrelated_decay = _tail(logits[~is_same_source], query_hours * library_hours)
    return FalseAlarms(same_source, same_source_decay, unrelated, unrelated_decay, library_hours)


def logit(score: float) -> float:
    """Log-odds of a score, held within -27 and 27.

    Args:
        score: 0 to 1.
    """
    if score <= 0 or score >= 1:
        return _MOST_LOGIT if score >= 1 else -_MOST_LOGIT
    return min(max(math.log(score) - math.log1p(-score), -_MOST_LOGIT), _MOST_LOGIT)


def _tail(logits: NDArray[np.float64], exposure: float) -> tuple[float, float]:
    """Rate at a score of 0.5 for one unit of exposure, and decay."""
    floor = logit(FLOOR_SCORE)
    above = logits[logits >= floor] - floor
    count = len(above) + _PRIOR_SEGMENTS
    decay = count / (float(above.sum()) + _PRIOR_SEGMENTS / _PRIOR_DECAY)
    decay = min(max(decay, SLOWEST_DECAY), FASTEST_DECAY)
    return count / exposure * math.exp(decay * floor), decay


def _probability(at: float) -> float:
    return 1 / (1 + math.exp(-at))
