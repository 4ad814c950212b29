"""VCSL's measure on listed pairs of videos."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from vdup.datasets.base import Dataset
from vdup.datasets.boxes import VideoPair
from vdup.datasets.predictions import read_pair_predictions
from vdup.datasets.segments import Segment, SegmentLike
from vdup.datasets.vcsl import Vcsl
from vdup.errors import ConfigError
from vdup.evaluation.copy_overlap import macro_average, measure_pair, micro_average, video_errors
from vdup.protocols.answers import Workplace, segments_of
from vdup.protocols.outcome import Measure, Outcome, Plot, Published, counted
from vdup.protocols.plan import Excerpt, Plan
from vdup.protocols.published import VCSL_TEST
from vdup.report.plots import plot_score_histogram


@dataclass(frozen=True)
class PairSet:
    """Pairs of videos and the segments that they share."""

    dataset: Dataset
    pairs: Sequence[VideoPair]
    truth: Mapping[VideoPair, Sequence[Segment]]
    query_sets: Mapping[str, Sequence[VideoPair]] | None
    """None: no macro average."""
    published: tuple[Published, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Answers:
    """Predicted segments of the pairs that were answered."""

    segments: Mapping[VideoPair, Sequence[SegmentLike]]
    unreadable: Mapping[str, str]
    notes: tuple[str, ...]
    plots: Mapping[str, Plot]


def evaluate_vcsl(dataset: Vcsl, place: Workplace) -> Outcome:
    """Evaluates the pairs of a split.

    Raises:
        ConfigError: no video is there, the method tells no segments, or the file of predictions cannot be read.
    """
    published = VCSL_TEST if dataset.name.endswith("test") else ()
    notes = () if dataset.query_sets is not None else ("split_meta_pairs.json is missing: no macro average.",)
    return evaluate_pair_set(
        PairSet(dataset, dataset.pairs, dataset.segments, dataset.query_sets, published, notes), place
    )


def evaluate_pair_set(pair_set: PairSet, place: Workplace) -> Outcome:
    """Evaluates listed pairs; see :func:`evaluate_vcsl`."""
    answers = _read(pair_set, place) if place.config.predictions is not None else _compare(pair_set, place)
    measures = {
        pair: measure_pair(segments, pair_set.truth.get(pair, ())) for pair, segments in answers.segments.items()
    }
    micro, errors = micro_average(measures.values()), video_errors(measures.values())
    rows = [
        Measure("precision (micro)", micro.precision),
        Measure("recall (micro)", micro.recall),
        Measure("F1 (micro)", micro.f1),
    ]
    if pair_set.query_sets is not None:
        macro = macro_average(measures, pair_set.query_sets)
        rows += [
            Measure("precision (macro)", macro.precision),
            Measure("recall (macro)", macro.recall),
            Measure("F1 (macro)", macro.f1),
        ]
    took_part = {name for pair in measures for name in pair}
    return Outcome(
        dataset=pair_set.dataset.name,
        protocol="copy overlap (VCSL)",
        definition=(
            "Length of what is right over length of what was predicted (precision) or is true (recall), both axes "
            "multiplied, for each pair; micro: mean over pairs with predictions (precision) or truth (recall); macro: "
            "mean over query sets of means within them."
        ),
        answers=place.answers,
        queries=counted(pair_set.dataset.queries, took_part),
        references=counted(pair_set.dataset.references, took_part),
        measures=(
            *rows,
            Measure("false rejection rate", errors.false_rejection_rate),
            Measure("false alarm rate", errors.false_alarm_rate),
            Measure("pairs evaluated", len(measures)),
            Measure("pairs missing", len(pair_set.pairs) - len(measures)),
        ),
        published=pair_set.published,
        notes=(*pair_set.notes, *answers.notes),
        skipped=tuple(pair_set.dataset.skipped),
        unreadable=answers.unreadable,
        plots=answers.plots,
    )


def _read(pair_set: PairSet, place: Workplace) -> _Answers:
    if place.config.predictions is None:
        raise ValueError("there is no file of predictions")
    given = read_pair_predictions(place.config.predictions, pair_set.pairs)
    if not given.segments:
        raise ConfigError(f"{place.config.predictions}: none of its pairs is a pair of the data set")
    notes = []
    if given.missing:
        notes.append(f"The file lacks {len(given.missing)} pairs; the published evaluation would stop there.")
    if given.unknown:
        notes.append(f"The file has {given.unknown} pairs that are not of this data set; they are left out.")
    return _Answers(given.segments, {}, tuple(notes), {})


def _compare(pair_set: PairSet, place: Workplace) -> _Answers:
    videos = {
        video.id: video for video in (*pair_set.dataset.queries, *pair_set.dataset.references) if video.path is not None
    }
    pairs = [pair for pair in pair_set.pairs if pair[0] in videos and pair[1] in videos]
    if not pairs:
        raise ConfigError(f"data.root={place.config.data.root}: of no pair are both videos there")
    queries, references = (list(dict.fromkeys(pair[side] for pair in pairs)) for side in (0, 1))
    query_rows, reference_rows = ({name: row for row, name in enumerate(names)} for names in (queries, references))
    plan = Plan(
        [Excerpt(videos[name]) for name in queries],
        [Excerpt(videos[name]) for name in references],
        np.array([(query_rows[query], reference_rows[reference]) for query, reference in pairs], dtype=np.int64),
    )
    found = place.compare(plan)
    compared = {pair for pair, value in zip(pairs, found.similarities.tolist(), strict=True) if math.isfinite(value)}
    segments: dict[VideoPair, list[SegmentLike]] = {pair: [] for pair in pairs if pair in compared}
    for segment in segments_of(plan, found):
        segments[segment.query_id, segment.reference_id].append(segment)
    notes = () if found.boxes else ("No segment was predicted; a method that tells none cannot be measured so.",)
    copies = np.array([pair in pair_set.truth for pair in pairs], dtype=np.bool_)
    plot = partial(plot_score_histogram, copies=found.similarities[copies], others=found.similarities[~copies])
    return _Answers(segments, found.unreadable, notes, {"scores": plot})
