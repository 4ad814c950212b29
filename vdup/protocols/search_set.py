"""Queries, references and the segments that they share: the matching track of VSC2022, and folders with gt.csv."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from vdup.config import FolderDatasetConfig, MatcherConfig, VSC2022DatasetConfig
from vdup.datasets.search_folder import SearchSet
from vdup.datasets.segments import ScoredSegmentLike, pair_of
from vdup.evaluation.breakdown import Group
from vdup.evaluation.pairs import pair_scores
from vdup.evaluation.segments import segment_curve
from vdup.evaluation.summary import Summary, summarise
from vdup.protocols.answers import Workplace, check_present, present, read_segment_predictions, segments_of
from vdup.protocols.library_search import search_library
from vdup.protocols.outcome import Breakdown, Measure, Outcome, Plot, counted
from vdup.protocols.plan import Plan, all_pairs
from vdup.protocols.published import VSC2022_MATCHING
from vdup.report.plots import plot_precision_recall, plot_recall_by_group, plot_score_histogram


@dataclass(frozen=True)
class Predictions:
    """Predicted segments and what gave them."""

    segments: Sequence[ScoredSegmentLike]
    answers: str
    threshold: float = -math.inf
    """Score from which on a segment counts in shares."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    from_file: bool = False
    """The videos were not opened, so none can be missing."""


def evaluate_search_set(dataset: SearchSet, place: Workplace) -> Outcome:
    """Searches, or reads the file of predictions, and measures segments.

    Raises:
        ConfigError: no video is there, or the file of predictions cannot be read.
    """
    return measure_segments(dataset, _predict(dataset, place))


def measure_segments(dataset: SearchSet, predictions: Predictions) -> Outcome:
    """Measures predicted segments against the truth of a data set."""
    summary = summarise(dataset.segments, predictions.segments, dataset.edits, predictions.threshold)
    curve = segment_curve(dataset.segments, predictions.segments)
    took_part = {
        video.id
        for video in (*dataset.queries, *dataset.references)
        if predictions.from_file or (video.path is not None and video.id not in predictions.unreadable)
    }
    lost = [segment for segment in dataset.segments if not took_part.issuperset(pair_of(segment))]
    measures = _measures(summary)
    notes = [_threshold_note(predictions.threshold)]
    if lost:
        there = [segment for segment in dataset.segments if took_part.issuperset(pair_of(segment))]
        value = segment_curve(there, predictions.segments).average_precision
        measures.insert(1, Measure("segment AP (present videos)", value))
        notes.append(f"True segments of missing videos: {len(lost)}; they count as never found but for that line.")
    if predictions.from_file:
        notes.append("All videos are taken to have been searched for: a file does not tell which were there.")
    edit_plot: dict[str, Plot] = {"recall_by_edit": partial(plot_recall_by_group, groups=_found(summary.by_edit))}
    return Outcome(
        dataset=dataset.name,
        protocol="matching track (VSC2022)",
        definition=(
            "Segment AP: precision and recall of seconds, the geometric mean of the query and the reference axis, over "
            "all pairs as the score falls. Pair micro-AP: all pairs of videos in one ranking."
        ),
        answers=predictions.answers,
        queries=counted(dataset.queries, took_part),
        references=counted(dataset.references, took_part),
        measures=(*measures, *_false_alarms(dataset, predictions, took_part)),
        breakdowns=tuple(
            _table(title, groups)
            for title, groups in (("by edit", summary.by_edit), ("by length in the query", summary.by_length))
            if groups and (title != "by edit" or dataset.edits)
        ),
        published=VSC2022_MATCHING if dataset.name == "VSC2022" else (),
        notes=tuple(notes),
        skipped=dataset.skipped,
        unreadable=predictions.unreadable,
        plots={
            "precision_recall": partial(plot_precision_recall, curves={"segments": (curve.recalls, curve.precisions)}),
            "recall_by_length": partial(plot_recall_by_group, groups=_found(summary.by_length)),
            "scores": _histogram(dataset, predictions.segments),
            **(edit_plot if dataset.edits else {}),
        },
    )


