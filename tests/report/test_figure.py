import csv
import logging
import sys
from pathlib import Path
from typing import Never

import pytest

from vdup.errors import OutputError
from vdup.report import figure
from vdup.report.figure import can_draw, save_plot, to_csv, to_png


def nothing(_: object) -> None:
    pass


def unwanted(_: object) -> Never:
    raise AssertionError("drawn without the package")


def test_table() -> None:
    text = to_csv(("name", "value"), [["a, b", 0.1], ["c", None]])
    assert list(csv.reader(text.splitlines())) == [["name", "value"], ["a, b", "0.1"], ["c", ""]]


def test_picture_has_its_size() -> None:
    pytest.importorskip("matplotlib")
    picture = to_png(nothing, width_inches=4, height_inches=2)
    assert picture.startswith(b"\x89PNG")
    assert [int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)] == [480, 240]


def test_picture_and_numbers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "new" / "a.b.png"
    assert save_plot(target, ("x",), [[1]], nothing) == [target, tmp_path / "new" / "a.b.csv"]
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.with_suffix(".csv").read_text() == "x\n1\n"


def test_without_matplotlib_the_numbers_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert not can_draw()
    with caplog.at_level(logging.WARNING, figure.__name__):
        assert save_plot(tmp_path / "p.png", ("x",), [[1]], unwanted) == [tmp_path / "p.csv"]
    assert "p.png is not drawn: the package matplotlib is missing; install vdup[train]" in caplog.text


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.png"):
        save_plot(tmp_path / "p.svg", ("x",), [], nothing)
    assert not list(tmp_path.iterdir())


def test_place_that_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(OutputError, match=r"p\.csv"):
        save_plot(tmp_path / "p.png", ("x",), [], nothing)
