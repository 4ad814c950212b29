"""Right and wrong segments of a generated problem, and how many wrong ones come up."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdup.align.calibration import Calibration
from vdup.align.false_alarms import FLOOR_SCORE, FalseAlarms, fit_false_alarms, logit
from vdup.align.matcher import ScoredSegment
from vdup.config import MatcherConfig
from vdup.datasets.segments import Segment
from vdup.pipeline.library_scores import library_hours
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.query_codes import QueryCodes
from vdup.pipeline.searcher import find_segments

from ..material.problem_files import TAKE, EditedQuery

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WrongSegment:
    """A segment that is no copy."""

    query_id: str
    reference_id: str
    score: float
    evidence: float
    """Of all its frames together."""


def is_right(truth: Sequence[Segment], query_id: str, reference_id: str, found: ScoredSegment) -> bool:
    """Whether most of a found segment lies inside a copy, on both sides."""
    (query_start, query_end), (reference_start, reference_end) = found.intervals()
    return any(
        min(query_end, segment.query_end_seconds) - max(query_start, segment.query_start_seconds)
        > 0.5 * (query_end - query_start)
        and min(reference_end, segment.reference_end_seconds) - max(reference_start, segment.reference_start_seconds)
        > 0.5 * (reference_end - reference_start)
        for segment in truth
        if (segment.query_id, segment.reference_id) == (query_id, reference_id)
    )


def fit_to_problem(
    library: OpenLibrary,
    queries: Mapping[str, QueryCodes],
    truth: Sequence[Segment],
    edited: Sequence[EditedQuery],
    calibration: Calibration,
) -> FalseAlarms | None:
    """Searches the queries once more, with all that was fitted before, and fits the false segments that come up.

    Args:
        library: the references.
        queries: by id.
        truth: the copies.
        edited: rows of ``edits.csv``; see :func:`same_source`.
        calibration: with its scores.

    Returns:
        The model; none where the queries or the references have no length.
    """
    config = MatcherConfig(threshold=0.0)
    wrong: list[WrongSegment] = []
    for query_id, query in queries.items():
        for record, item in find_segments(library, query.tracks, calibration, config):
            reference_id = Path(record.id).stem
            if not is_right(truth, query_id, reference_id, item):
                wrong.append(WrongSegment(query_id, reference_id, item.score, item.scaled_evidence))
    searched = sum(query.straight.duration_seconds for query in queries.values()) / 3600
    held = library_hours(library.folder.catalogue)
    if not (searched > 0 and held > 0):
        return None
    alike = same_source(wrong, truth, edited)
    logits = np.array([logit(item.score) for item in wrong], dtype=np.float64)
    fitted = fit_false_alarms(logits, np.array(alike, dtype=np.bool_), searched, held)
    counted = [is_alike for item, is_alike in zip(wrong, alike, strict=True) if item.score >= FLOOR_SCORE]
    logger.info(
        "false segments: %d of the same source and %d unrelated in %.2f hours of query: %s",
        sum(counted),
        len(counted) - sum(counted),
        searched,
        fitted,
    )
    return fitted


def same_source(wrong: Sequence[WrongSegment], truth: Sequence[Segment], edited: Sequence[EditedQuery]) -> list[bool]:
    """Which wrong segments lie in the reference that the query was made from: by a copy, or as another take.

    Where ``edits.csv`` does not tell the reference of takes, it is held to be the one in which most evidence of the
    query's wrong segments lies. All other wrong segments are unrelated.

    Args:
        wrong: the segments.
        truth: the copies.
        edited: rows of ``edits.csv``.

    Returns:
        One mark a segment.
    """
    origins = {(segment.query_id, segment.reference_id) for segment in truth}
    origins |= {(row.query_id, row.reference_id) for row in edited if row.reference_id}
    evidence: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for item in wrong:
        evidence[item.query_id][item.reference_id] += item.evidence
    for row in edited:
        if row.reference_id is None and row.edit.startswith(f"{TAKE}:") and row.query_id in evidence:
            found = evidence[row.query_id]
            origins.add((row.query_id, max(found, key=lambda name: found[name])))
    return [(item.query_id, item.reference_id) in origins for item in wrong]
