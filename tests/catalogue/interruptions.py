"""Stops an operation on a library at each of its steps, by a signal or by an exception.

As a command, ``python interruptions.py TEMPLATE TARGET OPERATION``: for n = 1, 2, ... copies the library TEMPLATE to
TARGET/n and runs the operation there in a process that kills itself at the n-th step, until one is not killed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from catalogue.samples import add, open_library

from vdup.catalogue.catalogue import Catalogue
from vdup.catalogue.folder import LibraryFolder


def make_template(folder: Path) -> None:
    """Videos b (rows 4-6) and a (7-11) are alive; the rows of the first a are dead."""
    with open_library(folder) as library:
        add(library, "a", 4, seed=1)
        add(library, "b", 3, seed=2)
        add(library, "a", 5, seed=3, representatives=np.array([5, -1, 8, -1, 10]))


OPERATIONS: dict[str, Callable[[LibraryFolder], object]] = {
    "add": lambda library: add(library, "c", 6, seed=5),
    "replace": lambda library: add(library, "a", 2, seed=6),
    "remove": lambda library: library.remove(["a"]),
    "compact": lambda library: library.compact(),
}


@contextmanager
def stopped_at(nth: int, stop: Callable[[], None]) -> Iterator[None]:
    """Calls ``stop`` at the n-th step: before a system call, in the middle of a write, on either side of a change."""
    steps = 0

    def step() -> bool:
        nonlocal steps
        steps += 1
        return steps == nth

    def before(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            if step():
                stop()
            return call(*arguments, **options)

        return run

    real_write, real_run = os.write, Catalogue._run

    def run_statement(catalogue: Catalogue, statement: str, *values: Any) -> Any:
        changes = statement.startswith(("BEGIN", "COMMIT", "INSERT", "DELETE", "UPDATE"))
        if changes and step():
            stop()
        result = real_run(catalogue, statement, *values)
        if statement.startswith(("BEGIN", "COMMIT")) and step():
            stop()
        return result

    def write(descriptor: int, data: memoryview) -> int:
        if step():
            real_write(descriptor, data[: len(data) // 2])
            stop()
        return real_write(descriptor, data)

    with (
        patch.object(os, "write", write),
        patch.object(os, "fsync", before(os.fsync)),
        patch.object(os, "ftruncate", before(os.ftruncate)),
        patch.object(Path, "unlink", before(Path.unlink)),
        patch.object(Catalogue, "_run", run_statement),
    ):
        yield


def _kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _main(template: Path, target: Path, operation: str) -> None:
    for nth in count(1):
        folder = target / str(nth)
        shutil.copytree(template, folder)
        child = os.fork()
        if child == 0:
            library = open_library(folder)
            with stopped_at(nth, _kill_self):
                OPERATIONS[operation](library)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise SystemExit(f"step {nth} ended with status {status}")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
