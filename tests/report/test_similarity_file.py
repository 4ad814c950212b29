import io
import json
from pathlib import Path

from rich.console import Console

from vdup.report.similarity_file import print_similarities, write_similarities


def test_form_of_the_file(tmp_path: Path) -> None:
    table = {"q\u00e4": {"b": 0.1 + 0.2, "a": -1.0}, "p": {}}
    write_similarities(tmp_path / "s.json", table)
    found = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert found == table
    assert list(found) == ["q\u00e4", "p"]
    assert list(found["q\u00e4"]) == ["b", "a"]


def test_what_is_printed() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=200, markup=False, highlight=False)
    unreadable = {f"bad{number}\x1b": "no video" for number in range(22)}
    print_similarities({"q": {"a": 1.0, "b": 0.5}}, unreadable, Path("s.json"), console)
    lines = stream.getvalue().splitlines()
    assert lines[:3] == [
        "2 similarities of 1 query: s.json",
        "left out, as they could not be read:",
        "  bad0\\x1b: no video",
    ]
    assert lines[-1] == "  +2 more"
    stream.truncate(0)
    print_similarities({"q": {"a": 1.0}}, {}, Path("s.json"), console)
    assert "left out" not in stream.getvalue()
