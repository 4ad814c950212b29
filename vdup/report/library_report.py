"""What the library command prints."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from vdup.catalogue.records import VideoRecord
from vdup.config import StoreConfig
from vdup.report.printable import clock, printable, screen
from vdup.report.table import plain_table
from vdup.types import Intervals
from vdup.video.damaged_moments import told_damage


def print_videos(
    records: Sequence[VideoRecord], damaged: Callable[[int], Intervals], console: Console | None = None
) -> None:
    """Prints the videos of a library, one a line.

    Args:
        records: of all videos.
        damaged: by the number of a video the stretches that decoding found damaged.
        console: for tests; none: stdout.
    """
    console = console or screen()
    if not records:
        console.print("the library is empty")
        return
    table = plain_table(console)
    table.add_column("id", overflow="fold")
    table.add_column("state")
    table.add_column("length", justify="right")
    table.add_column("picture", justify="right")
    table.add_column("indexed at (UTC)")
    table.add_column("remark", overflow="fold")
    for record in records:
        table.add_row(
            printable(record.id),
            record.state.value,
            "" if record.duration_seconds is None else clock(record.duration_seconds),
            f"{record.width}x{record.height}" if record.width and record.height else "",
            record.indexed_at.removesuffix("+00:00").replace("T", " "),
            printable(record.reason) or (told_damage(stretches) if (stretches := damaged(record.number)) else ""),
        )
    console.print(table)


def print_figures(figures: Mapping[str, int | float | str], console: Console | None = None) -> None:
    """Prints figures of a library, name and value."""
    console = console or screen()
    table = plain_table(console)
    table.show_header = False
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in figures.items():
        table.add_row(name, printable(str(value)))
    console.print(table)


def print_removed(records: Sequence[VideoRecord], console: Console | None = None) -> None:
    """Prints which videos were removed."""
    console = console or screen()
    for record in records:
        console.print(f"removed {printable(record.id)}", soft_wrap=True)
    console.print("action=rebuild gives their space back")


def print_problems(problems: Sequence[str], library: Path, console: Console | None = None) -> None:
    """Prints the problems of a library, one a line, or that there are none."""
    console = console or screen()
    for problem in problems:
        console.print(printable(problem), soft_wrap=True)
    count = f"{len(problems)} problems" if len(problems) != 1 else "1 problem"
    console.print(f"{printable(str(library))}: {count if problems else 'no problems'}", soft_wrap=True)


def print_moved(descriptors: int, store: StoreConfig, console: Console | None = None) -> None:
    """Prints where the descriptors are now, and how to use them there."""
    console = console or screen()
    console.print(
        f"{descriptors} descriptors are in collection {store.collection} of {store.url}; from now on pass "
        f"store.url={store.url} to every command",
        soft_wrap=True,
    )
