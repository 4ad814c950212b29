"""Names of files on the screen, and the screen itself."""

import sys
import unicodedata

from rich.console import Console

_NO_LIMIT = 100_000
"""Columns of output that is not a terminal: a pipe or a file has no edge to wrap at."""


def printable(text: str) -> str:
    r"""The text with control characters written out, such as ``\x1b``: a file's name must not steer the terminal."""
    return "".join(
        character if unicodedata.category(character) not in ("Cc", "Cs") else ascii(character)[1:-1]
        for character in text
    )


def screen(*, errors: bool = False) -> Console:
    """Stdout, or stderr; plain text in lines of any length when it is not a terminal.

    Brackets and numbers in names are printed as they are, without rich's own markup and colours.
    """
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() else _NO_LIMIT
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def listed(names: list[str], most: int = 20) -> str:
    """The first names, with commas, and how many more there are."""
    shown = ", ".join(printable(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown}, +{len(names) - most} more"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 video``, ``2 videos``; ``many`` where an s will not do."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss.s``."""
    tenths = round(seconds * 10)
    sign, tenths = ("-", -tenths) if tenths < 0 else ("", tenths)
    return f"{sign}{tenths // 36_000}:{tenths // 600 % 60:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def duration(seconds: float) -> str:
    """A length of time for reading: ``12.3 s``, ``4.5 min`` or ``6.7 h``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
