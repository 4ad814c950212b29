"""What was compared so far, on disk, so that a run that was cut off goes on where it was.

A file of JSON lines, one for each step of the work. Its name is a digest of all that the results depend on: data set,
files of the videos, pairs and settings of the method. With anything changed, another file is begun.
"""

import hashlib
import json
import logging
import math
import os
from collections.abc import Iterable
from dataclasses import astuple, fields, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from vdup.errors import OutputError
from vdup.matchers.base import Box, Comparison
from vdup.protocols.plan import Comparisons, Plan

logger = logging.getLogger(__name__)


def fingerprint(plan: Plan, *settings: object) -> str:
    """Digest of a plan and the settings of a method.

    Args:
        plan: what is compared; a video counts by its path, size and time of change.
        settings: dataclasses; a path among their values counts as the videos do.
    """
    digest = hashlib.sha256()
    for excerpts in (plan.queries, plan.references):
        for excerpt in excerpts:
            digest.update(repr((excerpt.video.id, _stamp(excerpt.video.path), excerpt.span_seconds)).encode())
        digest.update(b"|")
    digest.update(np.ascontiguousarray(plan.pairs).tobytes() + repr(plan.inside).encode())
    for setting in settings:
        digest.update(repr(list(_values(setting))).encode(errors="backslashreplace"))
    return digest.hexdigest()[:20]


def _values(value: object) -> Iterable[object]:
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for field in fields(value):
            yield field.name, list(_values(getattr(value, field.name)))
    else:
        yield _stamp(value) if isinstance(value, Path) else value


def _stamp(path: Path | None) -> tuple[str, int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return str(path), -1, -1
    return os.path.realpath(path), status.st_size, status.st_mtime_ns


class Journal:
    """The file. Use :meth:`read` first, then a ``with`` block around :meth:`write`."""

    def __init__(self, path: Path) -> None:
        """Names the file; nothing is written yet."""
        self._path = path
        self._file: IO[str] | None = None
        self._told: set[str] = set()
        """Videos whose failure is in the file."""

    def read(self, results: Comparisons, steps: int) -> set[int]:
        """Fills in what is there; a last line that was cut off is taken off the file.

        Args:
            results: gets the comparisons.
            steps: how many steps the work has.

        Returns:
            Numbers of the steps that are done.
        """
        done: set[int] = set()
        if not self._path.exists():
            return done
        whole = 0
        with self._path.open("rb") as file:
            for line in file:
                try:
                    number = _take(line, results)
                except (ValueError, KeyError, TypeError, IndexError):
                    break
                if not 0 <= number < steps:
                    break
                done.add(number)
                whole += len(line)
        self._told.update(results.unreadable)
        if whole < self._path.stat().st_size:
            logger.warning("%s: the last entry is not whole and is made again", self._path)
            with self._path.open("r+b") as file:
                file.truncate(whole)
        return done

    def write(self, number: int, pairs: NDArray[np.int64], results: Comparisons) -> None:
        """Appends one step.

        Args:
            number: of the step.
            pairs: the pairs that it compared, [P].
            results: of all pairs.

        Raises:
            OutputError: the disk is full.
        """
        entry = {
            "step": number,
            "pairs": pairs.tolist(),
            "similarities": _numbers(results.similarities[pairs]),
            "offsets": _numbers(results.offsets_seconds[pairs]),
            "speeds": _numbers(results.speeds[pairs]),
            "boxes": {
                str(pair): [astuple(box) for box in results.boxes[pair]]
                for pair in pairs.tolist()
                if pair in results.boxes
            },
            "unreadable": {name: why for name, why in results.unreadable.items() if name not in self._told},
        }
        if self._file is None:
            raise ValueError("the journal is written inside a with block")
        self._told.update(results.unreadable)
        try:
            self._file.write(json.dumps(entry, allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"cannot write {self._path}: {error.strerror}; free some space or give work=DIR"
            ) from error

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}; give another work=DIR") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _take(line: bytes, results: Comparisons) -> int:
    """Fills in one line; returns its step."""
    if not line.endswith(b"\n"):
        raise ValueError("cut off")
    entry = json.loads(line)
    columns = zip(entry["pairs"], entry["similarities"], entry["offsets"], entry["speeds"], strict=True)
    for pair, similarity, offset, speed in columns:
        boxes = tuple(Box(*values) for values in entry["boxes"].get(str(pair), ()))
        results.put(pair, Comparison(math.nan if similarity is None else similarity, offset, speed, boxes))
    results.unreadable.update(entry["unreadable"])
    return int(entry["step"])


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
