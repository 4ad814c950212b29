"""Pairs of videos that a person has labelled."""

import csv
from dataclasses import dataclass
from pathlib import Path

from vdup.errors import ConfigError
from vdup.regular_file import open_regular_text

COLUMNS = ("video_a", "video_b", "duplicate")
_YES, _NO = ("1", "yes", "true"), ("0", "no", "false")


@dataclass(frozen=True)
class LabelledPair:
    """A line of the file."""

    first: str
    second: str
    is_duplicate: bool
    where: str = "labelled pairs"
    """File and line, for messages."""


def read_pairs(path: Path) -> list[LabelledPair]:
    """Reads a CSV file with the columns ``video_a``, ``video_b`` and ``duplicate`` (1 or 0, yes or no).

    Raises:
        ConfigError: it cannot be read, lacks a column, or holds another word.
    """
    try:
        with open_regular_text(path, newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read as CSV: {error}") from error
    pairs = []
    for number, row in enumerate(rows, start=2):
        if any(row.get(name) is None for name in COLUMNS):
            raise ConfigError(f"{path}, line {number}: the columns {', '.join(COLUMNS)} are needed")
        word = row["duplicate"].strip().lower()
        if word not in (*_YES, *_NO):
            raise ConfigError(f"{path}, line {number}: duplicate is {row['duplicate']!r}; write 1 or 0")
        pairs.append(LabelledPair(row["video_a"], row["video_b"], word in _YES, f"{path}, line {number}"))
    if not any(pair.is_duplicate for pair in pairs):
        raise ConfigError(f"{path} names no duplicates")
    return pairs
