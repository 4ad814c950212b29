"""What an indexing run did."""

from pathlib import Path

from rich.console import Console

from vdup.pipeline.indexer import IndexedFile, IndexReport, Outcome
from vdup.report.printable import duration, printable, screen

MOST_REASONS = 20
"""Failed or skipped videos that are named; the rest are counted."""


def print_index_report(
    report: IndexReport, library: Path, elapsed_seconds: float, console: Console | None = None
) -> None:
    """Prints counts, reasons, length and speed.

    Args:
        report: what became of each video.
        library: where the videos went.
        elapsed_seconds: how long the run took.
        console: for tests; none: stdout.
    """
    console = console or screen()
    counts = ", ".join(f"{report.count(outcome)} {outcome.value}" for outcome in Outcome)
    console.print(f"{printable(str(library))}: {counts}", soft_wrap=True)
    if report.seconds_indexed:
        speed = f", {report.seconds_indexed / elapsed_seconds:.1f} s of video a second" if elapsed_seconds > 0 else ""
        console.print(
            f"{duration(report.seconds_indexed)} of video indexed in {duration(elapsed_seconds)}{speed}",
            soft_wrap=True,
        )
    for outcome in (Outcome.skipped, Outcome.failed):
        _print_reasons(console, outcome, [file for file in report.files if file.outcome is outcome])


def _print_reasons(console: Console, outcome: Outcome, files: list[IndexedFile]) -> None:
    if not files:
        return
    console.print(f"{outcome.value}:")
    for file in files[:MOST_REASONS]:
        console.print(f"  {printable(file.video_id)}: {printable(file.reason)}", soft_wrap=True)
    if len(files) > MOST_REASONS:
        console.print(f"  +{len(files) - MOST_REASONS} more; `python -m vdup.library action=list` shows all")
