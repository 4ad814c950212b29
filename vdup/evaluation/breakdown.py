"""What became of every true segment, and recall by edit and by length."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vdup.datasets.segments import ScoredSegmentLike, SegmentLike, overlap_in_area, pair_of

COMBINED = "combined"
"""Group of segments that underwent several edits at once."""

UNLABELLED = "unlabelled"
"""Group of segments whose edit is not known."""

LENGTH_BOUNDS_SECONDS = (5.0, 10.0, 20.0, 60.0)
"""Bounds of the length groups."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one true segment."""

    segment: SegmentLike
    overlap: float
    """That of the best prediction of the same pair: the geometric mean of intersection over union on the query axis and
    on the reference axis; 0 for a segment that was missed."""

    @property
    def found(self) -> bool:
        """Whether a prediction overlaps the segment in area."""
        return self.overlap > 0


@dataclass(frozen=True, slots=True)
class Group:
    """True segments with something in common."""

    name: str
    queries: int
    """Different queries among them."""
    segments: int
    found: int
    """Segments that a prediction overlaps in area."""
    mean_overlap: float
    """Mean of :attr:`Outcome.overlap` over the found ones; nan when none was."""

    @property
    def recall(self) -> float:
        """Share of the segments that were found."""
        return self.found / self.segments


def outcomes(truth: Sequence[SegmentLike], predictions: Sequence[ScoredSegmentLike], threshold: float) -> list[Outcome]:
    """What became of every true segment when predictions below the threshold are dropped.

    Args:
        truth: true segments.
        predictions: predicted segments.
        threshold: least score that counts.

    Returns:
        One outcome for each true segment, in the same order.
    """
    by_pair: defaultdict[tuple[str, str], list[SegmentLike]] = defaultdict(list)
    for prediction in predictions:
        if prediction.score >= threshold:
            by_pair[pair_of(prediction)].append(prediction)
    return [
        Outcome(
            segment,
            max((_overlap(segment, prediction) for prediction in by_pair.get(pair_of(segment), ())), default=0.0),
        )
        for segment in truth
    ]


def by_edit(results: Sequence[Outcome], edits: Mapping[str, Sequence[str]]) -> list[Group]:
    """Recall by what was done to the query.

    When a query has as many labels as true segments, the i-th label belongs to the i-th segment; otherwise each of its
    segments has all of its labels. Segments with several different edits, in one label (joined by ``+``) or more, are
    one group, :data:`COMBINED`.

    Args:
        results: outcomes in the order of the ground truth file.
        edits: labels of each query id.

    Returns:
        Groups by name, :data:`COMBINED` and :data:`UNLABELLED` last; groups without segments are left out.
    """
    by_query: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in results:
        by_query[outcome.segment.query_id].append(outcome)
    members: defaultdict[str, list[Outcome]] = defaultdict(list)
    for query_id, of_query in by_query.items():
        labels = list(edits.get(query_id, ()))
        if len(labels) != len(of_query):
            labels = ["+".join(labels)] * len(of_query)
        for label, outcome in zip(labels, of_query, strict=True):
            single = {edit for edit in label.split("+") if edit}
            members[single.pop() if len(single) == 1 else COMBINED if single else UNLABELLED].append(outcome)
    ordered = sorted(members, key=lambda name: (name == UNLABELLED, name == COMBINED, name))
    return [_group(name, members[name]) for name in ordered]


def by_length(results: Sequence[Outcome], bounds_seconds: Sequence[float] = LENGTH_BOUNDS_SECONDS) -> list[Group]:
    """Recall by the length of the true segment in the query.

    Args:
        results: outcomes.
        bounds_seconds: rising bounds; a segment as long as a bound belongs to the longer group.

    Returns:
        Groups by length; groups without segments are left out.
    """
    edges = [0.0, *bounds_seconds, math.inf]
    groups = []
    for low, high in pairwise(edges):
        members = [
            outcome
            for outcome in results
            if low <= outcome.segment.query_end_seconds - outcome.segment.query_start_seconds < high
        ]
        if members:
            groups.append(_group(f"{low:g}-{high:g} s" if high < math.inf else f"{low:g} s or more", members))
    return groups


def _overlap(a: SegmentLike, b: SegmentLike) -> float:
    if not overlap_in_area(a, b):
        return 0.0
    on_query = _intersection_over_union(
        a.query_start_seconds, a.query_end_seconds, b.query_start_seconds, b.query_end_seconds
    )
    on_reference = _intersection_over_union(
        a.reference_start_seconds, a.reference_end_seconds, b.reference_start_seconds, b.reference_end_seconds
    )
    return math.sqrt(on_query * on_reference)


def _intersection_over_union(start: float, end: float, other_start: float, other_end: float) -> float:
    return (min(end, other_end) - max(start, other_start)) / (max(end, other_end) - min(start, other_start))


def _group(name: str, members: Sequence[Outcome]) -> Group:
    found = [outcome.overlap for outcome in members if outcome.found]
    return Group(
        name=name,
        queries=len({outcome.segment.query_id for outcome in members}),
        segments=len(members),
        found=len(found),
        mean_overlap=math.fsum(found) / len(found) if found else math.nan,
    )
