"""Mean average precision of near-duplicate retrieval (CC_WEB_VIDEO, Wu et al., ACM MM 2007), in the four usual forms.

=====  =============================  ===============
cc     the query's own set is ranked  labels as given
cc*    all videos are ranked          labels as given
cc_c   the query's own set is ranked  cleaned labels
cc*_c  all videos are ranked          cleaned labels
=====  =============================  ===============

The cleaned labels (Kordopatis-Zilos et al., ICCV 2019) leave videos of doubtful label out of the ranking and of the
positives; a set whose doubtful videos are not known has none. The query is in its own set and stays in its ranking, as
in the published evaluation.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from vdup.datasets.cc_web_video import POSITIVE_LABELS, QuerySet
from vdup.evaluation.incidents import relevant_ranks
from vdup.evaluation.ranking import average_precision, mean, ranked


@dataclass(frozen=True, slots=True)
class Form:
    """One of the four forms."""

    name: str
    all_videos: bool
    """Rank the videos of all sets and not the query's own set alone."""
    cleaned: bool


FORMS = (
    Form("cc", all_videos=False, cleaned=False),
    Form("cc*", all_videos=True, cleaned=False),
    Form("cc_c", all_videos=False, cleaned=True),
    Form("cc*_c", all_videos=True, cleaned=True),
)


@dataclass(frozen=True, slots=True)
class NearDuplicateScores:
    """Means over the ranked queries."""

    published: float
    """Positives that are not available count as never found, as in the published evaluation; nan without queries."""
    among_available: float
    """Over the available positives alone; nan when no ranked query has one. As the former when none is missing."""


def near_duplicate_scores(
    similarities: Mapping[str, Mapping[str, float]],
    sets: Collection[QuerySet],
    form: Form,
    available: Collection[str] | None = None,
) -> NearDuplicateScores:
    """Measures one form.

    Args:
        similarities: of each ranked query to each video; ties stand in the order of the mapping.
        sets: queries with their labels; those without similarities are passed over.
        form: what is ranked and which labels count.
        available: videos that take part; none: those that the query has a similarity to.
    """
    published, among_available = [], []
    for members in sets:
        if members.seed not in similarities:
            continue
        scores = similarities[members.seed]
        present = frozenset(scores if available is None else available)
        excluded = (members.excluded or frozenset()) if form.cleaned else frozenset()
        positives = {name for name, label in members.labels.items() if label in POSITIVE_LABELS} - excluded
        ranking = [
            name
            for name in ranked(scores)
            if name in present and name not in excluded and (form.all_videos or name in members.labels)
        ]
        ranks = relevant_ranks(ranking, positives)
        if positives:
            published.append(average_precision(ranks, len(positives)))
        if positives & present:
            among_available.append(average_precision(ranks, len(positives & present)))
    return NearDuplicateScores(mean(published), mean(among_available))
