"""Precision, recall and F1 over the threshold: on the screen, as a plot and as CSV."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vdup.evaluation.operating_point import OperatingPoint
from vdup.report.figure import COLOURS, save_plot
from vdup.report.printable import printable, screen
from vdup.report.table import plain_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS = 12
"""Thresholds shown on the screen."""
_LOW_RECALL = 0.5
"""Below it a threshold comes with advice: few videos, or many that look alike, leave precision no better choice."""
_MOST_POINTS = 2000
"""Points drawn of each curve."""


def print_operating_points(
    points: Sequence[OperatingPoint], chosen: OperatingPoint, stored_in: Path | None, console: Console | None = None
) -> None:
    """Prints some thresholds, the chosen one among them.

    Args:
        points: from the highest threshold down.
        chosen: one of them.
        stored_in: library that keeps the threshold; none: it is not kept.
        console: for tests; none: stdout.
    """
    console = console or screen()
    table = plain_table(console)
    for heading in ("threshold", "precision", "recall", "F1", "false alarms", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for point in _spread(points, chosen):
        table.add_row(
            f"{point.threshold:.4f}",
            f"{point.precision:.3f}",
            f"{point.recall:.3f}",
            f"{point.f1:.3f}",
            f"{point.false_alarm_rate:.2e}",
            "<- chosen" if point is chosen else "",
        )
    console.print(table)
    what_for = "not kept" if stored_in is None else f"kept in {printable(str(stored_in))} for queries with level=video"
    console.print(f"near-duplicates from similarity {chosen.threshold:.4f} on; {what_for}", soft_wrap=True)
    if chosen.recall < _LOW_RECALL:
        console.print(
            f"with it {1 - chosen.recall:.0%} of the near-duplicates are missed; ask for less with precision=0.9 or "
            "false_alarm_rate=0.01, or pass a threshold to a query: whole_video.threshold=0.5",
            soft_wrap=True,
        )


def plot_operating_points(path: Path, points: Sequence[OperatingPoint], chosen: OperatingPoint) -> list[Path]:
    """Writes the curves over the threshold; see :func:`~vdup.report.figure.save_plot` for what comes out and errors."""
    ordered = sorted(points, key=lambda point: point.threshold)
    shown = ordered[:: -(-len(ordered) // _MOST_POINTS)]

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        thresholds = [point.threshold for point in shown]
        for number, name in enumerate(("precision", "recall", "f1")):
            values = [getattr(point, name) for point in shown]
            axes.plot(thresholds, values, color=COLOURS[number], label=name)
        axes.axvline(chosen.threshold, color="#000000", linestyle=":", label=f"chosen: {chosen.threshold:.3f}")
        axes.set(xlabel="threshold (cosine)", ylim=(-0.01, 1.02))
        axes.grid(alpha=0.3)
        axes.legend()

    rows = ((p.threshold, p.precision, p.recall, p.f1, p.false_alarm_rate) for p in ordered)
    return save_plot(path, ("threshold", "precision", "recall", "f1", "false_alarm_rate"), rows, draw)


def _spread(points: Sequence[OperatingPoint], chosen: OperatingPoint) -> list[OperatingPoint]:
    """Some points at even steps of recall, and the chosen one, from the highest threshold down."""
    kept = {id(chosen): chosen}
    for step in range(1, _ROWS):
        point = min(points, key=lambda one: (abs(one.recall - step / (_ROWS - 1)), -one.precision))
        kept[id(point)] = point
    return sorted(kept.values(), key=lambda point: -point.threshold)
