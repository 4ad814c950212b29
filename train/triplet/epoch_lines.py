"""What a run prints: a line an epoch, and at the end what was reached and how to use it."""

from vdup.report.printable import duration, printable

from ..loop.epoch_record import EpochRecord
from .experiment import TrainingResult


def epoch_line(record: EpochRecord) -> str:
    """One finished epoch on one line."""
    results = f"micro-AP {record.code_ap:.4f} (float {record.float_ap:.4f}), recall {record.recall:.4f}"
    if record.loss is None:
        return f"start: {results}, {duration(record.seconds)}"
    parts = (
        f"metric {record.metric:.4f}, entropy {record.entropy:.3f}, quantisation {record.quantisation:.3f}, "
        f"balance {record.balance:.4f}, decorrelation {record.decorrelation:.4f}"
    )
    return (
        f"epoch {record.epoch}: loss {record.loss:.4f} ({parts}), {results}, rate {record.learning_rate:.2e}, "
        f"{duration(record.seconds)}"
    )


def after_training(result: TrainingResult) -> str:
    """Best epoch, hardest edits, the settings that use the result, and what searching needs besides."""
    best = result.best
    recalls = sorted(result.validation.recall_by_edit.items(), key=lambda pair: pair[1])
    hardest = ", ".join(f"{name} {recall:.3f}" for name, recall in recalls[:5])
    use = f"refiner.weights={printable(str(result.refiner))}"
    if result.backbone is not None:
        use += f" backbone.weights={printable(str(result.backbone))}"
    calibrate = f"python -m vdup.train +experiment=calibration data.images=DIR {use}"
    return (
        f"best: epoch {best.epoch}, micro-AP {best.code_ap:.4f}, recall {best.recall:.4f}; hardest edits: {hardest}\n"
        f"use it with: {use}\n"
        f"searching needs a calibration for these codes: {calibrate}"
    )