def _predict(dataset: SearchSet, place: Workplace) -> Predictions:
    config = place.config
    settings = config.dataset
    if not isinstance(settings, FolderDatasetConfig | VSC2022DatasetConfig):
        raise TypeError(f"settings of a search set expected, got {type(settings).__name__}")
    threshold = -math.inf if settings.threshold is None else settings.threshold
    if config.predictions is not None:
        segments = read_segment_predictions(config.predictions, (*dataset.queries, *dataset.references))
        return Predictions(segments, place.answers, threshold, from_file=True)
    queries, references = present(dataset.queries), present(dataset.references)
    check_present(place, queries, references)
    if isinstance(config.matcher, MatcherConfig):
        found = search_library(dataset.name, queries, references, config, place.progress)
        if settings.threshold is None:
            # What false_alarms lets through is all that is reported.
            threshold = config.matcher.threshold if config.matcher.false_alarms is None else -math.inf
        return Predictions(found.matches, place.answers, threshold, found.unreadable)
    plan = Plan(queries, references, all_pairs(len(queries), len(references)))
    compared = place.compare(plan)
    return Predictions(segments_of(plan, compared), place.answers, threshold, compared.unreadable)


def _measures(summary: Summary) -> list[Measure]:
    return [
        Measure("segment AP", summary.segment_average_precision),
        Measure("pair micro-AP", summary.pair_average_precision),
        Measure("pairs found", summary.pair_recall),
        Measure("segments found", summary.segment_recall),
        Measure("segments found with an overlap of a half", summary.segment_recall_half),
        Measure("segments reported", summary.segments_predicted),
        Measure("segments wrong", summary.segments_wrong),
        Measure("segments wrong on queries without truth", summary.segments_wrong_without_truth),
        Measure("queries with a wrong segment", summary.queries_with_wrong_segments),
    ]


def _false_alarms(dataset: SearchSet, predictions: Predictions, took_part: set[str]) -> list[Measure]:
    """How many queries hold no copy, and on what share of them something was reported."""
    copies = {segment.query_id for segment in dataset.segments}
    without = {video.id for video in dataset.queries if video.id in took_part} - copies
    alarmed = {each.query_id for each in predictions.segments if each.score >= predictions.threshold} & without
    return [
        Measure("queries without truth", len(without)),
        Measure("queries without truth, share with an alarm", len(alarmed) / len(without) if without else math.nan),
    ]


def _threshold_note(threshold: float) -> str:
    if math.isinf(threshold):
        return "Shares found and numbers of segments count every segment; the average precisions need no threshold."
    return (
        f"Shares found and numbers of segments count scores of {threshold:g} or more; the average precisions take all "
        "segments that were given, which of matcher=vdup are those from matcher.threshold on."
    )


def _table(title: str, groups: Sequence[Group]) -> Breakdown:
    rows = tuple(
        (
            group.name,
            str(group.queries),
            str(group.segments),
            str(group.found),
            f"{group.recall:.3f}",
            f"{group.mean_overlap:.3f}" if group.found else "-",
        )
        for group in groups
    )
    return Breakdown(title, ("", "queries", "segments", "found", "recall", "mean overlap of found"), rows)


def _found(groups: Sequence[Group]) -> dict[str, tuple[int, int]]:
    return {group.name: (group.found, group.segments) for group in groups}


def _histogram(dataset: SearchSet, segments: Sequence[ScoredSegmentLike]) -> Plot:
    """Scores of the predicted pairs that are copies, and of the others."""
    true = {pair_of(segment) for segment in dataset.segments}
    scores = pair_scores(segments)
    return partial(
        plot_score_histogram,
        copies=[score for pair, score in scores.items() if pair in true],
        others=[score for pair, score in scores.items() if pair not in true],
    )
