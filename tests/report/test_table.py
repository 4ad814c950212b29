from pathlib import Path

from result_factory import console, found, match, nothing, unreadable

from vdup.pipeline.searcher import SearchResult
from vdup.report.table import MOST_ROWS, print_results


def printed(results: list[SearchResult], output: Path | None = None, terminal_width: int | None = None) -> str:
    screen, text = console() if terminal_width is None else console(terminal=True, width=terminal_width)
    print_results(results, Path("lib"), output, screen)
    return text.getvalue()


def test_a_match_is_one_line_of_a_pipe() -> None:
    long_id = "folder/" * 60 + "[1] ä.mp4"
    lines = printed([found(match(reference_id=long_id, speed=1.25))]).splitlines()
    assert " ".join(lines[0].split()) == "query from - to reference from - to speed picture score"
    for cell in ("q.mp4", "0:00:01.0 - 0:00:11.2", long_id, "1:01:01.5 - 1:01:11.8", "1.25x", " - ", "0.900"):
        assert cell in lines[1]
    assert lines[2] == "1 match in 1 of 1 video"


def test_identical_files_come_first_and_are_called_so() -> None:
    lines = printed([found(match(score=1.0), match(reference_id="twin", score=1.0, identical=True))]).splitlines()
    assert [line.split()[-1] for line in lines[1:3]] == ["identical", "1.000"]


def test_best_come_first_over_all_queries() -> None:
    results = [found(match("a", score=0.6), match("a", score=0.5)), found(match("b", score=0.8))]
    lines = printed(results).splitlines()
    assert [line.split()[-1] for line in lines[1:4]] == ["0.800", "0.600", "0.500"]
    assert lines[4] == "3 matches in 2 of 2 videos"


def test_nothing_found_is_said_plainly() -> None:
    assert printed([nothing("a.mp4"), nothing("b.mp4")]) == "nothing found in lib for a.mp4, b.mp4\n"


def test_queries_that_failed_are_not_called_empty() -> None:
    lines = printed([unreadable("bad.mp4"), nothing("a.mp4")]).splitlines()
    assert lines == [
        "nothing found in lib for a.mp4",
        "not searched for, because they could not be read: bad.mp4",
    ]


def test_file_is_named() -> None:
    assert printed([nothing("a")], Path("m.csv")).endswith("0 matches written to m.csv\n")


def test_a_narrow_terminal_folds_long_names() -> None:
    long_id = "x" * 150
    text = printed([found(match(reference_id=long_id))], terminal_width=100)
    assert "…" not in text
    assert text.count("x") >= 150


def test_a_terminal_shows_the_best_and_counts_the_rest() -> None:
    results = [found(*(match(score=number / 1000) for number in range(MOST_ROWS + 7)))]
    text = printed(results, terminal_width=200)
    assert text.count("r.mp4") == MOST_ROWS
    assert "+7 more" in text
    assert printed(results).count("r.mp4") == MOST_ROWS + 7


def test_the_threshold_that_false_alarms_led_to_is_told() -> None:
    screen, text = console()
    print_results([unreadable("c.mp4"), nothing("a.mp4")], Path("lib"), None, screen, false_alarms=0.01)
    assert text.getvalue().splitlines()[-1] == (
        "reported from score 0.4000 on, where 0.01 false segments are expected in an hour"
    )
    screen, text = console()
    print_results([unreadable("c.mp4")], Path("lib"), None, screen, false_alarms=0.01)
    assert "expected" not in text.getvalue()
