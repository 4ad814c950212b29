"""What the frozen part of a network makes of all families, in files, so that an epoch costs only the trained part.

The folder holds

- ``inputs.npy``: float16 [N, 1 + V, ...], appended to family by family; its header gets N at the end,
- ``families.jsonl``: scene and edits of each family, a line each,
- ``state.json``: the key, how far the build came, and the lengths of the other two files at that point.

The state is replaced after the data of a block is safe on the disk. What lies behind the recorded lengths after a crash
is cut off, so the files of a build that was interrupted end up the same, byte for byte.
"""

import hashlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from vdup.errors import ConfigError, OutputError

from .pictures import Family, FamilySource
from .workers import families_of

logger = logging.getLogger(__name__)

Compute = Callable[[NDArray[np.uint8]], NDArray[np.float16]]
"""Maps images, uint8 [M, S, S, 3], to what the trained part takes, float16 [M, ...]."""

Progress = Callable[[int, int], None]
"""Called with the number of photographs and videos done and of all."""

_INPUTS, _FAMILIES, _STATE, _LOCK = "inputs.npy", "families.jsonl", "state.json", "build.lock"
_FORMAT = 1
_BLOCK_PARTS = 8
"""Parts after which the state is written. A call of ``compute`` never spans two blocks: with another batch the last
digit of a result may change, and a build that goes on must give what an unbroken one gives."""
_FAMILIES_AT_ONCE = 8
"""Most families in one call of ``compute``."""


@dataclass(frozen=True)
class ViewCache:
    """Inputs of the trained part for N families."""

    inputs: NDArray[np.float16]
    """[N, 1 + V, ...], memory-mapped and read-only; row 0 of a family is the original."""
    edits: tuple[tuple[str, ...], ...]
    """[N][1 + V], see :attr:`~.families.Family.edits`."""
    scenes: NDArray[np.int64]
    """[N], see :attr:`~.families.Family.scene`."""


@dataclass
class _State:
    format: int
    key: str
    parts_done: int = 0
    families: int = 0
    row_shape: tuple[int, ...] = ()
    """Shape of one family's inputs; empty until there is one."""
    families_bytes: int = 0
    complete: bool = False


def open_or_build_views(
    folder: Path,
    key: str,
    families: FamilySource,
    compute: Compute,
    progress: Progress | None = None,
    workers: int = 0,
) -> ViewCache:
    """Opens a cache, building it first or finishing an interrupted build.

    The pictures are made in worker processes while ``compute`` runs here. Another process that wants the same cache
    waits until it is built.

    Args:
        folder: of the cache; made when missing.
        key: digest of everything that shapes the results of ``compute``; the digest of ``families`` is added here.
        families: where the pictures come from.
        compute: see :data:`Compute`; at most 8 families a call.
        progress: told of every photograph or video, those of an interrupted build included.
        workers: processes that make pictures; 0 takes one less than there are processor cores, and one at least.

    Returns:
        The cache, without the photographs and videos that cannot be used.

    Raises:
        ConfigError: the folder holds a cache of another key or a damaged one, or nothing could be used.
        OutputError: the folder cannot be written.
        ValueError: ``compute`` gives another shape or type than promised, or values that are not finite.
        RuntimeError: see :func:`~.family_workers.families_of`.
    """
    full_key = hashlib.sha256(f"{key} {families.digest}".encode()).hexdigest()
    with _output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        state = _read_state(folder, full_key)
        if not state.complete:
            with _Build(folder, state) as build:
                build.run(families, compute, progress, workers)
    if state.families == 0:
        raise ConfigError(f"none of the {len(families)} photographs and videos can be used for training")
    return _open(folder, state)


