"""What is known of a run after an epoch."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Record:
    """Base of the line that a run's log has of an epoch."""

    losses: ClassVar[tuple[str, ...]] = ("loss",)
    """Fields that are drawn as losses; the start has none of them."""
    results: ClassVar[tuple[str, ...]] = ()
    """Fields that are drawn as results on the validation data."""
    others: ClassVar[tuple[str, ...]] = ("learning_rate", "seconds")
    """Fields that only TensorBoard shows."""

    epoch: int
    """1 and up; 0 is the model before training."""
    loss: float | None
    """What was minimised, mean over the batches; none at the start."""


@dataclass(frozen=True)
class EpochRecord(Record):
    """Of ``+experiment=triplet``. Losses are means over the batches; the start, epoch 0, has none."""

    losses: ClassVar[tuple[str, ...]] = ("loss", "metric", "entropy", "quantisation", "balance", "decorrelation")
    results: ClassVar[tuple[str, ...]] = ("code_ap", "float_ap", "recall")

    metric: float | None
    """The metric loss alone; :attr:`loss` is this and the weighted terms."""
    entropy: float | None
    """The KoLeo term, unweighted, as are those below."""
    quantisation: float | None
    balance: float | None
    decorrelation: float | None
    code_ap: float
    """Validation: micro average precision by Hamming distance of the codes."""
    float_ap: float
    """Validation: the same by the values before they become bits."""
    recall: float
    """Validation: share of copies whose nearest original is their own."""
    learning_rate: float
    """Of the refiner, at the end of the epoch."""
    seconds: float
    """Time that the epoch took, validation included."""
