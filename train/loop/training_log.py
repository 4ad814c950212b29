"""What a run leaves to look at: a table of its epochs (CSV), TensorBoard events and a plot of the curves.

TensorBoard and Matplotlib come with ``pip install 'vdup[train]'``; without them the table is written all the same.
"""

import csv
import io
import logging
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from .checkpoint import write_atomically
from .epoch_record import EpochRecord

logger = logging.getLogger(__name__)

_LOSSES = ("loss", "metric", "entropy", "quantisation", "balance", "decorrelation")
_RESULTS = ("code_ap", "float_ap", "recall")


class TrainingLog:
    """Writes the log of one run beside its output."""

    def __init__(self, output: Path) -> None:
        """Chooses the names of the files after ``output``: ``weights.safetensors`` gets ``weights.log.csv`` and so on.

        What cannot be written for want of a package is said here, once.
        """
        self.table = output.with_suffix(".log.csv")
        self.curves = output.with_suffix(".curves.png")
        self.events = output.with_suffix(".tensorboard")
        self._plots = _is_there("matplotlib", f"the plot {self.curves}")
        self._writes_events = _is_there("tensorboard", f"the TensorBoard log {self.events}")

    def write(self, records: Sequence[EpochRecord]) -> None:
        """Writes all epochs anew: a run that was killed between two files leaves none behind the others.

        Raises:
            OSError: a file cannot be written.
        """
        write_atomically(self.table, to_csv(records).encode())
        if self._plots:
            write_atomically(self.curves, draw_curves(records))

    def add_event(self, record: EpochRecord) -> None:
        """Adds an epoch to the TensorBoard log; on screen, an epoch that was run again replaces itself.

        Raises:
            OSError: the log cannot be written.
        """
        if not self._writes_events:
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(self.events), purge_step=record.epoch) as writer:
            for group, names in (("losses", _LOSSES), ("validation", _RESULTS), ("run", ("learning_rate", "seconds"))):
                for name in names:
                    value = getattr(record, name)
                    if value is not None:
                        writer.add_scalar(f"{group}/{name}", value, record.epoch)


def to_csv(records: Sequence[EpochRecord]) -> str:
    """One line an epoch under a line of names; what an epoch does not have stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(EpochRecord)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in records)
    return text.getvalue()


def draw_curves(records: Sequence[EpochRecord]) -> bytes:
    """Losses and validation results over the epochs, as a PNG file."""
    # Without pyplot, which keeps figures and looks for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    losses, results = figure.subplots(1, 2)
    trained = [record for record in records if record.loss is not None]
    for axes, names, shown in ((losses, _LOSSES, trained), (results, _RESULTS, list(records))):
        for name in names:
            axes.plot([record.epoch for record in shown], [getattr(record, name) for record in shown], label=name)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        if shown:
            axes.legend()
    losses.set_title("losses on the training families")
    results.set_title("results on the validation families")
    image = io.BytesIO()
    canvas.print_png(image)  # type: ignore[no-untyped-call]
    return image.getvalue()


def _is_there(package: str, what: str) -> bool:
    # Imported and not only looked for: a broken package must not end a run after its first epoch.
    try:
        __import__(package)
    except ImportError:
        logger.warning("%s is not written: the package %s is missing; install vdup[train]", what, package)
        return False
    return True