class _Build:
    """Files of a cache that grows."""

    def __init__(self, folder: Path, state: _State) -> None:
        self._folder = folder
        self._state = state
        with _output_errors(folder):
            self._inputs: IO[bytes] = (folder / _INPUTS).open("ab")
            self._lines: IO[bytes] = (folder / _FAMILIES).open("ab")
            self._inputs.truncate(_inputs_bytes(state))
            self._lines.truncate(state.families_bytes)

    def __enter__(self) -> "_Build":
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._inputs, self._lines):
            with suppress(OSError):  # what is not on the disk yet is not recorded either
                file.close()

    def run(self, source: FamilySource, compute: Compute, progress: Progress | None, workers: int) -> None:
        total = len(source)
        waiting: list[Family] = []
        with closing(families_of(source, range(self._state.parts_done, total), workers=workers)) as parts:
            for number, families in parts:
                waiting += families
                ends_block = (number + 1) % _BLOCK_PARTS == 0 or number + 1 == total
                while len(waiting) >= _FAMILIES_AT_ONCE or (waiting and ends_block):
                    some = waiting[:_FAMILIES_AT_ONCE]
                    rows = self._compute(some, compute)
                    with _output_errors(self._folder):
                        self._append(some, rows)
                    del waiting[:_FAMILIES_AT_ONCE]
                if ends_block:
                    with _output_errors(self._folder):
                        self._checkpoint(number + 1)
                if progress is not None:
                    progress(number + 1, total)
        with _output_errors(self._folder):
            self._finish()

    def _compute(self, families: list[Family], compute: Compute) -> NDArray[np.float16]:
        images = np.concatenate([family.images for family in families])
        results = compute(images)
        if results.dtype != np.float16 or len(results) != len(images):
            raise ValueError(f"compute gave {results.dtype} {results.shape} for {len(images)} images, not float16 rows")
        if not np.isfinite(results).all():
            raise ValueError("compute gave values that are not finite in half precision")
        rows = np.ascontiguousarray(results).reshape(len(families), -1, *results.shape[1:])
        if self._state.row_shape not in ((), rows.shape[1:]):
            raise ValueError(f"compute gave {rows.shape[1:]} for a family, earlier {self._state.row_shape}")
        return rows

    def _append(self, families: list[Family], rows: NDArray[np.float16]) -> None:
        state = self._state
        if not state.row_shape:
            state.row_shape = rows.shape[1:]
            self._inputs.write(_header(state))
        self._inputs.write(rows.data)
        lines = (json.dumps({"scene": family.scene, "edits": family.edits}) + "\n" for family in families)
        text = "".join(lines).encode()
        self._lines.write(text)
        state.families += len(families)
        state.families_bytes += len(text)

    def _checkpoint(self, parts_done: int) -> None:
        for file in (self._inputs, self._lines):
            file.flush()
            os.fsync(file.fileno())
        self._state.parts_done = parts_done
        _write_state(self._folder, self._state)

    def _finish(self) -> None:
        if self._state.row_shape:
            # A file that is open for appending can be written at its end only.
            with (self._folder / _INPUTS).open("r+b") as file:
                file.write(_header(self._state))
                file.flush()
                os.fsync(file.fileno())
        self._state.complete = True
        _write_state(self._folder, self._state)


def _header(state: _State) -> bytes:
    """NumPy leaves room for a first axis of any length, so all headers of a file are equally long."""
    buffer = io.BytesIO()
    shape = (state.families, *state.row_shape)
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f2", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def _inputs_bytes(state: _State) -> int:
    if not state.row_shape:
        return 0
    return len(_header(state)) + state.families * int(np.prod(state.row_shape)) * np.dtype(np.float16).itemsize


def _open(folder: Path, state: _State) -> ViewCache:
    try:
        inputs = np.load(folder / _INPUTS, mmap_mode="r", allow_pickle=False)
        lines = [json.loads(line) for line in (folder / _FAMILIES).read_text().splitlines()]
        edits = tuple(tuple(line["edits"]) for line in lines)
        scenes = np.array([line["scene"] for line in lines], dtype=np.int64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, str(error)) from error
    if inputs.dtype != np.float16 or inputs.shape != (state.families, *state.row_shape) or len(lines) != len(inputs):
        raise _damaged(folder, f"{_INPUTS} of shape {inputs.shape} and {_FAMILIES} do not fit {_STATE}")
    return ViewCache(inputs, edits, scenes)


def _read_state(folder: Path, key: str) -> _State:
    path = folder / _STATE
    if not path.exists():
        return _State(_FORMAT, key)
    try:
        stored = json.loads(path.read_text())
        state = _State(**stored | {"row_shape": tuple(stored["row_shape"])})
        sizes = [(folder / name).stat().st_size for name in (_INPUTS, _FAMILIES)]
        if _inputs_bytes(state) > sizes[0] or state.families_bytes > sizes[1]:
            raise ValueError("a file is shorter than recorded")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, str(error)) from error
    if state.format != _FORMAT or state.key != key:
        raise ConfigError(
            f"{folder} holds training pictures that were made from other files or with other settings; "
            "name another folder or remove this one"
        )
    return state


def _write_state(folder: Path, state: _State) -> None:
    new = folder / (_STATE + ".new")
    with new.open("w") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / _STATE)


def _damaged(folder: Path, reason: str) -> ConfigError:
    return ConfigError(f"the training pictures kept in {folder} are damaged ({reason}); remove that folder")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process builds; the system frees the lock of one that is killed."""
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("another process is making the training pictures in %s; waiting for it", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _output_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write the training pictures to {folder}: {error.strerror or error}; make room there or name "
            "another folder, the same command then goes on where it stopped"
        ) from error
