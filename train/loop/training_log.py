"""What a run leaves to look at: a table of its epochs (CSV), TensorBoard events and a plot of the curves.

TensorBoard and Matplotlib come with ``pip install 'vdup[train]'``; without them the table is written all the same.
"""

import logging
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING

from vdup.report import figure as picture

from .checkpoint import write_atomically
from .epoch_record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)


class TrainingLog:
    """Writes the log of one run beside its output."""

    def __init__(self, output: Path, kind: type[Record]) -> None:
        """Chooses the names of the files after ``output``: ``weights.safetensors`` gets ``weights.log.csv`` and so on.

        What cannot be written for want of a package is said here, once.

        Args:
            output: file of the weights.
            kind: what the records are; it says which of its fields are losses and which are results.
        """
        self._kind = kind
        self.table = output.with_suffix(".log.csv")
        self.curves = output.with_suffix(".curves.png")
        self.events = output.with_suffix(".tensorboard")
        self._plots = _is_there("matplotlib", f"the plot {self.curves}")
        self._writes_events = _is_there("tensorboard", f"the TensorBoard log {self.events}")

    def write(self, records: Sequence[Record]) -> None:
        """Writes all epochs anew: a run that was killed between two files leaves none behind the others.

        Raises:
            OSError: a file cannot be written.
        """
        write_atomically(self.table, to_csv(self._kind, records).encode())
        if self._plots:
            write_atomically(self.curves, draw_curves(self._kind, records))

    def add_event(self, record: Record) -> None:
        """Adds an epoch to the TensorBoard log; on screen, an epoch that was run again replaces itself.

        Raises:
            OSError: the log cannot be written.
        """
        if not self._writes_events:
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(self.events), purge_step=record.epoch) as writer:
            kind = self._kind
            for group, names in (("losses", kind.losses), ("validation", kind.results), ("run", kind.others)):
                for name in names:
                    value = getattr(record, name)
                    if value is not None:
                        writer.add_scalar(f"{group}/{name}", value, record.epoch)


def to_csv(kind: type[Record], records: Sequence[Record]) -> str:
    """One line an epoch under a line of names; what an epoch does not have stays empty."""
    return picture.to_csv([field.name for field in fields(kind)], map(astuple, records))


def draw_curves(kind: type[Record], records: Sequence[Record]) -> bytes:
    """Losses and validation results over the epochs, as a PNG file."""

    def draw(figure: "Figure") -> None:
        losses, results = figure.subplots(1, 2)
        trained = [record for record in records if record.loss is not None]
        for axes, names, shown in ((losses, kind.losses, trained), (results, kind.results, list(records))):
            for name in names:
                axes.plot([record.epoch for record in shown], [getattr(record, name) for record in shown], label=name)
            axes.set_xlabel("epoch")
            axes.grid(alpha=0.3)
            if shown:
                axes.legend()
        losses.set_title("losses on the training families")
        results.set_title("results on the validation families")

    return picture.to_png(draw, width_inches=10, height_inches=4)


def _is_there(package: str, what: str) -> bool:
    # Imported and not only looked for: a broken package must not end a run after its first epoch.
    try:
        __import__(package)
    except ImportError:
        logger.warning("%s is not written: the package %s is missing; install vdup[train]", what, package)
        return False
    return True
