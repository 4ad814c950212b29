"""The file that matches are written to: checked before the work, written whole after it."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vdup.config import QueryJobConfig
from vdup.errors import ConfigError, OutputError
from vdup.report.csv_file import to_csv
from vdup.report.json_file import to_json, to_json_lines

if TYPE_CHECKING:  # the pipeline brings in torch, which wrong use must not wait for
    from vdup.pipeline.searcher import SearchResult

SUFFIXES = (".csv", ".json", ".jsonl")
"""Kinds of file that matches can be written to."""


def check_output(path: Path | None, suffixes: Sequence[str] = SUFFIXES, setting: str = "output") -> None:
    """Refuses a file that could not be written, before hours are spent on what should go in.

    Args:
        path: the file; none: there is nothing to write.
        suffixes: kinds of file that can be written, in lower case.
        setting: what the user calls it.

    Raises:
        ConfigError: of another kind, a folder, or in a place that may not be written to.
    """
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        one_of = "one of " if len(suffixes) > 1 else ""
        raise ConfigError(f"{setting}={path}: its name must end in {one_of}{', '.join(suffixes)}")
    if path.is_dir():
        raise ConfigError(f"{setting}={path} is a folder; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{setting}={path}: its folder cannot be made: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ConfigError(f"{setting}={path} cannot be written: permission denied")


def write_matches(path: Path, results: Sequence["SearchResult"], config: QueryJobConfig, fingerprint: str) -> None:
    """Writes the matches in the form that the file's suffix names.

    Raises:
        OutputError: the disk is full, or the file cannot be written; an older file of that name is untouched.
    """
    match path.suffix.lower():
        case ".csv":
            text = to_csv(results)
        case ".json":
            text = to_json(results, config, fingerprint)
        case _:
            text = to_json_lines(results, fingerprint)
    write_whole(path, text)


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file so that its name stands for the old contents or for all of the new ones.

    Bytes of file names that are no text are written as their escapes.

    Raises:
        OutputError: the disk is full, or the file cannot be written.
    """
    target = Path(os.path.realpath(path))  # behind a link, the file itself is replaced
    temporary = target.with_name(f".vdup-{os.getpid()}.tmp")
    try:
        try:
            data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another output=FILE"
        ) from error
