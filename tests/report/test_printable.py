import pytest

from vdup.report.printable import clock, duration, listed, printable, screen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("日本語 ä\u3000.mp4", "日本語 ä\u3000.mp4"),
        ("a\x1b[31mred\n", "a\\x1b[31mred\\n"),
        ("\udcff", "\\udcff"),
        ("[bold]x[/]", "[bold]x[/]"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0:00:00.0"),
        (59.94, "0:00:59.9"),
        (59.96, "0:01:00.0"),
        (3599.99, "1:00:00.0"),
        (3661.5, "1:01:01.5"),
        (360_000.0, "100:00:00.0"),
        (-1.5, "-0:00:01.5"),
        (-0.01, "0:00:00.0"),
    ],
)
def test_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, "0.0 s"), (59.0, "59.0 s"), (90.0, "1.5 min"), (5400.0, "1.5 h")]
)
def test_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_listed() -> None:
    assert listed(["a", "b"], most=2) == "a, b"
    assert listed(["a", "b", "c"], most=2) == "a, b, +1 more"


def test_pipe_has_no_edge_and_names_no_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    line = "name " * 100 + "[red]:smile:"
    screen().print(line)
    assert capsys.readouterr().out == line + "\n"


def test_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    screen(errors=True).print("x")
    assert tuple(capsys.readouterr()) == ("", "x\n")
