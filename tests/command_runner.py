"""Runs a command of vdup inside the test's own process."""

import io
import logging
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str


def run_command(main: Callable[[], None], folder: Path, *words: str) -> CommandResult:
    """Calls ``main`` as if the words had been typed in ``folder``; leaves the process as it was."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr("sys.argv", ["vdup", *words])
        patch.setenv("HYDRA_FULL_ERROR", "0")
        patch.setattr(logging, "raiseExceptions", True)
        try:
            with pytest.raises(SystemExit) as left:
                main()
        finally:
            for handler in set(root.handlers) - set(handlers):
                handler.close()
            root.handlers[:] = handlers
            root.setLevel(level)
    code = left.value.code
    assert isinstance(code, int)
    return CommandResult(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
