"""Reading the files in which publishers give annotations: lines with their place, CSV rows, JSON.

All text is taken with or without a byte order mark and with the line ends of any system. Whatever is wrong is told with
the file and, where there is one, the line.
"""

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vdup.errors import ConfigError
from vdup.regular_file import open_regular_text

Row = dict[str, str]


def numbered_lines(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[str, str]]:
    """Yields the lines that are not blank, each with its place.

    Args:
        path: text file.
        encoding: the default is UTF-8, a byte order mark left out.

    Yields:
        Place as ``file:line``, and the line without white space at either end.

    Raises:
        ConfigError: the file cannot be read.
    """
    with reading(path, "a text file"), open_regular_text(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if text := line.strip():
                yield f"{path}:{number}", text


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yields the rows of a CSV file with a header, each with its place.

    Args:
        path: CSV file in UTF-8.
        columns: names that the header must have; it may have more, in any order.

    Yields:
        Place as ``file:line``, and the row by column; a column that a short row lacks is empty.

    Raises:
        ConfigError: the file cannot be read or lacks a column.
    """
    with reading(path, "a CSV file"), open_regular_text(path, "utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="", restval="", strict=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{path}:1: no column {', '.join(missing)}; the header must name {', '.join(columns)}")
        for row in reader:
            yield f"{path}:{reader.line_num}", row


def cell(place: str, row: Row, column: str) -> str:
    """A cell that must not be empty.

    Raises:
        ConfigError: it is empty.
    """
    value = row[column].strip()
    if not value:
        raise ConfigError(f"{place}: {column} is empty")
    return value


def number(place: str, name: str, text: str) -> float:
    """A finite number.

    Args:
        place: where it stands, for the message.
        name: what it is, for the message.
        text: the number as written.

    Raises:
        ConfigError: it is none, or not finite.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(f"{place}: {name} must be a number, got {text!r}") from error
    if not math.isfinite(value):
        raise ConfigError(f"{place}: {name} must be finite, got {text!r}")
    return value


def whole_number(place: str, name: str, text: str) -> int:
    """A whole number that is not negative, written in digits alone.

    Raises:
        ConfigError: it is none.
    """
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(f"{place}: {name} must be a whole number, got {text!r}")
    return int(text)


def read_json(path: Path) -> Any:
    """Reads a JSON file; a key that an object has twice is an error, since one of the values would be lost.

    Raises:
        ConfigError: the file cannot be read, is no JSON, or an object has a key twice.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise ConfigError(f"{path}: the key {twice!r} stands twice in one object")
        return made

    with reading(path, "a JSON file"), open_regular_text(path, "utf-8-sig") as file:
        try:
            return json.load(file, object_pairs_hook=unique)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path}:{error.lineno}: no valid JSON: {error.msg}") from error
        except RecursionError as error:
            raise ConfigError(f"{path}: no annotations: the JSON is nested too deep") from error


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns errors of the file system and of decoding into ConfigError.

    Args:
        path: the file that is read.
        kind: what it should be, with its article.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} is not {kind} in the expected encoding: {error}") from error
