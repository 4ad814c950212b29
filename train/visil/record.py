"""What is known of a run of ``+experiment=visil`` after an epoch."""

from dataclasses import dataclass
from typing import ClassVar

from ..loop.epoch_record import Record


@dataclass(frozen=True)
class ViSiLRecord(Record):
    """One line of the log."""

    losses: ClassVar[tuple[str, ...]] = ("loss", "triplet", "regularisation")
    results: ClassVar[tuple[str, ...]] = ("average_precision", "recall")

    triplet: float | None
    """The triplet loss alone, mean over the triplets; :attr:`loss` is this and the weighted regularisation."""
    regularisation: float | None
    """Mean over the triplets of all that the comparator gave beyond -1 and 1."""
    average_precision: float
    """Validation: micro average precision of all pairs of query and original, ranked by similarity."""
    recall: float
    """Validation: share of the queries whose most similar original is their own; a tie with another does not count."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    """Time that the epoch took, validation included."""
