"""Whether a search tells what was done to the picture of a copy.

::

    python -m benchmarks.geometry videos=DIR [keep=DIR] [seed=1] [fit=true] [override ...]

Of every video in DIR copies of 3-6 s are made (:mod:`benchmarks.geometry_copies`), the videos are indexed, the copies
searched for. A copy is **found** when some match of its source overlaps what it shows; the best of these that has
``edits`` **tells**, and what is not told is not right. **Mirrored** is right when it is said of mirrored copies only,
**rectangles** are when turned the right way and when that of the source and that of the copy each share 0.7 of their
union with the true one; **colour** is when it is kept, grey or changed as it was, of sources that have colour. Shares
are of the copies that were found. ``keep`` keeps copies and library for the next run; ``fit=true`` fits the weights of
the confidence (:mod:`vdup.align.edits`) to what was told and prints them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from vdup.train.calibration.logistic import fit_logistic

from benchmarks.commands import matches_of
from benchmarks.geometry_copies import KINDS, Copy, make_copies
from vdup.align.edits import GEOMETRY_INPUTS
from vdup.errors import ConfigError, VideoError
from vdup.types import Rectangle

_USAGE = "usage: python -m benchmarks.geometry videos=DIR [keep=DIR] [seed=1] [fit=true] [override ...]"
_SAME = 0.7
_CONFIDENCE_STEPS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class Told:
    """What a search said of one copy."""

    copy: Copy
    found: bool
    told: bool = False
    mirrored_right: bool = False
    rectangles_right: bool = False
    colour_right: bool = False
    confidence: float = 0.0
    inputs: Mapping[str, float] | None = None
    likeness: tuple[float, float] = (0.0, 0.0)
    """Of the rectangle of the source, and of that of the copy."""

    @property
    def right(self) -> bool:
        """Whether mirroring and rectangles are."""
        return self.mirrored_right and self.rectangles_right


def judge(copy: Copy, matches: Sequence[Mapping[str, Any]]) -> Told:
    """Compares the matches of one copy, best first, with the truth."""
    mine = [match for match in matches if _overlaps(copy, match)]
    if not mine:
        return Told(copy, False)
    edits = next((match["edits"] for match in mine if match["edits"] is not None), None)
    if edits is None:
        return Told(copy, True)
    likeness = (
        copy.shown.likeness(Rectangle(**edits["shown"])),
        copy.fills.likeness(Rectangle(**edits["fills"])),
    )
    return Told(
        copy,
        found=True,
        told=True,
        mirrored_right=edits["mirrored"] == copy.mirrored,
        rectangles_right=edits["turned_degrees"] == copy.turned_degrees and min(likeness) >= _SAME,
        colour_right=copy.colour is not None and edits["colour"] == copy.colour.value,
        confidence=edits["confidence"],
        inputs=edits["confidence_inputs"],
        likeness=likeness,
    )


def _overlaps(copy: Copy, match: Mapping[str, Any]) -> bool:
    return bool(
        match["reference_id"] == copy.source
        and match["reference_start_seconds"] < copy.start_seconds + copy.seconds
        and match["reference_end_seconds"] > copy.start_seconds
    )


def print_outcomes(outcomes: Sequence[Told], console: Console) -> None:
    """Prints a row a kind, and how often each confidence is right."""
    table = Table(title="what was done to the picture of a copy")
    heads = ("kind", "copies", "found", "told", "mirrored", "rectangles", "both, of told", "colour")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right")
    for kind in (*KINDS, "all"):
        mine = [one for one in outcomes if kind in (one.copy.kind, "all")]
        found = [one for one in mine if one.found]
        cells = (
            _share(mine, lambda one: one.found),
            _share(found, lambda one: one.told),
            _share(found, lambda one: one.mirrored_right),
            _share(found, lambda one: one.rectangles_right),
            _share([one for one in found if one.told], lambda one: one.right),
            _share([one for one in found if one.copy.colour is not None], lambda one: one.colour_right),
        )
        table.add_row(kind, str(len(mine)), *cells)
    console.print(table)
    sure = Table(title="confidence of what was told")
    for head in ("from - to", "copies", "right"):
        sure.add_column(head, justify="right")
    told = [one for one in outcomes if one.told]
    for low, high in pairwise(_CONFIDENCE_STEPS):
        mine = [one for one in told if low <= one.confidence < high or one.confidence == high == 1]
        sure.add_row(f"{low:.2f} - {high:.2f}", str(len(mine)), _share(mine, lambda one: one.right))
    console.print(sure)


def _share(outcomes: Sequence[Told], of: Callable[[Told], bool]) -> str:
    return f"{np.mean([of(one) for one in outcomes]):.3f}" if outcomes else "-"


def fit_confidence(outcomes: Sequence[Told]) -> tuple[float, dict[str, float]]:
    """Bias and weights of a logistic regression of what is right on the inputs of the confidence.

    Raises:
        ValueError: nothing was told, or all of it is right, or all wrong.
    """
    told = [(one, one.inputs) for one in outcomes if one.told and one.inputs is not None]
    right = np.array([one.right for one, _ in told], dtype=np.bool_)
    if not right.any() or right.all():
        raise ValueError("a confidence needs geometries that are right and ones that are wrong")
    rows = np.array([[inputs[name] for name in GEOMETRY_INPUTS] for _, inputs in told], dtype=np.float64)
    weights = fit_logistic(rows, right, np.ones(len(rows)))
    return float(weights[0]), dict(zip(GEOMETRY_INPUTS, weights[1:].tolist(), strict=True))


def measure(videos: Path, place: Path, seed: int, overrides: Sequence[str]) -> list[Told]:
    """Makes copies, indexes, searches, compares.

    Raises:
        VideoError: a video cannot be read.
        subprocess.CalledProcessError: a command failed.
    """
    copies = make_copies(videos, place / "copies", seed)
    matches = matches_of(videos, place / "copies", place, overrides)
    return [judge(one, [match for match in matches if match["query_id"] == one.name]) for one in copies]


def main(arguments: list[str]) -> None:
    """Runs the benchmark that the words describe."""
    words = dict(word.split("=", 1) for word in arguments if "=" in word)
    if "videos" not in words or len(words) != len(arguments):
        raise SystemExit(_USAGE)
    videos, keep, seed_word = Path(words.pop("videos")), words.pop("keep", None), words.pop("seed", "1")
    fit = words.pop("fit", "false")
    if not seed_word.isdecimal() or fit not in ("true", "false"):
        raise SystemExit(f"seed={seed_word} is not a whole number, or fit={fit} neither true nor false\n{_USAGE}")
    overrides = [f"{name}={value}" for name, value in words.items()]
    try:
        if keep is not None:
            outcomes = measure(videos, Path(keep), int(seed_word), overrides)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                outcomes = measure(videos, Path(scratch), int(seed_word), overrides)
        print_outcomes(outcomes, Console())
        if fit == "true":
            bias, weights = fit_confidence(outcomes)
            print(f"bias {bias:.2f}, " + ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items()))
    except (ConfigError, VideoError, OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
