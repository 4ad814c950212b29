"""What every method that compares two videos can do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vdup.datasets.base import VideoFile

Prepared = TypeVar("Prepared")
"""What a method keeps of a video, such as its descriptor."""


@dataclass(frozen=True, slots=True)
class Box:
    """A stretch of the query and the stretch of the reference that shows the same, in seconds."""

    query_start_seconds: float
    query_end_seconds: float
    reference_start_seconds: float
    reference_end_seconds: float
    score: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a method says of two videos."""

    similarity: float
    """Of the whole videos; larger is more alike."""
    offset_seconds: float | None = None
    """Reference time = speed * query time + offset; none: the method does not align."""
    speed: float = 1.0
    """Reference seconds that pass in one query second."""
    boxes: tuple[Box, ...] = ()
    """What they share, best first; empty where nothing was found or the method has no segments."""


class PairMatcher(Protocol[Prepared]):
    """A method that compares two videos. Classes that inherit from it compare many videos one pair at a time."""

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> Prepared:
        """Reads a video, or the file of its frame features, and keeps what comparing needs.

        Args:
            video: it must be there (its path is not none).
            span_seconds: only this stretch; times stay those of the whole video.

        Raises:
            VideoError: it cannot be read.
        """
        ...

    def compare(self, query: Prepared, reference: Prepared, *, inside: bool = False) -> Comparison:
        """Compares two videos.

        Args:
            query: one video.
            reference: the other.
            inside: only alignments by which the query lies within the reference.
        """
        ...

    def compare_many(
        self, queries: Sequence[Prepared], references: Sequence[Prepared], *, inside: bool = False
    ) -> list[Comparison]:
        """Compares one query with many references, or many queries with one reference.

        Args:
            queries: one, or as many as there are references.
            references: one, or as many as there are queries.
            inside: only alignments by which the query lies within the reference.

        Returns:
            What :meth:`compare` gives of each pair, to the precision of the method.

        Raises:
            ValueError: the two sides differ in number, and neither is one.
        """
        return [self.compare(*pair, inside=inside) for pair in paired(queries, references)]


def paired(queries: Sequence[Prepared], references: Sequence[Prepared]) -> Iterator[tuple[Prepared, Prepared]]:
    """Pairs of two sides of equal number; a side of one goes with each of the other.

    Raises:
        ValueError: the sides differ in number, and neither is one.
    """
    count = len(references) if len(queries) == 1 else len(queries)
    if len(references) not in (1, count):
        raise ValueError(f"{len(queries)} queries cannot be paired with {len(references)} references")
    for number in range(count):
        yield queries[min(number, len(queries) - 1)], references[min(number, len(references) - 1)]
