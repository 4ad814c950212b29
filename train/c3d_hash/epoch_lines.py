"""What a run prints: a line an epoch, and at the end what was reached and how to use it."""

from vdup.report.printable import duration, printable

from .experiment import HashResult
from .loop import HashRecord


def epoch_line(record: HashRecord) -> str:
    """One finished epoch on one line."""
    results = f"validation mAP {record.code_ap:.4f} (float {record.float_ap:.4f}), {duration(record.seconds)}"
    if record.loss is None:
        return f"start: {results}"
    parts = f"triplets {record.metric:.3f}, quantisation {record.quantisation:.3f}"
    if record.classification:
        parts += f", classes {record.classification:.3f}"
    return f"epoch {record.epoch}: loss {record.loss:.4f} ({parts}), rate {record.learning_rate:.2e}, {results}"


def after_training(result: HashResult) -> str:
    """Best epoch, the test, and the setting that uses the result."""
    lines = [f"best: epoch {result.best.epoch}, validation mAP {result.best.code_ap:.4f}"]
    if result.test is not None:
        lines.append(
            f"test clips among the training clips: mAP {result.test.code_ap:.4f}, float {result.test.float_ap:.4f}"
        )
    lines.append(f"use it with: hash.weights={printable(str(result.weights))}")
    return "\n".join(lines)
