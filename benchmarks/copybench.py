"""How well copies are found in a folder of labelled videos.

::

    python -m benchmarks.copybench root=DIR [library=DIR] [predictions=FILE.csv] [override ...]

DIR holds ``refs/`` and ``queries/`` (videos), ``gt.csv`` (true segments) and, if known, ``edits.csv`` (what was done to
each query); the ids in both are file names without extension. Without ``predictions`` the references are indexed and
the queries searched first, by the commands that users run and with their defaults, but for one: everything that was
found is written, whatever its score. The average precisions are of that whole ranking; shares found and numbers of
segments count from ``matcher.threshold`` on, as a user sees them. ``python -m vdup.evaluate dataset=folder
data.root=DIR`` does the same in one process, with the average precisions of what is reported. ``library`` keeps the
index for the next run. Further words are passed on as settings, ``matcher.*`` to the query only, the others to both
commands.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import run_command
from vdup.config import MatcherConfig
from vdup.datasets.search_folder import load_search_folder
from vdup.errors import ConfigError
from vdup.protocols.answers import read_segment_predictions
from vdup.protocols.screen import print_outcome
from vdup.protocols.search_set import Predictions, measure_segments

_USAGE = "usage: python -m benchmarks.copybench root=DIR [library=DIR] [predictions=FILE.csv] [override ...]"
_THRESHOLD = "matcher.threshold="


def predict(root: Path, library: Path, output: Path, overrides: Sequence[str]) -> dict[str, float]:
    """Indexes the references, searches the queries at any score; returns the seconds of each step."""
    shared = [override for override in overrides if not override.startswith("matcher")]
    matcher = [override for override in overrides if override.startswith("matcher")]
    matcher = [override for override in matcher if not override.startswith(_THRESHOLD)]
    place = f"library={library}"
    indexing = run_command("vdup.index", f"videos={root / 'refs'}", place, *shared)
    searching = run_command(
        "vdup.query",
        f"videos={root / 'queries'}",
        place,
        f"output={output}",
        *shared,
        *matcher,
        f"{_THRESHOLD}0",
    )
    return {"indexing": indexing, "searching": searching}


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
        thresholds = [float(word.partition("=")[2]) for word in overrides if word.startswith(_THRESHOLD)]
    except ValueError:
        print(f"matcher.threshold must be a number\n{_USAGE}", file=sys.stderr)
        return 2

    root, seconds = paths["root"], {}
    try:
        dataset = load_search_folder(root)
        videos = (*dataset.queries, *dataset.references)
        with tempfile.TemporaryDirectory() as scratch:
            predictions_file = paths.get("predictions", Path(scratch) / "predictions.csv")
            if "predictions" not in paths:
                library = paths.get("library", Path(scratch) / "library")
                seconds = predict(root, library, predictions_file, overrides)
            segments = read_segment_predictions(predictions_file, videos)
        threshold = thresholds[-1] if thresholds else MatcherConfig().threshold
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}", file=sys.stderr)
        return error.returncode

    answers = f"file {paths['predictions']}" if "predictions" in paths else "vdup.index and vdup.query"
    print_outcome(
        measure_segments(dataset, Predictions(segments, answers, threshold, from_file="predictions" in paths))
    )
    for step, taken in seconds.items():
        print(f"seconds {step}: {taken:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
