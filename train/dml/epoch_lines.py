"""What a run prints: a line an epoch, and at the end what was reached and how to use it."""

from vdup.report.printable import duration, printable

from .experiment import DMLResult
from .loop import DMLRecord


def epoch_line(record: DMLRecord) -> str:
    """One finished epoch on one line."""
    results = f"validation mAP {record.mean_ap:.4f}, recall {record.recall:.4f}, {duration(record.seconds)}"
    if record.loss is None:
        return f"start: {results}"
    return f"epoch {record.epoch}: loss {record.loss:.4f}, rate {record.learning_rate:.2e}, {results}"


def after_training(result: DMLResult) -> str:
    """Best epoch, threshold and the setting that uses the result."""
    best = result.best
    return (
        f"best: epoch {best.epoch}, validation mAP {best.mean_ap:.4f}, recall {best.recall:.4f}; near-duplicates from "
        f"similarity {result.threshold:.3f} on\nuse it with: aggregation.weights={printable(str(result.weights))}"
    )
