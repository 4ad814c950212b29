"""Segments of ground truths and predictions: a stretch of a query and the stretch of a reference that it shows."""

from dataclasses import dataclass
from typing import Protocol


class SegmentLike(Protocol):
    """A stretch of a query and the stretch of a reference that shows the same. vdup's Match is one as well."""

    @property
    def query_id(self) -> str: ...  # noqa: D102 - the names say it
    @property
    def reference_id(self) -> str: ...  # noqa: D102
    @property
    def query_start_seconds(self) -> float: ...  # noqa: D102
    @property
    def query_end_seconds(self) -> float: ...  # noqa: D102
    @property
    def reference_start_seconds(self) -> float: ...  # noqa: D102
    @property
    def reference_end_seconds(self) -> float: ...  # noqa: D102


class ScoredSegmentLike(SegmentLike, Protocol):
    """A predicted segment."""

    @property
    def score(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Segment:
    """A true segment."""

    query_id: str
    reference_id: str
    query_start_seconds: float
    query_end_seconds: float
    reference_start_seconds: float
    reference_end_seconds: float


@dataclass(frozen=True, slots=True)
class ScoredSegment(Segment):
    """A predicted segment."""

    score: float


def pair_of(segment: SegmentLike) -> tuple[str, str]:
    """Ids of the two videos of a segment: query, reference."""
    return segment.query_id, segment.reference_id


def overlap_in_area(a: SegmentLike, b: SegmentLike) -> bool:
    """Whether two segments of one pair overlap on the query and on the reference by more than a point."""
    on_query = min(a.query_end_seconds, b.query_end_seconds) > max(a.query_start_seconds, b.query_start_seconds)
    on_reference = min(a.reference_end_seconds, b.reference_end_seconds) > max(
        a.reference_start_seconds, b.reference_start_seconds
    )
    return on_query and on_reference
