"""What each help on the query's side is worth, and what it costs: all on, then one at a time switched off.

::

    python -m benchmarks.query_help root=DIR [library=DIR] [override ...]

DIR is a folder of labelled videos as for ``benchmarks.copybench``. The references are indexed once with the defaults;
further words are passed on as settings, likewise. Cropping of bars belongs to the library, so the row without it has
an index of its own, in which bars are left as well.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.copybench import predict
from vdup.config import MatcherConfig
from vdup.datasets.segment_csv import read_ground_truth, read_predictions
from vdup.errors import ConfigError
from vdup.evaluation.summary import Summary, summarise

_USAGE = "usage: python -m benchmarks.query_help root=DIR [library=DIR] [override ...]"


@dataclass(frozen=True)
class Help:
    """One row of the table."""

    name: str
    settings: tuple[str, ...] = ()
    """What switches the help off."""
    shapes_library: bool = False
    """The setting belongs to the library."""


HELPS = (
    Help("all on"),
    Help("without mirrored frames", ("matcher.mirror=false",)),
    Help("without panels", ("matcher.panels=false",)),
    Help("1 frame a second in place of 2", ("sampling.query_fps=1",)),
    Help("without cropping of bars", ("sampling.crop_bars=false",), shapes_library=True),
)


def measure(root: Path, library: Path, overrides: Sequence[str]) -> tuple[Summary, float]:
    """Searches the queries of a folder; all measures, and the seconds that searching took.

    Raises:
        ConfigError: the ground truth cannot be read.
        subprocess.CalledProcessError: a command failed.
    """
    truth = read_ground_truth(root / "gt.csv")
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "predictions.csv"
        seconds = predict(root, library, output, overrides)
        predictions = read_predictions(output, strip_extensions=True)
    return summarise(truth, predictions, {}, MatcherConfig().threshold), seconds["searching"]


def _row(name: str, summary: Summary, seconds: float) -> tuple[str, ...]:
    return (
        name,
        f"{summary.segment_average_precision:.4f}",
        f"{summary.pair_average_precision:.4f}",
        f"{summary.segment_recall:.4f}",
        str(summary.segments_wrong_without_truth),
        f"{seconds:.0f}",
    )


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark and returns the exit status."""
    paths: dict[str, Path] = {}
    overrides = []
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name in ("root", "library") and value:
            paths[name] = Path(value)
        else:
            overrides.append(argument)
    if "root" not in paths:
        print(_USAGE, file=sys.stderr)
        return 2
    table = Table(title=str(paths["root"]))
    table.add_column("queries searched")
    for heading in ("segment AP", "pair micro-AP", "segments found", "wrong on queries without copies", "seconds"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        for row in HELPS:
            library = Path(scratch) / "own" if row.shapes_library else paths.get("library", Path(scratch) / "library")
            try:
                table.add_row(*_row(row.name, *measure(paths["root"], library, [*overrides, *row.settings])))
            except ConfigError as error:
                print(error, file=sys.stderr)
                return 1
            except subprocess.CalledProcessError as error:
                print(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}", file=sys.stderr)
                return int(error.returncode)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
