"""How one recording lies on another: on the screen and as JSON."""

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from rich.console import Console

from vdup.config import AlignJobConfig
from vdup.report.json_file import Json
from vdup.report.output import write_whole
from vdup.report.printable import clock, printable, screen
from vdup.report.sparkline import sparkline
from vdup.report.table import plain_table
from vdup.report.trim_commands import trim_commands
from vdup.temporal.recordings import KNOWN_SPEEDS, Alignment, Span

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; new fields may come without."""

_WIDTH = 60
"""Characters of the small plot."""


def is_found(alignment: Alignment | None, config: AlignJobConfig) -> bool:
    """Whether an alignment is sure enough to count."""
    return alignment is not None and alignment.confidence >= config.threshold


def print_alignment(alignment: Alignment | None, config: AlignJobConfig, console: Console | None = None) -> None:
    """Prints the offset, the speed, how sure they are, a small plot and, if asked for, the commands that trim.

    Args:
        alignment: of b on a; None when nothing could be compared.
        config: names of the files, and what is asked for.
        console: for tests; none: stdout.
    """
    console = console or screen()
    names = f"a is {printable(str(config.a))}, b is {printable(str(config.b))}"
    console.print(names, soft_wrap=True)
    if alignment is None:
        console.print("no alignment found: nothing in the two can be compared, as one of them does not change")
        return
    if is_found(alignment, config):
        console.print(_begins(alignment.offset_seconds))
    else:
        console.print(
            f"no alignment found: the best guess has the confidence {alignment.confidence:.2f}, and threshold="
            f"{config.threshold:g}; here it is all the same",
            soft_wrap=True,
        )
        console.print(_begins(alignment.offset_seconds))
    console.print(_facts(alignment, console))
    first, last = (clock(float(alignment.offsets_seconds[end])) for end in (0, -1))
    console.print(f"score over offset, {first} to {last}:")
    plain = not console.encoding.lower().startswith("utf")
    console.print(sparkline(alignment.scores, _WIDTH, plain=plain))
    for path in (config.output, config.plot):
        if path is not None:
            console.print(f"written to {printable(str(path))}", soft_wrap=True)
    if config.trim:
        _print_trim(alignment, config, console)


def write_alignment(path: Path, alignment: Alignment | None, config: AlignJobConfig) -> None:
    """Writes the result as JSON; without the scores, which ``plot`` writes.

    Raises:
        OutputError: the file cannot be written.
    """
    found = is_found(alignment, config)
    document: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "a": str(config.a),
        "b": str(config.b),
        "found": found,
        "threshold": config.threshold,
        "alignment": None if alignment is None else _plain(alignment),
        "trim_commands": list(trim_commands(config.a, config.b, alignment)) if found and alignment else [],
    }
    write_whole(path, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _plain(alignment: Alignment) -> Mapping[str, Json]:
    return {
        "offset_seconds": round(alignment.offset_seconds, 4),
        "speed": round(alignment.speed, 6),
        "confidence": round(alignment.confidence, 4),
        "rivalry": round(alignment.rivalry, 4),
        "likeness": round(alignment.likeness, 4),
        "overlap_in_a_seconds": [round(end, 4) for end in alignment.overlap_in_a],
        "overlap_in_b_seconds": [round(end, 4) for end in alignment.overlap_in_b],
    }


def _begins(offset_seconds: float) -> str:
    where = "after" if offset_seconds >= 0 else "before"
    return f"b starts {abs(offset_seconds):.3f} s {where} a"


def _facts(alignment: Alignment, console: Console) -> object:
    table = plain_table(console)
    table.show_header = False
    table.add_row("speed", _speed(alignment.speed))
    table.add_row("confidence", f"{alignment.confidence:.2f} (best rival {alignment.rivalry:.0%} as strong)")
    length = alignment.overlap_in_a.end_seconds - alignment.overlap_in_a.start_seconds
    spans = f"{_interval(alignment.overlap_in_a)} of a, {_interval(alignment.overlap_in_b)} of b"
    table.add_row("overlap", f"{length:.1f} s: {spans}")
    table.add_row("likeness", f"{alignment.likeness:.2f}")
    return table


def _speed(speed: float) -> str:
    known = next((ratio for ratio in KNOWN_SPEEDS if math.isclose(ratio, speed, rel_tol=1e-9)), None)
    if known == 1.0:
        return "1, both alike"
    ratio = "" if known is None else f" ({Fraction(known).limit_denominator(1001)})"
    return f"{speed:.5f}{ratio}: b plays {'faster' if speed > 1 else 'slower'} than a"


def _interval(span: Span) -> str:
    return f"{clock(span.start_seconds)} - {clock(span.end_seconds)}"


def _print_trim(alignment: Alignment, config: AlignJobConfig, console: Console) -> None:
    if not is_found(alignment, config):
        console.print("no commands to trim with, as no alignment was found; a lower threshold gives them")
        return
    console.print("to cut both into step:")
    for command in trim_commands(config.a, config.b, alignment):
        console.print(command, soft_wrap=True)
