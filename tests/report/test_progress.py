from result_factory import console, found, match, unreadable

from vdup.pipeline.indexer import IndexedFile, Outcome
from vdup.report.progress import LINE_EVERY_SECONDS, ProgressDisplay


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def indexed(name: str, seconds: float = 20.0) -> IndexedFile:
    return IndexedFile(name, Outcome.indexed, seconds=seconds)


def test_lines_come_every_few_seconds_and_at_the_end() -> None:
    screen, text = console()
    clock = Clock()
    with ProgressDisplay("indexing", 40, console=screen, clock=clock) as display:
        for number in range(1, 41):
            clock.now += 1.0
            display.video_indexed(indexed(f"{number}.mp4"), number, 40)
    lines = text.getvalue().splitlines()
    assert len(lines) == 40 / LINE_EVERY_SECONDS
    assert lines[0] == "indexing: 5 of 40 videos, 5.0 s, 20.0 s of video a second"
    assert lines[-1] == "indexing: 40 of 40 videos, 40.0 s, 20.0 s of video a second"
    assert display.elapsed_seconds == 40.0


def test_a_failure_is_shown_at_once() -> None:
    screen, text = console()
    with ProgressDisplay("indexing", 3, console=screen, clock=Clock()) as display:
        display.video_indexed(indexed("a.mp4"), 1, 3)
        assert text.getvalue() == ""
        display.video_indexed(IndexedFile("[b]\n.mp4", Outcome.failed, "no frame could be decoded"), 2, 3)
        assert text.getvalue() == "failed: [b]\\n.mp4: no frame could be decoded\n"
        display.video_indexed(IndexedFile("c.mp4", Outcome.skipped, "blank"), 3, 3)
    assert text.getvalue().splitlines()[1:] == ["indexing: 3 of 3 videos, 0.0 s, 1 failed"]


def test_failed_query() -> None:
    screen, text = console()
    with ProgressDisplay("searching", 2, console=screen, clock=Clock()) as display:
        display.query_searched(found(match()), 1, 2)
        display.query_searched(unreadable("bad.mp4"), 2, 2)
    assert text.getvalue().startswith("failed: bad.mp4: not a video; check the file\n")


def test_counting_only() -> None:
    screen, text = console()
    with ProgressDisplay("training", unit="photographs", console=screen, clock=Clock()) as display:
        display.counted(7, 7)
    assert text.getvalue() == "training: 7 of 7 photographs, 0.0 s\n"


def test_a_terminal_gets_a_bar_and_failures_above_it() -> None:
    screen, text = console(terminal=True, width=100)
    with ProgressDisplay("indexing", 2, console=screen) as display:
        display.video_indexed(IndexedFile("bad.mp4", Outcome.failed, "not a video"), 1, 2)
        display.video_indexed(indexed("a.mp4"), 2, 2)
    assert "failed: bad.mp4: not a video" in text.getvalue()
    assert "2/2" in text.getvalue()
    assert " of 2 videos" not in text.getvalue()
