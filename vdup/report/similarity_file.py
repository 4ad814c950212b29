"""Similarities of videos as JSON, and what is printed of them."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from vdup.report.output import write_whole
from vdup.report.printable import counted, printable, screen
from vdup.report.summary import MOST_REASONS


def write_similarities(path: Path, by_query: Mapping[str, Mapping[str, float]]) -> None:
    """Writes ``{query id: {database id: similarity}}``, the form of the ViSiL and FIVR programs.

    Raises:
        OutputError: the disk is full, or the file cannot be written; an older file of that name is untouched.
    """
    write_whole(path, json.dumps(by_query, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def print_similarities(
    by_query: Mapping[str, Mapping[str, float]],
    unreadable: Mapping[str, str],
    output: Path,
    console: Console | None = None,
) -> None:
    """Prints how many pairs there are, where they went, and which videos could not be read.

    Args:
        by_query: similarities by id of query and video.
        unreadable: why, by id.
        output: the file they were written to.
        console: for tests; none: stdout.
    """
    console = console or screen()
    pairs = sum(len(row) for row in by_query.values())
    console.print(
        f"{counted(pairs, 'similarity', 'similarities')} of {counted(len(by_query), 'query', 'queries')}: "
        f"{printable(str(output))}",
        soft_wrap=True,
    )
    if unreadable:
        console.print("left out, as they could not be read:")
    for name, reason in list(unreadable.items())[:MOST_REASONS]:
        console.print(f"  {printable(name)}: {printable(reason)}", soft_wrap=True)
    if len(unreadable) > MOST_REASONS:
        console.print(f"  +{len(unreadable) - MOST_REASONS} more")
