"""What every method that compares two videos can do."""

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
    """A method that compares two videos."""

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
