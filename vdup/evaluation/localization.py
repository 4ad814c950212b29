"""Localisation error: how far an estimated offset is from the true one (Madonna and Climbing).

Protocol of LAMV (Baraldi et al., CVPR 2018) after Douze et al. (IJCV 2016): for every video the best-scoring *other*
video of the collection is taken; the error is the distance of the estimated offset from the true one, and infinite when
the two recordings have no moment in common. Reported is the share of all videos with an error *below* a bound.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vdup.datasets.recordings import Recording

BOUNDS_SECONDS = (0.1, 1.0, 10.0)
"""Errors below which a video counts as localised."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A comparison of a video with another."""

    reference_id: str
    similarity: float
    offset_seconds: float
    """Time in the reference minus time in the query of what is shown in both."""


@dataclass(frozen=True, slots=True)
class Localization:
    """What became of one video."""

    query_id: str
    reference_id: str
    """The best-scoring other video."""
    error_seconds: float
    """Infinite when the two have no moment in common."""
    similarity: float
    offset_seconds: float
    """As it was estimated."""


def localize(query_id: str, alignments: Sequence[Alignment], recordings: Mapping[str, Recording]) -> Localization:
    """Takes the best of a video's alignments and measures its error.

    Args:
        query_id: the video.
        alignments: with all other videos, at least one; of equal similarities the first counts.
        recordings: truth, by id.

    Raises:
        ValueError: there is no alignment, or one of the video with itself.
        KeyError: a video is not among the recordings.
    """
    if not alignments:
        raise ValueError(f"{query_id} was compared with no other video")
    if any(alignment.reference_id == query_id for alignment in alignments):
        raise ValueError(f"{query_id} was compared with itself")
    best = max(alignments, key=lambda alignment: alignment.similarity)
    query, reference = recordings[query_id], recordings[best.reference_id]
    error = math.inf
    if query.overlaps(reference):
        error = abs(best.offset_seconds - query.offset_seconds(reference))
    return Localization(query_id, best.reference_id, error, best.similarity, best.offset_seconds)


def shares_below(
    errors_seconds: Sequence[float], bounds_seconds: Sequence[float] = BOUNDS_SECONDS
) -> dict[float, float]:
    """Share of the errors below each bound, an error equal to the bound not counting; nan when there are none."""
    return {
        bound: sum(error < bound for error in errors_seconds) / len(errors_seconds) if errors_seconds else math.nan
        for bound in bounds_seconds
    }
