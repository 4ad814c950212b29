"""Matches as CSV, in the form of the Video Similarity Challenge 2022."""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vdup.types import Match

if TYPE_CHECKING:  # the pipeline brings in torch, which wrong use must not wait for
    from vdup.pipeline.searcher import SearchResult

COLUMNS = ("query_id", "ref_id", "query_start", "query_end", "ref_start", "ref_end", "score")
"""Times are seconds."""


def best_first(results: Sequence["SearchResult"]) -> list[Match]:
    """The matches of all queries, identical files and then the highest score first."""
    return sorted(
        (match for result in results for match in result.matches),
        key=lambda match: (
            not match.identical,
            -match.score,
            match.query_id,
            match.reference_id,
            match.query_start_seconds,
        ),
    )


def to_csv(results: Sequence["SearchResult"]) -> str:
    """A header and one line a match, best first over all queries; times with three decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for match in best_first(results):
        times = (
            match.query_start_seconds,
            match.query_end_seconds,
            match.reference_start_seconds,
            match.reference_end_seconds,
        )
        writer.writerow([match.query_id, match.reference_id, *(f"{time:.3f}" for time in times), f"{match.score:.6f}"])
    return text.getvalue()
