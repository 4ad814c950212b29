"""Mean average precision of event retrieval (EVVE, Revaud et al., CVPR 2013), in two forms that must not be mixed.

Both rank the whole database for each query and take the trapezoid average precision of the positives of the query's
event. They differ in which videos are left out of the ranking:

- ``official``, the script of the data set: those that the annotators marked as ambiguous (0) for this event.
- ``videoalignment``, the evaluator of the code published with LAMV: those marked as negative (-1) for this event. Hard
  negatives so vanish; figures are higher and cannot be compared with the official ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from vdup.datasets.evve import Event
from vdup.evaluation.ranking import mean, trapezoid_average_precision


class EventVariant(Enum):
    """Which videos of the query's event are left out of the ranking."""

    official = "official"
    """The ambiguous ones."""
    videoalignment = "videoalignment"
    """The negative ones."""


@dataclass(frozen=True, slots=True)
class EventScores:
    """Means of the average precision."""

    mean_over_queries: float
    """Over the queries that were ranked; nan when there are none."""
    mean_over_events: float
    """Of the means of the events that have a ranked query; nan when there are none."""
    by_event: dict[str, float]
    """Mean over the ranked queries of each event that has one."""
    queries: int
    """Ranked queries."""
    missing: int
    """Queries without a ranking. The official script gives no total unless this is 0."""


def event_average_precision(ranking: Sequence[str], event: Event, variant: EventVariant) -> float:
    """Average precision of one query; positives that the ranking lacks count as never found.

    Args:
        ranking: ids of the whole database, best first. Ids unknown to the event count as negatives.
        event: the query's event.
        variant: what is left out.

    Raises:
        ValueError: an id stands in the ranking twice.
    """
    if len(set(ranking)) != len(ranking):
        raise ValueError("the ranking names a video twice")
    left_out = event.ambiguous if variant is EventVariant.official else event.negatives
    kept = (name for name in ranking if name in event.positives or name not in left_out)
    ranks = [rank for rank, name in enumerate(kept) if name in event.positives]
    return trapezoid_average_precision(ranks, len(event.positives))


def event_scores(
    rankings: Mapping[str, Sequence[str]], events: Mapping[str, Event], variant: EventVariant
) -> EventScores:
    """Average precision of every ranked query, averaged over queries and over events.

    Args:
        rankings: database ids, best first, of each query id.
        events: by name.
        variant: what is left out of the rankings.
    """
    by_event = {
        name: [
            event_average_precision(rankings[query], event, variant)
            for query in sorted(event.queries)
            if query in rankings
        ]
        for name, event in events.items()
    }
    values = [value for of_event in by_event.values() for value in of_event]
    means = {name: mean(of_event) for name, of_event in by_event.items() if of_event}
    return EventScores(
        mean_over_queries=mean(values),
        mean_over_events=mean(list(means.values())),
        by_event=means,
        queries=len(values),
        missing=sum(len(event.queries) for event in events.values()) - len(values),
    )
