"""Matches as a table."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from vdup.pipeline.searcher import SearchResult
from vdup.report.csv_file import best_first
from vdup.report.picture import describe_picture
from vdup.report.printable import clock, counted, listed, printable, screen
from vdup.types import Match

MOST_ROWS = 100
"""Matches shown on a terminal, which keeps no more lines in sight; elsewhere all are printed."""


def plain_table(console: Console) -> Table:
    """An empty table: with lines on a terminal, columns alone in a pipe."""
    if console.is_terminal:
        return Table(box=box.SIMPLE)
    return Table(box=None, pad_edge=False)


def print_results(
    results: Sequence[SearchResult],
    library: Path,
    output: Path | None,
    console: Console | None = None,
    false_alarms: float | None = None,
) -> None:
    """Prints the matches of all queries, best first, and then which queries had none.

    Args:
        results: one for each query.
        library: where was looked.
        output: file that holds the matches too.
        console: for tests; none: stdout.
        false_alarms: false segments an hour that were allowed; none: the threshold was given.
    """
    console = console or screen()
    matches = best_first(results)
    if matches:
        _print_matches(console, matches, results)
    without = [result.query_id for result in results if not result.matches and result.error is None]
    if without:
        console.print(f"nothing found in {printable(str(library))} for {listed(without)}", soft_wrap=True)
    failed = [result.query_id for result in results if result.error is not None]
    if failed:
        console.print(f"not searched for, because they could not be read: {listed(failed)}", soft_wrap=True)
    threshold = next((result.threshold for result in results if result.threshold is not None), None)
    if false_alarms is not None and threshold is not None:
        console.print(
            f"reported from score {threshold:.4f} on, where {false_alarms:g} false segments are expected in an hour",
            soft_wrap=True,
        )
    if output is not None:
        console.print(
            f"{counted(len(matches), 'match', 'matches')} written to {printable(str(output))}", soft_wrap=True
        )


def _print_matches(console: Console, matches: list[Match], results: Sequence[SearchResult]) -> None:
    table = plain_table(console)
    for heading in ("query", "from - to", "reference", "from - to"):
        table.add_column(heading, overflow="fold")
    table.add_column("speed", justify="right")
    table.add_column("picture", overflow="fold")
    table.add_column("score", justify="right")
    shown = matches[:MOST_ROWS] if console.is_terminal else matches
    for match in shown:
        table.add_row(
            printable(match.query_id),
            _interval(match.query_start_seconds, match.query_end_seconds),
            printable(match.reference_id),
            _interval(match.reference_start_seconds, match.reference_end_seconds),
            f"{match.speed:.2f}x",
            describe_picture(match),
            "identical" if match.identical else f"{match.score:.3f}",
        )
    console.print(table)
    if len(shown) < len(matches):
        console.print(f"+{len(matches) - len(shown)} more; output=FILE.csv writes all of them")
    found = sum(bool(result.matches) for result in results)
    console.print(f"{counted(len(matches), 'match', 'matches')} in {found} of {counted(len(results), 'video')}")


def _interval(start_seconds: float, end_seconds: float) -> str:
    return f"{clock(start_seconds)} - {clock(end_seconds)}"
