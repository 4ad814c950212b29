"""What a run that made files of features did."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from vdup.pipeline.feature_folder import FeatureOutcome, FeatureResult
from vdup.report.printable import duration, printable, screen
from vdup.report.summary import MOST_REASONS


def print_feature_summary(
    results: Sequence[FeatureResult], output: Path, elapsed_seconds: float, console: Console | None = None
) -> None:
    """Prints counts, length and reasons.

    Args:
        results: what became of each video.
        output: where the files went.
        elapsed_seconds: how long the run took.
        console: for tests; none: stdout.
    """
    console = console or screen()
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in FeatureOutcome}
    told = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items())
    console.print(f"{printable(str(output))}: {told}", soft_wrap=True)
    seconds = sum(result.seconds for result in results)
    if seconds:
        console.print(f"features of {duration(seconds)} of video in {duration(elapsed_seconds)}", soft_wrap=True)
    failed = [result for result in results if result.outcome is FeatureOutcome.failed]
    if failed:
        console.print("failed:")
    for result in failed[:MOST_REASONS]:
        console.print(f"  {printable(result.video_id)}: {printable(result.reason)}", soft_wrap=True)
    if len(failed) > MOST_REASONS:
        console.print(f"  +{len(failed) - MOST_REASONS} more; the log of the run names all")
