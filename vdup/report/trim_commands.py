"""The ffmpeg commands that cut two recordings into step, as lines for a shell."""

import shlex
import unicodedata
from pathlib import Path

from vdup.temporal.recordings import Alignment, Span

_LEAST_TEMPO = 0.5
_GREATEST_TEMPO = 2.0
"""ffmpeg's ``atempo`` sounds well between these; more is reached in several steps."""


def trim_commands(a: Path, b: Path, alignment: Alignment) -> tuple[str, str]:
    """Commands that cut the overlap out of both files, b brought to the speed of a.

    Both are encoded anew, as a cut at a frame that is no key frame needs. The results are NAME-a.mp4 and NAME-b.mp4 in
    the present folder, in step from their first frame on.

    Args:
        a: the recording whose clock is kept.
        b: the recording that is brought to it.
        alignment: how b lies on a.
    """
    return (
        _command(a, alignment.overlap_in_a, 1.0, "a"),
        _command(b, alignment.overlap_in_b, alignment.speed, "b"),
    )


def shell_word(text: str) -> str:
    r"""The text as one word of a POSIX shell; control characters and odd bytes as ``$'\x1b'``, which bash and zsh know.

    A name with a line feed or an escape in it must neither break the line nor steer the terminal.
    """
    if all(unicodedata.category(character) not in ("Cc", "Cs") for character in text):
        return shlex.quote(text)
    # Every byte is spelled in full: after \x41, a plain "b" would be read as a third digit by some shells.
    return "$'" + "".join(f"\\x{byte:02x}" for byte in text.encode(errors="surrogateescape")) + "'"


def _command(video: Path, span: Span, speed: float, side: str) -> str:
    words = ["ffmpeg", "-ss", f"{span.start_seconds:.3f}", "-t", f"{span.end_seconds - span.start_seconds:.3f}"]
    words += ["-i", _file_name(str(video))]
    if speed != 1.0:
        words += ["-filter:v", f"setpts={speed:.6f}*PTS", "-filter:a", _tempo(1.0 / speed)]
    words.append(_file_name(f"{video.stem}-{side}.mp4"))
    return " ".join(map(shell_word, words))


def _file_name(name: str) -> str:
    """What ffmpeg opens: it takes a name with a colon for a protocol and one with a dash in front for an option."""
    return f"file:{name}" if ":" in name or name.startswith("-") else name


def _tempo(tempo: float) -> str:
    steps = []
    while not _LEAST_TEMPO <= tempo <= _GREATEST_TEMPO:
        step = _LEAST_TEMPO if tempo < _LEAST_TEMPO else _GREATEST_TEMPO
        steps.append(step)
        tempo /= step
    return ",".join(f"atempo={step:.6f}" for step in [*steps, tempo])
