"""VCDB: segments with known bounds (LAMV), or pairs of whole videos (VCSL's measure)."""

from collections import defaultdict
from functools import partial

import numpy as np

from vdup.config import VCDBDatasetConfig, VCDBMeasure
from vdup.datasets.segments import ScoredSegment, Segment, pair_of
from vdup.datasets.vcdb import Vcdb, turned_round
from vdup.errors import ConfigError
from vdup.evaluation.known_bounds import placement_items
from vdup.evaluation.labelled_scores import LabelledScore, precision_recall
from vdup.protocols.answers import Workplace, check_offsets, present
from vdup.protocols.copy_overlap import PairSet, evaluate_pair_set
from vdup.protocols.outcome import Measure, Outcome, counted
from vdup.protocols.plan import Comparisons, Excerpt, Plan, all_pairs
from vdup.protocols.published import VCDB_KNOWN_BOUNDS
from vdup.report.plots import plot_precision_recall, plot_score_histogram

Stretch = tuple[str, float, float]
"""Id of a video, start and end in seconds."""


def evaluate_vcdb(dataset: Vcdb, place: Workplace) -> Outcome:
    """Evaluates by the measure that the settings name.

    Raises:
        ConfigError: no video is there, the method does not fit the measure, or a file of predictions does not.
    """
    settings = place.config.dataset
    if not isinstance(settings, VCDBDatasetConfig):
        raise TypeError(f"settings of VCDB expected, got {type(settings).__name__}")
    if settings.measure is VCDBMeasure.copy_overlap:
        return evaluate_pair_set(_pair_set(dataset, all_of_them=settings.all_pairs), place)
    return _known_bounds(dataset, place)


def _known_bounds(dataset: Vcdb, place: Workplace) -> Outcome:
    place.refuse_predictions("no form of file is published for placements; dataset.measure=copy_overlap takes one")
    videos = {video.id: video for video in dataset.videos if video.path is not None}
    stretches = annotated_stretches(dataset)
    queries = [Excerpt(videos[name], (start, end)) for name, start, end in stretches if name in videos]
    references = present(dataset.videos)
    if not queries:
        raise ConfigError(f"data.root={place.config.data.root}: no video of an annotated segment is there")
    pairs = all_pairs(len(queries), len(references))
    other = (
        np.array([query.video.id for query in queries], dtype=object)[pairs[:, 0]]
        != np.array([reference.video.id for reference in references], dtype=object)[pairs[:, 1]]
    )
    plan = Plan(queries, references, pairs[other], inside=True)
    found = place.compare(plan)
    truth: defaultdict[tuple[str, str], list[Segment]] = defaultdict(list)
    for segment in dataset.segments:
        truth[pair_of(segment)].append(segment)
        turned = turned_round(segment)
        truth[pair_of(turned)].append(turned)
    items: list[LabelledScore] = []
    for placement in _placements(plan, found):
        items += placement_items(placement, truth.get(pair_of(placement), ()))
    curve = precision_recall(items)
    best = curve.best
    measures = [Measure("best F1", curve.best_f1)]
    if best is not None:
        measures += [
            Measure("precision at best F1", float(curve.precisions[best])),
            Measure("recall at best F1", float(curve.recalls[best])),
            Measure("threshold at best F1", float(curve.thresholds[best])),
        ]
    read = {excerpt.video.id for excerpt in references} - found.unreadable.keys()
    return Outcome(
        dataset=dataset.name,
        protocol="segments with known bounds (LAMV)",
        definition=(
            "Every annotated segment, with its bounds, is placed once in every other whole video; right when it "
            "overlaps a true copy on both axes; a missed copy counts as a positive with score 0. Best F1."
        ),
        answers=place.answers,
        queries=counted(dataset.queries, read),
        references=counted(dataset.references, read),
        measures=(
            *measures,
            Measure("segments used as queries", sum(query.video.id in read for query in queries)),
            Measure("segments of missing videos", sum(name not in read for name, _, _ in stretches)),
        ),
        published=VCDB_KNOWN_BOUNDS,
        notes=("Not the measure of the VCDB paper (unknown bounds), nor that of VCSL (dataset.measure=copy_overlap).",),
        skipped=dataset.skipped,
        unreadable=found.unreadable,
        plots={
            "precision_recall": partial(
                plot_precision_recall, curves={"known bounds": (curve.recalls, curve.precisions)}
            ),
            "scores": partial(
                plot_score_histogram,
                copies=[item.score for item in items if item.positive],
                others=[item.score for item in items if not item.positive],
            ),
        },
    )


def annotated_stretches(dataset: Vcdb) -> list[Stretch]:
    """Every annotated stretch of every video once: whole videos, then both sides of each segment in their order."""
    stretches: dict[Stretch, None] = {}
    for segment in (*dataset.whole_videos, *dataset.segments):
        for side in (segment, turned_round(segment)):
            stretches[side.query_id, side.query_start_seconds, side.query_end_seconds] = None
    return list(stretches)


def _placements(plan: Plan, found: Comparisons) -> list[ScoredSegment]:
    """Where each query was placed; pairs without an answer are left out."""
    check_offsets(found)
    placements = []
    for number in np.flatnonzero(np.isfinite(found.similarities)).tolist():
        query, reference = (int(row) for row in plan.pairs[number])
        excerpt = plan.queries[query]
        if excerpt.span_seconds is None:
            raise ValueError("a query with known bounds needs a span")
        start, end = excerpt.span_seconds
        speed, offset = float(found.speeds[number]), float(found.offsets_seconds[number])
        if not np.isfinite(offset):  # nothing was found: placed nowhere
            offset, speed = -np.inf, 1.0
        placements.append(
            ScoredSegment(
                excerpt.video.id,
                plan.references[reference].video.id,
                start,
                end,
                speed * start + offset,
                speed * end + offset,
                float(found.similarities[number]),
            )
        )
    return placements


def _pair_set(dataset: Vcdb, *, all_of_them: bool) -> PairSet:
    """Pairs of different videos: those with a common segment, or all."""
    truth: defaultdict[tuple[str, str], list[Segment]] = defaultdict(list)
    for segment in dataset.segments:
        # A pair has no direction; the first of its segments decides which video is the query.
        turned = turned_round(segment)
        side = turned if pair_of(turned) in truth else segment
        truth[pair_of(side)].append(side)
    pairs = list(truth)
    if all_of_them:
        ids = [video.id for video in dataset.videos]
        taken = {frozenset(pair) for pair in pairs}
        pairs += [(a, b) for row, a in enumerate(ids) for b in ids[row + 1 :] if frozenset((a, b)) not in taken]
    return PairSet(
        dataset=dataset,
        pairs=tuple(pairs),
        truth={pair: tuple(segments) for pair, segments in truth.items()},
        query_sets=None,
        published=(),
        notes=(
            "Pairs with a common segment only; dataset.all_pairs=true adds the others, for false alarms."
            if not all_of_them
            else "All pairs of different videos; publications take the annotated ones alone, and a video with itself.",
        ),
    )
