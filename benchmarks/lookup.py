"""Time, size and recall of the frame indexes.

::

    python -m benchmarks.lookup rows=10000,100000 [codes=FILE.npy] [change=0.25] [kinds=flat,ivf,multihash]

``codes`` is a file of real codes, uint8 [N, 128]; where more rows are wanted, copies with the share ``change`` of bits
flipped per minute are added. Without it codes are made up, see ``lookup_codes.py``. Each line is measured in a process
of its own. Queries are stored rows with each bit flipped at the given rate; a query counts as found when the nearest
row returned is as near as the nearest of all. Times are for 100 neighbours within 307 bits at 20 % flips.
"""

import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lookup_codes import flipped, made_up, stretched
from vdup.config import FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, MultiHashIndexConfig
from vdup.lookup.build import build_index, load_index

_CONFIGS: dict[str, FrameIndexConfig] = {
    "flat": FlatIndexConfig(),
    "ivf": IVFIndexConfig(),
    "multihash": MultiHashIndexConfig(),
    "multihash-exact-keys": MultiHashIndexConfig(flips=0),
}
_FLIP_RATES = (0.10, 0.20, 0.25)
_QUERIES = 200
_NEIGHBOURS = 100
_MAX_DISTANCE = 307
_USAGE = "usage: python -m benchmarks.lookup rows=N[,N...] [codes=FILE.npy] [change=0.25] [kinds=NAME,...]"


@dataclass(frozen=True)
class Measurement:
    """One line of the table."""

    parameters: dict[str, int]
    build_seconds: float
    load_seconds: float
    disk_bytes: int
    memory_bytes: int | None
    batch_seconds: float
    single_seconds: list[float]
    recall: list[float]


def main() -> None:
    """Measures every kind at every size."""
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    if "rows" not in settings or settings.keys() - {"rows", "codes", "change", "kinds"}:
        sys.exit(_USAGE)
    kinds = settings.get("kinds", ",".join(_CONFIGS)).split(",")
    if set(kinds) - _CONFIGS.keys():
        sys.exit(f"kinds are {', '.join(_CONFIGS)}\n{_USAGE}")
    table = Table(title=f"Frame look-up, {faiss.omp_get_max_threads()} threads")
    for heading in ("rows", "kind", "parameters", "build s", "load s", "disk B/row", "RAM B/row", "batch ms/query"):
        table.add_column(heading, justify="left" if heading in {"kind", "parameters"} else "right")
    for heading in ("single ms", "single p99 ms", *(f"found at {rate:.0%}" for rate in _FLIP_RATES)):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as name:
        for rows in (int(number) for number in settings["rows"].split(",")):
            path = Path(name) / f"{rows}.npy"
            _write_codes(path, rows, settings.get("codes"), float(settings.get("change", 0.25)))
            for kind in kinds:
                # A fresh process, or the memory that one index gave back would hide what the next one takes.
                with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                    measured = pool.submit(measure, kind, path).result()
                table.add_row(f"{rows:,}", kind, *_cells(measured, rows))
    Console(width=190).print(table)


def measure(kind: str, path: Path) -> Measurement:
    """Builds one index of the codes in a file and asks it."""
    codes = np.load(path, mmap_mode="r")
    rng = np.random.default_rng(1)
    row_ids = np.arange(len(codes), dtype=np.int64)
    chosen = np.sort(rng.choice(len(codes), size=min(_QUERIES, len(codes)), replace=False))
    queries = [flipped(codes[chosen], rate, rng) for rate in _FLIP_RATES]
    truths = [faiss.knn_hamming(part, codes, 1)[0][:, 0] for part in queries]
    memory_before = _own_memory_bytes()
    started = time.perf_counter()
    index = build_index(_CONFIGS[kind], row_ids, codes)
    build_seconds = time.perf_counter() - started
    memory_after = _own_memory_bytes()
    recall = []
    for part, truth in zip(queries, truths, strict=True):
        hits = index.search(part, 1, 1024)
        recall.append(
            float(np.mean(np.isin(np.arange(len(part)), hits.query_rows[hits.distances == truth[hits.query_rows]])))
        )
    started = time.perf_counter()
    index.search(queries[1], _NEIGHBOURS, _MAX_DISTANCE)
    batch_seconds = (time.perf_counter() - started) / len(chosen)
    single_seconds = []
    for number in range(len(chosen)):
        started = time.perf_counter()
        index.search(queries[1][number : number + 1], _NEIGHBOURS, _MAX_DISTANCE)
        single_seconds.append(time.perf_counter() - started)
    saved = path.with_name(f"{kind}.index")
    index.save(saved)
    started = time.perf_counter()
    load_index(saved)
    return Measurement(
        index.parameters,
        build_seconds,
        time.perf_counter() - started,
        saved.stat().st_size,
        None if memory_before is None or memory_after is None else memory_after - memory_before,
        batch_seconds,
        single_seconds,
        recall,
    )


def _cells(measured: Measurement, rows: int) -> list[str]:
    shape = " ".join(f"{name}={value}" for name, value in measured.parameters.items() if name != "planned_rows")
    memory = "-" if measured.memory_bytes is None else f"{measured.memory_bytes / rows:,.0f}"
    single = np.array(measured.single_seconds) * 1000
    return [
        shape,
        f"{measured.build_seconds:.2f}",
        f"{measured.load_seconds:.2f}",
        f"{measured.disk_bytes / rows:.0f}",
        memory,
        f"{measured.batch_seconds * 1000:.3f}",
        f"{np.median(single):.3f}",
        f"{np.quantile(single, 0.99):.3f}",
        *(f"{share:.3f}" for share in measured.recall),
    ]


def _write_codes(path: Path, rows: int, real: str | None, change: float) -> None:
    rng = np.random.default_rng(0)
    parts = made_up(rows, rng) if real is None else stretched(np.load(real, mmap_mode="r"), rows, change, rng)
    codes = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(rows, 128))
    first = 0
    for part in parts:
        codes[first : first + len(part)] = part
        first += len(part)
    codes.flush()


def _own_memory_bytes() -> int | None:
    """Memory that is this process' own, without mapped files; None where the system doesn't say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = [line for line in status.read_text().splitlines() if line.startswith("RssAnon")]
    return int(lines[0].split()[1]) * 1024 if lines else None


if __name__ == "__main__":
    main()
