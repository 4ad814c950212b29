"""What is known of a run of ``+experiment=distil`` after an epoch."""

from dataclasses import dataclass
from typing import ClassVar

from ..loop.epoch_record import Record


@dataclass(frozen=True)
class DistilRecord(Record):
    """One line of the log."""

    losses: ClassVar[tuple[str, ...]] = ("loss", "vectors", "relations", "copies")
    results: ClassVar[tuple[str, ...]] = ("cosine", "neighbours", "average_precision", "recall")

    vectors: float | None
    """One less the cosine of student and teacher, mean over the training views."""
    relations: float | None
    """Squared difference of the cosines of pairs, unweighted."""
    copies: float | None
    """The copies' own loss, unweighted."""
    cosine: float
    """Validation: cosine of student and teacher, mean over the views."""
    neighbours: float
    """Validation: share of the originals whose nearest other original is the same for student and teacher."""
    average_precision: float
    """Validation: micro average precision of all pairs of copy and original, by the student's cosine."""
    recall: float
    """Validation: share of the copies whose nearest original, by the signs of the student's vector, is their own."""
    side_pixels: int
    """Of the pictures in this epoch and its validation."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    """Time that the epoch took, validation included."""
