import io
import json
from pathlib import Path
from typing import Any

import pytest
from alignment_factory import make_alignment
from rich.console import Console

from vdup.config import AlignJobConfig
from vdup.report.alignment import is_found, print_alignment, write_alignment
from vdup.temporal.recordings import Alignment

A, B = Path("a.mp4"), Path("b.mp4")


def printed(alignment: Alignment | None, **settings: Any) -> str:
    text = io.StringIO()
    console = Console(file=text, width=1000, markup=False, highlight=False)
    print_alignment(alignment, AlignJobConfig(**{"a": A, "b": B, **settings}), console)
    return text.getvalue()


def test_found() -> None:
    text = printed(make_alignment(), output=Path("o.json"))
    assert "a is a.mp4, b is b.mp4" in text
    assert "b starts 12.500 s after a" in text
    assert "1, both alike" in text
    assert "0.97 (best rival 45% as strong)" in text
    assert "30.0 s: 0:00:12.5 - 0:00:42.5 of a, 0:00:00.0 - 0:00:30.0 of b" in text
    assert "score over offset, 0:00:00.0 to 0:00:25.0:\n █▃\n" in text
    assert "written to o.json" in text
    assert "ffmpeg" not in text


def test_before_and_faster() -> None:
    text = printed(make_alignment(offset_seconds=-3.25, speed=25 / 24))
    assert "b starts 3.250 s before a" in text
    assert "1.04167 (25/24): b plays faster than a" in text
    assert "0.90000: b plays slower than a" in printed(make_alignment(speed=0.9))


def test_commands_are_printed_when_asked_for() -> None:
    text = printed(make_alignment(), trim=True)
    assert "\nffmpeg -ss 12.500 -t 30.000 -i a.mp4 a-a.mp4\nffmpeg -ss 0.000 -t 30.000 -i b.mp4 b-b.mp4\n" in text


def test_unsure() -> None:
    text = printed(make_alignment(confidence=0.2), trim=True)
    assert "no alignment found: the best guess has the confidence 0.20, and threshold=0.5" in text
    assert "b starts 12.500 s after a" in text
    assert "no commands to trim with" in text
    assert "ffmpeg" not in text
    assert "no alignment" not in printed(make_alignment(confidence=0.2), threshold=0.1)


def test_nothing_to_compare() -> None:
    assert "no alignment found: nothing in the two can be compared" in printed(None, trim=True)


def test_names_do_not_steer_the_terminal() -> None:
    assert "\x1b" not in printed(make_alignment(), a=Path("\x1b[31m.mp4"), trim=True)


@pytest.mark.parametrize(("confidence", "found"), [(0.97, True), (0.5, True), (0.49, False), (None, False)])
def test_json(confidence: float | None, found: bool, tmp_path: Path) -> None:
    alignment = None if confidence is None else make_alignment(confidence=confidence)
    config = AlignJobConfig(a=A, b=B)
    assert is_found(alignment, config) is found
    write_alignment(tmp_path / "o.json", alignment, config)
    told = json.loads((tmp_path / "o.json").read_text())
    assert told["found"] is found
    assert (told["a"], told["b"], told["threshold"]) == ("a.mp4", "b.mp4", 0.5)
    assert len(told["trim_commands"]) == (2 if found else 0)
    if alignment is None:
        assert told["alignment"] is None
    else:
        assert told["alignment"] == {
            "offset_seconds": 12.5,
            "speed": 1.0,
            "confidence": confidence,
            "rivalry": 0.45,
            "likeness": 0.6,
            "overlap_in_a_seconds": [12.5, 42.5],
            "overlap_in_b_seconds": [0.0, 30.0],
        }
