"""How well copies are found in a folder of labelled videos.

::

    python -m benchmarks.copybench root=DIR [library=DIR] [predictions=FILE.csv] [override ...]

DIR holds ``refs/`` and ``queries/`` (videos), ``gt.csv`` (true segments) and, if known, ``edits.csv`` (what was done to
each query); the ids in both are file names without extension. Without ``predictions`` the references are indexed and
the queries searched first, by the commands that users run and with their defaults: only segments at or above
``matcher.threshold`` are written, and all measures are of these (``matcher.threshold=0`` measures the whole ranking).
``library`` keeps the index for the next run. Further words are passed on as settings, ``matcher.*`` to the query only,
the others to both commands.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from vdup.config import MatcherConfig
from vdup.datasets.segment_csv import read_edits, read_ground_truth, read_predictions
from vdup.errors import ConfigError
from vdup.evaluation.breakdown import Group
from vdup.evaluation.summary import Summary, summarise

_USAGE = "usage: python -m benchmarks.copybench root=DIR [library=DIR] [predictions=FILE.csv] [override ...]"


def _setting(name: str, path: Path) -> str:
    """A path as a Hydra override; quoted, since Hydra gives a meaning to commas, spaces and equals signs."""
    quoted = str(path.resolve()).replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'"


def _run(command: str, *settings: str) -> float:
    """Runs one of vdup's commands and returns the seconds it took."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", command, *settings], check=True)
    return time.perf_counter() - started


def predict(root: Path, library: Path, output: Path, overrides: Sequence[str]) -> dict[str, float]:
    """Indexes the references, searches the queries; returns the seconds of each step."""
    shared = [override for override in overrides if not override.startswith("matcher")]
    matcher = [override for override in overrides if override.startswith("matcher")]
    place = _setting("library", library)
    indexing = _run("vdup.index", _setting("videos", root / "refs"), place, *shared)
    searching = _run(
        "vdup.query",
        _setting("videos", root / "queries"),
        place,
        _setting("output", output),
        *shared,
        *matcher,
    )
    return {"indexing": indexing, "searching": searching}


def _group_table(title: str, groups: Sequence[Group]) -> Table:
    table = Table(title=title)
    table.add_column("")
    for heading in ("queries", "segments", "found", "recall", "mean overlap of found"):
        table.add_column(heading, justify="right")
    for group in groups:
        overlap = f"{group.mean_overlap:.3f}" if group.found else "-"
        table.add_row(
            group.name, str(group.queries), str(group.segments), str(group.found), f"{group.recall:.3f}", overlap
        )
    return table


def _summary_table(summary: Summary, seconds: dict[str, float]) -> Table:
    table = Table(title="copies found")
    table.add_column("measure")
    table.add_column("value", justify="right")
    at = f"score >= {summary.threshold:g}"
    rows = {
        "segment AP": f"{summary.segment_average_precision:.4f}",
        "pair micro-AP": f"{summary.pair_average_precision:.4f}",
        f"pairs found, {at}": f"{summary.pair_recall:.4f}",
        f"segments found, {at}": f"{summary.segment_recall:.4f}",
        f"segments reported, {at}": str(summary.segments_predicted),
        "  of them wrong": str(summary.segments_wrong),
        "  of these on queries without truth": str(summary.segments_wrong_without_truth),
        "queries with a wrong segment": str(summary.queries_with_wrong_segments),
    } | {f"seconds {step}": f"{value:.1f}" for step, value in seconds.items()}
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark and returns the exit status."""
    paths: dict[str, Path] = {}
    overrides = []
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name in ("root", "library", "predictions") and value:
            paths[name] = Path(value)
        else:
            overrides.append(argument)
    if "root" not in paths or ("predictions" in paths and "library" in paths):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        thresholds = [float(word.partition("=")[2]) for word in overrides if word.startswith("matcher.threshold=")]
    except ValueError:
        print(f"matcher.threshold must be a number\n{_USAGE}", file=sys.stderr)
        return 2

    root, seconds = paths["root"], {}
    try:
        truth = read_ground_truth(root / "gt.csv")
        edits = read_edits(root / "edits.csv") if (root / "edits.csv").exists() else {}
        with tempfile.TemporaryDirectory() as scratch:
            predictions_file = paths.get("predictions", Path(scratch) / "predictions.csv")
            if "predictions" not in paths:
                library = paths.get("library", Path(scratch) / "library")
                seconds = predict(root, library, predictions_file, overrides)
            predictions = read_predictions(predictions_file, strip_extensions=True)
        threshold = thresholds[-1] if thresholds else MatcherConfig().threshold
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}", file=sys.stderr)
        return error.returncode

    summary = summarise(truth, predictions, edits, threshold)
    console = Console()
    console.print(_summary_table(summary, seconds))
    console.print(_group_table("by edit", summary.by_edit))
    console.print(_group_table("by length of the segment in the query", summary.by_length))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
