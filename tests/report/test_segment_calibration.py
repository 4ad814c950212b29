from pathlib import Path

import pytest
from result_factory import console

from vdup.align.false_alarms import FalseAlarms
from vdup.config import MatcherConfig
from vdup.pipeline.library_scores import LibraryScores
from vdup.pipeline.segment_trials import JudgedSegment, SegmentTrials
from vdup.report.segment_calibration import judged_scores, print_trials

SEGMENTS = (
    JudgedSegment("a", "a", 0, 0.98, is_right=True, is_own=True, without_own=False),
    JudgedSegment("a", "a", 0, 0.6, is_right=False, is_own=True, without_own=False),
    JudgedSegment("a", "b", 0, 0.75, is_right=False, is_own=False, without_own=True),
    JudgedSegment("b", "b", 1, 0.8, is_right=True, is_own=True, without_own=False),
)
MEASURED = FalseAlarms(2.0, 0.9, 1.0, 0.6, fitted_hours=5.0)
FITTED = FalseAlarms(1.0, 1.0, 0.2, 1.0, fitted_hours=1.0)


def trials(*held_twice: tuple[str, str]) -> SegmentTrials:
    return SegmentTrials(SEGMENTS, 4, 2.0, 5.0, held_twice, 3 * len(held_twice))


def printed(scores: LibraryScores, held_twice: int = 0, stored_in: Path | None = None) -> list[str]:
    screen, text = console()
    pairs = tuple((f"video {number}", "copy") for number in range(held_twice))
    print_trials(trials(*pairs), scores, 0.45, 0.02, stored_in, screen)
    return text.getvalue().splitlines()


def test_false_segments_are_counted_and_expected() -> None:
    lines = printed(LibraryScores(MEASURED, None, 5.0))
    assert lines[0].startswith("4 excerpts, 2.00 hours, searched for with and without")
    cells = [line.split() for line in lines]
    rows = {row[0]: row[1:] for row in cells if len(row) == 5 and row[0].startswith("0.") and "-" not in row[0]}
    assert list(rows) == ["0.30", "0.45", "0.50", "0.70", "0.90", "0.95", "0.99"]
    assert rows["0.50"] == ["0.500", "2", "1.000", "7.000"]
    assert rows["0.70"][:3] == ["0.500", "1", "0.500"]
    assert rows["0.90"][:3] == ["0.250", "0", "0.000"]
    assert float(rows["0.90"][3]) == pytest.approx(MEASURED.per_hour(0.9, 5.0), abs=1e-3)


def test_thresholds_that_keep_false_segments_few() -> None:
    scores = LibraryScores(MEASURED, None, 5.0)
    told = [line for line in printed(scores) if line.startswith("matcher.false_alarms=")]
    wanted = [1.0, 0.1, 0.02, 0.01]
    assert len(told) == len(wanted)
    for line, value in zip(told, wanted, strict=True):
        threshold = scores.threshold(MatcherConfig(false_alarms=value))
        share = sum(item.is_right and item.score >= threshold for item in SEGMENTS) / 4
        assert line == (f"matcher.false_alarms={value:g}: threshold {threshold:.4f}, {share:.0%} of the excerpts found")


def test_scores_are_shown_as_they_are_reported() -> None:
    scores = LibraryScores(MEASURED, FITTED, 5.0)
    judged = judged_scores(trials(), scores)
    assert judged.scores.tolist() == [scores.reported(item.score) for item in SEGMENTS]
    assert (judged.scores < [item.score for item in SEGMENTS]).all()
    assert judged.groups == ["a", "a", "a", "b"]


def test_videos_that_the_library_holds_twice_are_named() -> None:
    scores = LibraryScores(MEASURED, None, 5.0)
    lines = printed(scores, 22, Path("lib"))
    at = lines.index("left out: 66 segments of one video in another that shows the same:")
    assert lines[at + 1] == "  video 0 and copy"
    assert lines[at + 21] == "  +2 more pairs"
    assert lines[-1] == "what was measured of false segments is kept in lib for queries"
    assert printed(scores)[-1] == "what was measured of false segments is not kept"
    assert not any("left out" in line for line in printed(scores))
