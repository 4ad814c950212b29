"""How often answers of each score are right: on the screen, as a plot and as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from vdup.evaluation.reliability import (
    ScoreBin,
    Scores,
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    score_bins,
)
from vdup.report.figure import COLOURS, save_plot
from vdup.report.printable import screen
from vdup.report.table import plain_table
from vdup.types import BoolArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_SCORE = 0.05
"""Segments below it do not count: there is no end to them, and nobody looks at them."""

_BAR_CHARACTERS = 20
_MOST_POINT_AREA = 400.0


@dataclass(frozen=True)
class JudgedScores:
    """Answers with their scores, and which of them are right."""

    scores: Scores
    """float64 [N], 0 to 1."""
    right: BoolArray
    """bool [N]."""
    groups: Sequence[object]
    """What each answer belongs to, such as its query: answers of one group are right or wrong together."""

    @classmethod
    def of(cls, answers: Sequence[tuple[float, bool, object]]) -> "JudgedScores":
        """Takes score, right or wrong, and group of each answer; those below ``LEAST_SCORE`` are left out."""
        kept = [answer for answer in answers if answer[0] >= LEAST_SCORE]
        return cls(
            np.array([score for score, _, _ in kept], dtype=np.float64),
            np.array([right for _, right, _ in kept], dtype=np.bool_),
            [group for _, _, group in kept],
        )


def print_reliability(
    judged: JudgedScores, console: Console | None = None, *, wanted_error: float | None = None
) -> None:
    """Prints the share of right answers by score, the expected calibration error and the Brier score.

    Args:
        judged: the answers.
        console: for tests; none: stdout.
        wanted_error: calibration error that is to be kept to, to be told beside the one that was found.
    """
    console = console or screen()
    table = plain_table(console)
    for heading in ("score", "mean score", "share right", "right", "segments"):
        table.add_column(heading, justify="right")
    table.add_column("share right as a bar, | at the mean score")
    for item in score_bins(judged.scores, judged.right):
        bounds = f"{item.lowest:.1f}-{item.highest:.1f}"
        if not item.count:
            table.add_row(bounds, "-", "-", "0", "0", "")
            continue
        table.add_row(
            bounds, f"{item.mean_score:.3f}", f"{item.share_right:.3f}", str(item.right), str(item.count), _bar(item)
        )
    console.print(table)
    bar = "" if wanted_error is None else f" (wanted: at most {wanted_error:g})"
    for name, measure, note in (
        ("expected calibration error", expected_calibration_error, bar),
        ("Brier score", brier_score, ""),
    ):
        value = measure(judged.scores, judged.right)
        low, high = bootstrap_interval(measure, judged.scores, judged.right, judged.groups)
        console.print(f"{name}: {value:.4f}, 95% interval {low:.4f} to {high:.4f}{note}", soft_wrap=True)


def plot_reliability(path: Path, judged: JudgedScores) -> list[Path]:
    """Draws the reliability diagram; see :func:`~vdup.report.figure.save_plot` for what comes out and errors."""
    bins = [item for item in score_bins(judged.scores, judged.right) if item.count]

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=COLOURS[-1], linestyle=":", label="as often right as the score says")
        most = max((item.count for item in bins), default=1)
        axes.plot([item.mean_score for item in bins], [item.share_right for item in bins], color=COLOURS[0])
        axes.scatter(
            [item.mean_score for item in bins],
            [item.share_right for item in bins],
            s=[20 + _MOST_POINT_AREA * item.count / most for item in bins],
            color=COLOURS[0],
            alpha=0.7,
            label=f"segments found ({len(judged.scores)}), larger where there are more",
        )
        axes.set(xlabel="mean score", ylabel="share right", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")

    columns = ("lowest", "highest", "mean_score", "share_right", "right", "segments")
    rows = ((one.lowest, one.highest, one.mean_score, one.share_right, one.right, one.count) for one in bins)
    return save_plot(path, columns, rows, draw)


def _bar(item: ScoreBin) -> str:
    """The share that is right as a bar of signs that any terminal shows, with a mark where the score says it ends."""
    cells = ["#" if place < round(item.share_right * _BAR_CHARACTERS) else " " for place in range(_BAR_CHARACTERS + 1)]
    cells[round(item.mean_score * _BAR_CHARACTERS)] = "|"
    return "".join(cells).rstrip()
