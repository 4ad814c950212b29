"""Time and size of the embedded store of descriptors.

::

    python -m benchmarks.descriptors rows=1000,10000,100000

Descriptors are random unit vectors, ten to a video. Each line is a store of its own, made in a temporary folder; the
time of an insertion includes the flush after every hundred videos. Queries are asked one at a time for ten hits.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from vdup.store.base import Descriptors
from vdup.store.edge import EdgeVideoStore
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS
from vdup.types import FloatArray

_ROWS_OF_VIDEO = 10
_VIDEOS_AT_ONCE = 100
_QUERIES = 200
_LIMIT = 10
_USAGE = "usage: python -m benchmarks.descriptors rows=N[,N...]"


@dataclass(frozen=True)
class Measurement:
    """One line of the table."""

    insert_seconds: float
    query_milliseconds: tuple[float, float]
    disk_bytes: int
    reopen_seconds: float


def _vectors(rng: np.random.Generator, rows: int) -> FloatArray:
    return rng.standard_normal((rows, DESCRIPTOR_DIMENSIONS), dtype=np.float32)


def _insert(store: EdgeVideoStore, rng: np.random.Generator, rows: int) -> float:
    """Fills the store; returns the seconds that the store took."""
    seconds = 0.0
    videos = -(-rows // _ROWS_OF_VIDEO)
    for first in range(0, videos, _VIDEOS_AT_ONCE):
        items = []
        for number in range(first, min(first + _VIDEOS_AT_ONCE, videos)):
            count = min(_ROWS_OF_VIDEO, rows - number * _ROWS_OF_VIDEO)
            starts = np.array([10.0 * row for row in range(count)])
            items.append(Descriptors(number, starts, starts + 20.0, _vectors(rng, count)))
        started = time.perf_counter()
        store.upsert(items)
        seconds += time.perf_counter() - started
    return seconds


def _query(store: EdgeVideoStore, rng: np.random.Generator) -> tuple[float, float]:
    """Median and 99th percentile of the time of one query, in milliseconds."""
    times = []
    for query in _vectors(rng, _QUERIES):
        started = time.perf_counter()
        store.search(query[None], _LIMIT)
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def _disk_bytes(folder: Path) -> int:
    """Space taken on the disk; the engine's files are longer than what is written in them."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


def measure(rows: int) -> Measurement:
    """Fills a new store with ``rows`` descriptors, asks it, closes it and opens it again."""
    rng = np.random.default_rng(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        with EdgeVideoStore(folder, DESCRIPTOR_DIMENSIONS) as store:
            insert_seconds = _insert(store, rng, rows)
            query_milliseconds = _query(store, rng)
        disk_bytes = _disk_bytes(folder)
        started = time.perf_counter()
        with EdgeVideoStore(folder, DESCRIPTOR_DIMENSIONS) as store:
            reopen_seconds = time.perf_counter() - started
            if store.count() != rows:
                raise RuntimeError(f"{store.count()} descriptors are left of {rows}")
    return Measurement(insert_seconds, query_milliseconds, disk_bytes, reopen_seconds)


def _sizes(arguments: list[str]) -> list[int]:
    if len(arguments) != 1 or not arguments[0].startswith("rows="):
        raise SystemExit(_USAGE)
    try:
        sizes = [int(size) for size in arguments[0].removeprefix("rows=").split(",")]
    except ValueError:
        raise SystemExit(_USAGE) from None
    if min(sizes) < 1:
        raise SystemExit(_USAGE)
    return sizes


def main() -> None:
    """Runs the command."""
    sizes = _sizes(sys.argv[1:])
    table = Table(title=f"Embedded store, {DESCRIPTOR_DIMENSIONS} dimensions, {_LIMIT} hits")
    for column in ("rows", "insert s", "query ms p50", "p99", "disk MB", "reopen s"):
        table.add_column(column, justify="right")
    for rows in sizes:
        result = measure(rows)
        median, slow = result.query_milliseconds
        table.add_row(
            f"{rows:,}",
            f"{result.insert_seconds:.2f}",
            f"{median:.2f}",
            f"{slow:.2f}",
            f"{result.disk_bytes / 1e6:.1f}",
            f"{result.reopen_seconds:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
