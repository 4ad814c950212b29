"""What is known of a run of ``+experiment=lamv`` after an epoch."""

from dataclasses import dataclass
from typing import ClassVar

from ..loop.epoch_record import Record


@dataclass(frozen=True)
class LAMVRecord(Record):
    """One line of the log."""

    losses: ClassVar[tuple[str, ...]] = ("loss", "localisation", "recognition")
    results: ClassVar[tuple[str, ...]] = ("found", "margin")

    localisation: float | None
    """Loss from wrong offsets in the right video, mean over the alignments."""
    recognition: float | None
    """Loss from other videos, unweighted."""
    found: float
    """Validation: share of the excerpts whose best offset is within one frame of the true one."""
    margin: float
    """Validation: score at the true offset less the highest that is wrong, in either video; mean over the excerpts."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    """Time that the epoch took, validation included."""
