"""What the self-join of a library has found so far, kept in the library folder.

One line of JSON a video, ``self-join.jsonl``, under a line that says for which settings. An interrupted join goes on
from it, and after new videos were added only these are searched for: an old video meets a new one when the new one is
searched for.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from vdup.catalogue.durable import library_errors
from vdup.grouping.overlap import Shared
from vdup.library_files import is_there, open_file, read_file

FILE_NAME = "self-join.jsonl"

Found = Mapping[int, Sequence[Shared]]
"""Number of another video -> stretches shared with it."""


class Journal:
    """Results by the number of the video that was searched for. Use it in a ``with`` block."""

    def __init__(self, library: Path, key: str) -> None:
        """Opens the journal; results of other settings are dropped.

        Args:
            library: folder of the library.
            key: stands for everything that shapes the results.

        Raises:
            LibraryError: the file cannot be read or written, or is a link.
        """
        self._path = library / FILE_NAME
        self.found: dict[int, Found] = {}
        with library_errors(self._path, "read"):
            lines = read_file(self._path).splitlines() if is_there(self._path) else []
        header = json.dumps({"schema_version": 3, "key": key}).encode()
        usable = lines[1:] if lines[:1] == [header] else []
        for line in usable:
            try:
                number, found = _parse(line)
            except (ValueError, TypeError, KeyError):
                break  # the line at which an earlier run was killed; what follows is searched for again
            self.found[number] = found
        # Written anew, so that no torn line stays in the middle.
        with library_errors(self._path, "write"):
            self._file = os.fdopen(open_file(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb")
            self._write(header)
            for number, found in self.found.items():
                self._write(_line(number, found))
            self._file.flush()

    def add(self, number: int, found: Found) -> None:
        """Keeps the result of one video.

        Raises:
            LibraryError: the file cannot be written.
        """
        self.found[number] = found
        with library_errors(self._path, "write"):
            self._write(_line(number, found))
            self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        with library_errors(self._path, "write"):
            self._file.close()

    def _write(self, line: bytes) -> None:
        self._file.write(line + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line(number: int, found: Found) -> bytes:
    rows = {
        str(other): [
            [*item.first_seconds, *item.second_seconds, item.score, item.distance_bits, item.unlike_seconds]
            for item in shared
        ]
        for other, shared in found.items()
    }
    return json.dumps({"video": number, "found": rows}, separators=(",", ":")).encode()


def _parse(line: bytes) -> tuple[int, Found]:
    document = json.loads(line)
    found = {
        int(other): [
            Shared((float(a), float(b)), (float(c), float(d)), float(score), float(distance_bits), float(unlike))
            for a, b, c, d, score, distance_bits, unlike in rows
        ]
        for other, rows in document["found"].items()
    }
    return int(document["video"]), found
