"""What trials in a library say of scores: how often they are right, and how many false segments to expect."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from vdup.config import MatcherConfig
from vdup.pipeline.library_scores import LibraryScores
from vdup.pipeline.segment_trials import SegmentTrials
from vdup.report.printable import counted, printable, screen
from vdup.report.reliability import LEAST_SCORE, JudgedScores, print_reliability
from vdup.report.table import plain_table

FALSE_ALARMS = (1.0, 0.1, 0.01)
"""False segments an hour of query for which the threshold is told."""

_THRESHOLDS = (0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
_MOST_NAMED = 20
"""Pairs of videos that are named; the rest are counted."""


def judged_scores(trials: SegmentTrials, scores: LibraryScores) -> JudgedScores:
    """The segments of trials as they would be reported; those of one video belong together."""
    return JudgedScores.of([(scores.reported(item.score), item.is_right, item.own_id) for item in trials.segments])


def print_trials(
    trials: SegmentTrials,
    scores: LibraryScores,
    threshold: float,
    false_alarms: float | None,
    stored_in: Path | None,
    console: Console | None = None,
) -> None:
    """Prints the reliability of scores, false segments an hour, and the thresholds that keep them few.

    Args:
        trials: what was found.
        scores: with the false segments that were measured, or those that the calibration tells of.
        threshold: of a query, to be shown among others.
        false_alarms: false segments an hour that are asked for besides the usual ones; none: only these.
        stored_in: library that keeps what was measured; none: it is not kept.
        console: for tests; none: stdout.
    """
    console = console or screen()
    console.print(
        f"{counted(trials.excerpts, 'excerpt')}, {trials.query_hours:.2f} hours, searched for with and without their "
        f"own videos among {trials.library_hours:.2f} hours; segments from score {LEAST_SCORE:g} on:",
        soft_wrap=True,
    )
    print_reliability(judged_scores(trials, scores), console)
    console.print()
    _print_thresholds(trials, scores, sorted({*_THRESHOLDS, threshold}), console)
    console.print()
    for allowed in sorted({*FALSE_ALARMS, *(() if false_alarms is None else (false_alarms,))}, reverse=True):
        at = scores.threshold(MatcherConfig(false_alarms=allowed))
        found = _share_found(trials, scores, at)
        console.print(
            f"matcher.false_alarms={allowed:g}: threshold {at:.4f}, {found:.0%} of the excerpts found", soft_wrap=True
        )
    if trials.held_twice:
        _print_held_twice(trials, console)
    kept = "not kept" if stored_in is None else f"kept in {printable(str(stored_in))} for queries"
    console.print(f"what was measured of false segments is {kept}", soft_wrap=True)


def _print_thresholds(
    trials: SegmentTrials, scores: LibraryScores, thresholds: Sequence[float], console: Console
) -> None:
    table = plain_table(console)
    for heading in ("threshold", "excerpts found", "false segments", "false an hour", "expected an hour"):
        table.add_column(heading, justify="right")
    for threshold in thresholds:
        false = sum(scores.reported(item.score) >= threshold for item in trials.false_segments)
        table.add_row(
            f"{threshold:.2f}",
            f"{_share_found(trials, scores, threshold):.3f}",
            str(false),
            f"{false / trials.query_hours:.3f}",
            f"{scores.false_an_hour(threshold):.3f}",
        )
    console.print(table)


def _share_found(trials: SegmentTrials, scores: LibraryScores, threshold: float) -> float:
    found = {item.excerpt for item in trials.segments if item.is_right and scores.reported(item.score) >= threshold}
    return len(found) / trials.excerpts


def _print_held_twice(trials: SegmentTrials, console: Console) -> None:
    console.print(
        f"left out: {counted(trials.left_out, 'segment')} of one video in another that shows the same:",
        soft_wrap=True,
    )
    for own_id, other_id in trials.held_twice[:_MOST_NAMED]:
        console.print(f"  {printable(own_id)} and {printable(other_id)}", soft_wrap=True)
    if len(trials.held_twice) > _MOST_NAMED:
        console.print(f"  +{len(trials.held_twice) - _MOST_NAMED} more pairs")
