"""How well the groups of near-duplicates in a library are found.

::

    python -m benchmarks.duplicates root=DIR [keep=DIR] [override ...]

DIR holds ``refs/``, ``queries/`` and ``gt.csv`` as for ``benchmarks.copybench``. The library is made of all references,
of the queries that share nothing with them, and of two copies of every reference: one encoded anew at half the size and
a low bitrate, one also cut at both ends, by parts of a second, so that its frames lie between those of the original. So
every reference has a group of three. The other clips share nothing with these; what they share with one another is not
known, so groups of them alone are counted apart.

A second library holds small cases, planted by the benchmark in stretches of the references and drawn footage: an ident
that films begin with, a leader before different clips, two takes of each clip, lectures on one template, files that are
damaged in the middle (at a higher bitrate than the whole ones), a file that was moved after it was indexed, links and
identical bytes. For each it says what is proposed for removal though nothing that stays contains it, and what else is
not as it should be.

``keep`` keeps libraries and copies for the next run. Further words are settings of ``vdup.duplicates``.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table
from vdup.train.edits.footage_file import even, picture_size, video_frames, write_frames

from benchmarks.commands import run_command
from benchmarks.duplicate_cases import Group, Outcome, judge, read_found
from benchmarks.duplicate_material import move_away, plant_cases
from vdup.datasets.segment_csv import read_ground_truth
from vdup.errors import ConfigError

_USAGE = "usage: python -m benchmarks.duplicates root=DIR [keep=DIR] [override ...]"
_RATE = Fraction(25)
_LONGEST_SECONDS = 600.0
_CUT_SHARE = 0.11
"""Cut off each end of a trimmed copy, as a part of the original's length."""

_TRIMMED = "-trimmed.mp4"


@dataclass(frozen=True)
class Comparison:
    """Planted groups against found ones."""

    planted: int
    whole: int
    """Planted groups of which all members are together in one found group, and nothing else."""
    pairs: int
    """Pairs of videos within planted groups."""
    pairs_found: int
    """Those of them that lie in one found group."""
    false_pairs: int
    """Pairs in one found group, at least one of a planted group, that are in no planted group together."""
    false_groups: int
    """Found groups with such a pair."""
    other_groups: int
    """Found groups without a member of any planted one."""


@dataclass(frozen=True)
class Removals:
    """Members of planted groups that are proposed for removal."""

    possible: int
    """All but one of each group: the original contains its copies."""
    proposed: int
    wrong: int
    """Those of them without a file of their group that stays and contains all of them: a trimmed copy contains no other
    member."""


def count_removals(planted: Collection[Group], proposals: Mapping[str, str]) -> Removals:
    """Counts what is proposed for removal, by the proposal of every video in a found group."""
    proposed = wrong = 0
    for group in planted:
        going = {video for video in group if proposals.get(video) == "remove"}
        staying = {video for video in group if proposals.get(video) == "keep"}
        whole = {video for video in staying if not video.endswith(_TRIMMED)}
        proposed += len(going)
        wrong += sum(not (staying if video.endswith(_TRIMMED) else whole) for video in going)
    return Removals(sum(len(group) - 1 for group in planted), proposed, wrong)


def compare(planted: Collection[Group], found: Collection[Group]) -> Comparison:
    """Counts what was found of the planted groups."""
    known = {video for group in planted for video in group}
    others = [group for group in found if not group & known]
    found = [group for group in found if group & known]
    true_pairs = {pair for group in planted for pair in _pairs(group)}
    found_pairs = {pair for group in found for pair in _pairs(group) if pair & known}
    return Comparison(
        planted=len(planted),
        whole=sum(group in set(found) for group in planted),
        pairs=len(true_pairs),
        pairs_found=len(true_pairs & found_pairs),
        false_pairs=len(found_pairs - true_pairs),
        false_groups=sum(bool((_pairs(group) & found_pairs) - true_pairs) for group in found),
        other_groups=len(others),
    )


def _pairs(group: Group) -> set[Group]:
    return {frozenset((first, second)) for first in group for second in group if first < second}


def plant(root: Path, videos: Path) -> list[Group]:
    """Fills a folder with references, their copies and unrelated clips; the planted groups.

    Raises:
        ConfigError: the ground truth cannot be read, or there are no references.
    """
    (videos / "originals").mkdir(parents=True, exist_ok=True)
    (videos / "copies").mkdir(exist_ok=True)
    copied = {segment.query_id for segment in read_ground_truth(root / "gt.csv")}
    references = sorted(path for path in (root / "refs").iterdir() if path.is_file())
    if not references:
        raise ConfigError(f"{root / 'refs'} holds no videos")
    unrelated = sorted(path for path in (root / "queries").iterdir() if path.stem not in copied)
    groups = []
    for original in (*references, *unrelated):
        link = videos / "originals" / original.name
        if not link.exists():
            link.symlink_to(original.resolve())
    for original in references:
        encoded = videos / "copies" / f"{original.stem}-encoded.mp4"
        trimmed = videos / "copies" / f"{original.stem}{_TRIMMED}"
        _copy(original, encoded, 0.0)
        _copy(original, trimmed, _CUT_SHARE)
        groups.append(frozenset((f"originals/{original.name}", f"copies/{encoded.name}", f"copies/{trimmed.name}")))
    return groups


