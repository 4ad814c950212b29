import math
from pathlib import Path

import pytest

from vdup.datasets.annotation_file import csv_rows, number, numbered_lines, read_json, whole_number
from vdup.errors import ConfigError


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_have_their_places_whatever_the_line_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(f"\ufeffone line{end}{end}  two {end}three".encode())
    assert list(numbered_lines(path)) == [(f"{path}:1", "one line"), (f"{path}:3", "two"), (f"{path}:4", "three")]


def test_text_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("café".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"list\.txt is not a text file in the expected encoding"):
        list(numbered_lines(path))
    assert list(numbered_lines(path, "latin-1")) == [(f"{path}:1", "café")]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for read in (numbered_lines, lambda path: csv_rows(path, ("a",))):
        with pytest.raises(ConfigError, match=r"absent cannot be read: No such file"):
            list(read(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=r"absent cannot be read"):
        read_json(tmp_path / "absent")
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory"):
        read_json(tmp_path)


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": [1, 2.5], "b": {"a": "é"}}', encoding="utf-8")
    assert read_json(path) == {"a": [1, 2.5], "b": {"a": "é"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n"b": }', r"a\.json:2: no valid JSON"),
        ("", r"a\.json:1: no valid JSON"),
        ('{"b": 0, "a": {"x": 1, "y": 2, "x": 3}}', r"a\.json: the key 'x' stands twice"),
        ("[" * 100_000, r"a\.json: no annotations: the JSON is nested too deep"),
    ],
)
def test_broken_json(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read_json(path)


def test_numbers() -> None:
    assert number("here", "x", " -2.5e1") == -25.0
    assert whole_number("here", "x", "007") == 7
    for text in ("", "one", "1,5"):
        with pytest.raises(ConfigError, match=r"^here: x must be a number"):
            number("here", "x", text)
    for value in (math.inf, math.nan):
        with pytest.raises(ConfigError, match=r"^here: x must be finite"):
            number("here", "x", str(value))
    for text in ("", "-1", "1.0", "+1", "1_0", "²", "٣"):
        with pytest.raises(ConfigError, match=r"^here: x must be a whole number"):
            whole_number("here", "x", text)
