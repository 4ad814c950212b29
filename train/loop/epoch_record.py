"""What is known of a run after an epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochRecord:
    """One line of the log. Losses are means over the batches; the start, epoch 0, has none."""

    epoch: int
    """1 and up; 0 is the model before training."""
    loss: float | None
    """What was minimised: the metric loss and the weighted terms."""
    metric: float | None
    """The metric loss alone."""
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