def _copy(original: Path, target: Path, cut_share: float) -> None:
    if target.exists():
        return
    width, height = picture_size(original)
    size = even(width / 2), even(height / 2)
    frames = list(video_frames(original, _RATE, size, _LONGEST_SECONDS))
    cut = round(cut_share * len(frames))
    write_frames(target, (frame[None] for frame in frames[cut : len(frames) - cut]), size, _RATE, crf=33)


def measure_copies(
    root: Path, place: Path, overrides: Sequence[str]
) -> tuple[Comparison, Removals, Mapping[str, float]]:
    """Plants copies, indexes, looks for duplicates and compares; the seconds of each step.

    Raises:
        ConfigError: the ground truth cannot be read.
        subprocess.CalledProcessError: a command failed.
    """
    started = time.perf_counter()
    planted = plant(root, place / "videos")
    seconds = {"making the copies": time.perf_counter() - started}
    library, output = f"library={place / 'library'}", place / "groups.json"
    seconds["indexing"] = run_command("vdup.index", f"videos={place / 'videos'}", library)
    seconds["finding the groups"] = run_command("vdup.duplicates", library, f"output={output}", *overrides)
    found = read_found(output)
    return compare(planted, found.groups), count_removals(planted, found.proposals), seconds


def measure_cases(root: Path, place: Path, overrides: Sequence[str]) -> tuple[list[Outcome], Mapping[str, float]]:
    """Plants the small cases, indexes, looks for duplicates and compares; the seconds of each step.

    Raises:
        ConfigError: there are too few references of some length.
        subprocess.CalledProcessError: a command failed.
    """
    started = time.perf_counter()
    references = sorted(path for path in (root / "refs").iterdir() if path.is_file())
    cases = plant_cases(references, place / "cases")
    seconds = {"making the small cases": time.perf_counter() - started}
    library, output = f"library={place / 'cases-library'}", place / "cases.json"
    seconds["indexing them"] = run_command("vdup.index", f"videos={place / 'cases'}", library)
    move_away(cases, place / "cases")
    seconds["finding their groups"] = run_command("vdup.duplicates", library, f"output={output}", *overrides)
    return judge(cases, read_found(output)), seconds


def print_comparison(
    comparison: Comparison, removals: Removals, seconds: Mapping[str, float], console: Console
) -> None:
    """Prints the counts and the seconds."""
    table = Table(title="groups of near-duplicates")
    table.add_column("what")
    table.add_column("number", justify="right")
    for name, number in (
        ("planted groups", comparison.planted),
        ("found whole, with nothing else in them", comparison.whole),
        ("pairs in planted groups", comparison.pairs),
        ("found", comparison.pairs_found),
        ("false pairs", comparison.false_pairs),
        ("false groups", comparison.false_groups),
        ("groups of other clips alone", comparison.other_groups),
        ("files of planted groups that could go", removals.possible),
        ("proposed for removal", removals.proposed),
        ("proposed though no file that stays contains them", removals.wrong),
    ):
        table.add_row(name, str(number))
    for name, taken in seconds.items():
        table.add_row(f"seconds {name}", f"{taken:.1f}")
    console.print(table)


def print_outcomes(outcomes: Sequence[Outcome], seconds: Mapping[str, float], console: Console) -> None:
    """Prints a row for each kind of case, and below the table what is not as it should be."""
    table = Table(title="small cases")
    heads = ("kind", "files", "may go", "proposed for removal", "though not contained", "as it should be")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right")
    for one in outcomes:
        numbers = (one.planted, one.may_go, one.proposed, one.not_contained)
        table.add_row(one.kind, *map(str, numbers), "no" if one.faults else "yes")
    console.print(table)
    for one in outcomes:
        for fault in one.faults:
            console.print(f"{one.kind}: {fault}", soft_wrap=True)
    console.print(", ".join(f"{taken:.1f} s {name}" for name, taken in seconds.items()), soft_wrap=True)


def measure(root: Path, place: Path, overrides: Sequence[str], console: Console) -> None:
    """Runs both parts and prints what they gave.

    Raises:
        ConfigError: the material cannot be used.
        subprocess.CalledProcessError: a command failed.
    """
    copies = measure_copies(root, place, overrides)
    cases = measure_cases(root, place, overrides)
    print_comparison(*copies, console)
    print_outcomes(*cases, console)


def main(arguments: list[str]) -> None:
    """Runs the benchmark that the words describe."""
    words = dict(word.split("=", 1) for word in arguments if "=" in word)
    if "root" not in words or len(words) != len(arguments):
        raise SystemExit(_USAGE)
    root = Path(words.pop("root"))
    keep = words.pop("keep", None)
    overrides = [f"{name}={value}" for name, value in words.items()]
    try:
        if keep is not None:
            measure(root, Path(keep), overrides, Console())
        else:
            with tempfile.TemporaryDirectory() as scratch:
                measure(root, Path(scratch), overrides, Console())
    except (ConfigError, OSError) as error:
        raise SystemExit(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
