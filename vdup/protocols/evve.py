"""EVVE: mean average precision of events, by the official script and by videoalignment's, with query expansion."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from vdup.config import EVVEDatasetConfig, QueryExpansionChoice
from vdup.datasets.evve import Event, Evve
from vdup.evaluation.events import EventScores, EventVariant, event_scores
from vdup.evaluation.ranking import ranked
from vdup.protocols.answers import Similarities, Workplace, similarities_of
from vdup.protocols.expansion import expanded_similarities
from vdup.protocols.outcome import Breakdown, Measure, Outcome, Plot, counted
from vdup.protocols.published import EVVE_VIDEOALIGNMENT
from vdup.report.plots import plot_score_histogram


def evaluate_evve(dataset: Evve, place: Workplace) -> Outcome:
    """Ranks the whole database for every query and measures both variants.

    Raises:
        ConfigError: no video is there, the file of predictions cannot be read, or the method cannot expand queries.
    """
    settings = place.config.dataset
    if not isinstance(settings, EVVEDatasetConfig):
        raise TypeError(f"settings of EVVE expected, got {type(settings).__name__}")
    expanded = settings.expansion is not QueryExpansionChoice.none
    if expanded:
        place.refuse_predictions("queries of a file cannot be expanded")
        found = expanded_similarities(dataset.queries, dataset.references, settings, place)
    else:
        found = similarities_of(place, dataset.queries, dataset.references)
    rankings = {query: ranked(scores) for query, scores in found.by_query.items()}
    scores = {variant: event_scores(rankings, dataset.events, variant) for variant in EventVariant}
    asked = counted(dataset.queries, found.by_query.keys())
    searched = counted(dataset.references, found.available)
    measures = [measure for variant in EventVariant for measure in _measures(variant.value, scores[variant])]
    notes = ["videoalignment's variant leaves the negatives of the event out: higher, and not the official figure."]
    if asked.missing:
        notes.append("Queries are missing: the official script would give no total; the means are over those present.")
    if searched.missing:
        there = event_scores(rankings, _available(dataset.events, found.available), EventVariant.official)
        measures += _measures("official, positives present", there)
        notes.append("Positives that are missing count as never found, but for the lines 'positives present'.")
    if expanded:
        notes.append(_expansion_note(settings))
    if any(not event.negatives for event in dataset.events.values()):
        notes.append("Some events have no negatives of their own here; videoalignment's variant then differs little.")
    return Outcome(
        dataset=dataset.name,
        protocol="event retrieval (EVVE)",
        definition=(
            "The whole database is ranked for every query; trapezoid average precision of the positives of its event; "
            "mean over queries, and mean over events of the means within them."
        ),
        answers=place.answers,
        queries=asked,
        references=searched,
        measures=tuple(measures),
        breakdowns=(_by_event(dataset.events, scores),),
        published=EVVE_VIDEOALIGNMENT,
        notes=tuple(notes),
        skipped=dataset.skipped,
        unreadable=found.unreadable,
        plots={"scores": _histogram(dataset.events, found)},
    )


def _measures(name: str, scores: EventScores) -> list[Measure]:
    return [
        Measure(f"mAP ({name})", scores.mean_over_queries),
        Measure(f"avg-mAP ({name})", scores.mean_over_events),
    ]


def _available(events: Mapping[str, Event], available: frozenset[str]) -> dict[str, Event]:
    return {name: replace(event, positives=event.positives & available) for name, event in events.items()}


def _by_event(events: Mapping[str, Event], scores: Mapping[EventVariant, EventScores]) -> Breakdown:
    official, videoalignment = (scores[variant].by_event for variant in EventVariant)
    rows = tuple(
        (
            name,
            str(len(event.queries)),
            str(len(event.positives)),
            f"{official[name]:.4f}",
            f"{videoalignment[name]:.4f}",
        )
        for name, event in events.items()
        if name in official
    )
    return Breakdown("by event", ("event", "queries", "positives", "mAP official", "mAP videoalignment"), rows)


def _histogram(events: Mapping[str, Event], found: Similarities) -> Plot:
    positives: list[float] = []
    others: list[float] = []
    event_of = {query: event for event in events.values() for query in event.queries}
    for query, scores in found.by_query.items():
        event = event_of[query]
        for name, score in scores.items():
            if name not in event.ambiguous:
                (positives if name in event.positives else others).append(score)
    return partial(plot_score_histogram, copies=positives, others=others)


def _expansion_note(settings: EVVEDatasetConfig) -> str:
    parts: Sequence[str] = [f"{settings.expansion.name}, N1 = {settings.nearest}"]
    if settings.expansion is QueryExpansionChoice.don:
        parts = [*parts, f"N2 = {settings.neighbourhood}{' moved' if settings.moved_neighbourhood else ''}"]
    if settings.temporal_consistency:
        parts = [*parts, "temporal consistency" + (", divided by N1 + 1" if settings.as_published else "")]
    return f"Query expansion: {', '.join(parts)}."
