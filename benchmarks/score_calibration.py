"""Whether scores are probabilities: of the segments that are reported at 0.9, are nine of ten right?

::

    python -m benchmarks.score_calibration roots=[DIR,DIR2] [work=DIR] [plot=FILE.png] [override ...]
    python -m benchmarks.score_calibration roots=[DIR,DIR2] predictions=[FILE.csv,FILE2.csv] [plot=FILE.png]

Each root holds ``refs/``, ``queries/`` and ``gt.csv``, as for :mod:`benchmarks.copybench`, which indexes, searches and
judges: a segment is right when it overlaps a true one on both sides. The segments of all roots that are reported with a
score of 0.05 or more are pooled. Printed are the share of right ones by score, the expected calibration error (ten bins
of equal width) and the Brier score; the intervals come from drawing whole queries again and again. ``work`` keeps the
index and what was found of each root, in folders numbered like the roots; ``predictions`` takes what was found before.
Further words are passed on as settings, ``matcher.*`` to the query only, the others to both commands.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.copybench import predict
from vdup.datasets.search_folder import load_search_folder
from vdup.errors import ConfigError, OutputError
from vdup.evaluation.pairs import wrong_segments
from vdup.protocols.answers import read_segment_predictions
from vdup.report.reliability import LEAST_SCORE, JudgedScores, plot_reliability, print_reliability

WANTED_ERROR = 0.08
"""The expected calibration error is to be no larger."""

_USAGE = (
    "usage: python -m benchmarks.score_calibration roots=[DIR,DIR2,...] [work=DIR] [predictions=[FILE.csv,...]] "
    "[plot=FILE.png] [override ...]"
)


def judge(roots: Sequence[Path], predictions: Sequence[Path]) -> JudgedScores:
    """Judges the segments that were found in each root.

    Args:
        roots: folders with ``gt.csv``.
        predictions: CSV file of each.

    Raises:
        ConfigError: a file cannot be read.
    """
    answers: list[tuple[float, bool, object]] = []
    for place, (root, file) in enumerate(zip(roots, predictions, strict=True)):
        dataset = load_search_folder(root)
        found = read_segment_predictions(file, (*dataset.queries, *dataset.references))
        wrong = set(map(id, wrong_segments(dataset.segments, found, LEAST_SCORE)))
        answers += [(item.score, id(item) not in wrong, (place, item.query_id)) for item in found]
    return JudgedScores.of(answers)


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark and returns the exit status."""
    own: dict[str, str] = {}
    overrides = []
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name in ("roots", "work", "predictions", "plot") and value:
            own[name] = value
        else:
            overrides.append(argument)
    roots, predictions = (_paths(own.get(name, "")) for name in ("roots", "predictions"))
    if not roots or (predictions and (len(predictions) != len(roots) or "work" in own)):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory() as scratch:
            if not predictions:
                work = Path(own.get("work", scratch))
                predictions = [_predicted(root, work / str(place), overrides) for place, root in enumerate(roots)]
            judged = judge(roots, predictions)
        if "plot" in own:
            plot_reliability(Path(own["plot"]), judged)
    except (ConfigError, OutputError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}", file=sys.stderr)
        return error.returncode
    print(f"{len(judged.scores)} segments from score {LEAST_SCORE:g} on, of {len(roots)} folders")
    print_reliability(judged, wanted_error=WANTED_ERROR)
    return 0


def _paths(listed: str) -> list[Path]:
    """Paths of a list such as ``[a,b]``; a single one needs no brackets."""
    return [Path(part.strip()) for part in listed.removeprefix("[").removesuffix("]").split(",") if part.strip()]


def _predicted(root: Path, folder: Path, overrides: Sequence[str]) -> Path:
    """Searches one root and returns the file of what was found."""
    folder.mkdir(parents=True, exist_ok=True)
    predict(root, folder / "library", folder / "found.csv", overrides)
    return folder / "found.csv"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
