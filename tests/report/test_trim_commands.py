import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from alignment_factory import make_alignment

from vdup.report.trim_commands import shell_word, trim_commands
from vdup.temporal.recordings import Span


def test_equal_speeds() -> None:
    assert trim_commands(Path("films/a.mp4"), Path("b.mov"), make_alignment()) == (
        "ffmpeg -ss 12.500 -t 30.000 -i films/a.mp4 a-a.mp4",
        "ffmpeg -ss 0.000 -t 30.000 -i b.mov b-b.mp4",
    )


@pytest.mark.parametrize("speed", [25 / 24, 2.0, 0.5, 8.0, 0.1])
def test_b_is_brought_to_the_speed_of_a(speed: float) -> None:
    alignment = make_alignment(speed=speed, overlap_in_a=Span(1, 31), overlap_in_b=Span(4, 4 + 30 / speed))
    first, second = (shlex.split(command) for command in trim_commands(Path("a.mp4"), Path("b.mp4"), alignment))
    assert "-filter:v" not in first
    stretch = re.fullmatch(r"setpts=([0-9.]+)\*PTS", second[second.index("-filter:v") + 1])
    assert stretch is not None
    assert float(stretch[1]) == pytest.approx(speed, abs=1e-6)
    assert float(second[second.index("-t") + 1]) * float(stretch[1]) == pytest.approx(30, abs=0.01)
    tempo = 1.0
    for step in second[second.index("-filter:a") + 1].split(","):
        value = float(step.removeprefix("atempo="))
        assert 0.5 <= value <= 2.0
        tempo *= value
    assert tempo == pytest.approx(1 / speed, rel=1e-4)


@pytest.mark.parametrize("name", ["my film.mp4", "it's.mp4", "$(rm x);`y`.mp4", 'a"b.mp4', "naïve.mp4", "*?.mp4"])
def test_names_are_one_word(name: str) -> None:
    first, _ = trim_commands(Path(name), Path("b.mp4"), make_alignment())
    words = shlex.split(first)
    assert words[words.index("-i") + 1] == name
    assert words[-1] == f"{Path(name).stem}-a.mp4"


@pytest.mark.parametrize("name", ["-y.mp4", "concat:x.mp4"])
def test_names_are_not_taken_for_options_or_protocols(name: str) -> None:
    words = shlex.split(trim_commands(Path("a.mp4"), Path(name), make_alignment())[1])
    assert words[words.index("-i") + 1] == f"file:{name}"
    assert words[-1] == f"file:{Path(name).stem}-b.mp4"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "odd\udcff byte", "quote'and\ttab", "é\n"])
def test_control_characters_reach_the_program_and_not_the_terminal(text: str) -> None:
    word = shell_word(text)
    assert word.isprintable()
    assert word.isascii()
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert done.stdout == text.encode(errors="surrogateescape")
