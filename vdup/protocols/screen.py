"""The outcome of an evaluation on the screen."""

from rich.console import Console
from rich.table import Table

from vdup.datasets.base import Presence
from vdup.protocols.outcome import Breakdown, Outcome
from vdup.report.printable import listed, printable, screen
from vdup.report.table import plain_table


def print_outcome(outcome: Outcome, console: Console | None = None) -> None:
    """Prints what was measured, how much of the data set was there, and the published figures.

    Args:
        outcome: of one protocol.
        console: for tests; none: stdout.
    """
    console = console or screen()
    console.print(f"{printable(outcome.dataset)}, {outcome.protocol}, {printable(outcome.answers)}", soft_wrap=True)
    console.print(outcome.definition, soft_wrap=True)
    console.print(f"queries: {_presence(outcome.queries)}; references: {_presence(outcome.references)}")
    console.print(_measures(console, outcome))
    for breakdown in outcome.breakdowns:
        if breakdown.on_screen:
            console.print(f"\n{breakdown.title}")
            console.print(_breakdown(console, breakdown))
    if outcome.published:
        console.print("\npublished figures, for comparison")
        _print_published(console, outcome)
    console.print()
    for note in _notes(outcome):
        console.print(note, soft_wrap=True)


def _presence(presence: Presence) -> str:
    return f"{presence.present} present, {presence.missing} missing"


def _measures(console: Console, outcome: Outcome) -> Table:
    table = plain_table(console)
    table.add_column("measure", overflow="fold")
    table.add_column("value", justify="right")
    for measure in outcome.measures:
        table.add_row(measure.name, measure.shown)
    return table


def _breakdown(console: Console, breakdown: Breakdown) -> Table:
    table = plain_table(console)
    for number, heading in enumerate(breakdown.columns):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in breakdown.rows:
        table.add_row(*(printable(value) for value in row))
    return table


def _print_published(console: Console, outcome: Outcome) -> None:
    """Published figures under the names of the measures, the measured ones in the first line; sources below."""
    names = list(dict.fromkeys(name for each in outcome.published for name in each.values))
    sources = list(dict.fromkeys((each.source, each.comparable) for each in outcome.published))
    table = plain_table(console)
    table.add_column("method", overflow="fold")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("source", justify="right")
    measured = {measure.name: measure.shown for measure in outcome.measures}
    table.add_row("this run", *(measured.get(name, "-") for name in names), "")
    for each in outcome.published:
        values = (f"{each.values[name]:.4f}" if name in each.values else "-" for name in names)
        table.add_row(each.method, *values, str(sources.index((each.source, each.comparable)) + 1))
    console.print(table)
    for number, (source, comparable) in enumerate(sources, 1):
        console.print(f"{number}: {source}; {comparable}", soft_wrap=True)


def _notes(outcome: Outcome) -> list[str]:
    notes = list(outcome.notes)
    if outcome.queries.missing or outcome.references.missing:
        notes.append("Videos are missing: figures of the whole data set are not comparable.")
    notes += [f"annotations left out: {len(each.places)}, which {each.reason}" for each in outcome.skipped]
    if outcome.unreadable:
        notes.append(f"could not be read, counted as missing: {listed(sorted(outcome.unreadable))}")
    return notes
