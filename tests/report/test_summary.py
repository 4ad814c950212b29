from pathlib import Path

from result_factory import console

from vdup.pipeline.indexer import IndexedFile, IndexReport, Outcome
from vdup.report.summary import print_index_report


def printed(files: list[IndexedFile], elapsed_seconds: float = 100.0) -> list[str]:
    screen, text = console()
    print_index_report(IndexReport(files), Path("my library"), elapsed_seconds, screen)
    return text.getvalue().splitlines()


def test_counts_length_and_speed() -> None:
    files = [
        IndexedFile("a.mp4", Outcome.indexed, seconds=7200.0),
        IndexedFile("b.mp4", Outcome.unchanged),
        IndexedFile("c.mp4", Outcome.skipped, "it shows nothing but blank frames"),
        IndexedFile("d.mp4", Outcome.failed, "no frame could be decoded"),
    ]
    assert printed(files) == [
        "my library: 1 indexed, 1 unchanged, 1 skipped, 1 failed",
        "2.0 h of video indexed in 1.7 min, 72.0 s of video a second",
        "skipped:",
        "  c.mp4: it shows nothing but blank frames",
        "failed:",
        "  d.mp4: no frame could be decoded",
    ]


def test_nothing_new() -> None:
    assert printed([IndexedFile("b.mp4", Outcome.unchanged)]) == [
        "my library: 0 indexed, 1 unchanged, 0 skipped, 0 failed"
    ]


def test_no_time_passed() -> None:
    assert "0.0 s" in printed([IndexedFile("a.mp4", Outcome.indexed, seconds=1.0)], elapsed_seconds=0.0)[1]


def test_many_reasons_are_cut() -> None:
    lines = printed([IndexedFile(f"{number:03}.mp4", Outcome.failed, "not a video") for number in range(25)])
    assert lines[1] == "failed:"
    assert lines[2:22] == [f"  {number:03}.mp4: not a video" for number in range(20)]
    assert lines[22:] == ["  +5 more; `python -m vdup.library action=list` shows all"]
