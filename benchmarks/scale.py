"""A whole search in libraries of any size: time, memory, disk, and whether a planted copy is found.

::

    python -m benchmarks.scale rows=10000,100000,1000000 [kinds=flat,ivf,multihash] [flips=0.2]

A library of made-up codes (``lookup_codes.py``) in videos of 600 rows, one a second, is written by way of
``made_up_library.py``; its descriptors and index are made from these as in a real one. Queries last 30 s at two
frames a second: 5 s of their own, 20 s of a stored video with the share ``flips`` of bits turned over, 5 s of their
own. A frame half-way between two stored rows takes, where these differ, half of its bits from each. A mirrored track of
unrelated codes is searched for too, as real queries have one. Network and decoding are left out; the score model is the
one that ships with vdup.

Every kind of index is measured in a process of its own. "look-up" is frame index and descriptors, "following" the
alignment of the candidates that these give. "videos" counts queries whose best match is in the right video, "times"
those of them with all four ends within a second: made-up videos have long shots that hardly change, where a small
change of speed fits as well. "add" is one more video of 600 rows after decoding and network.
"""

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lookup_codes import flipped
from benchmarks.made_up_library import VIDEO_ROWS, Filled, add_codes, fill, open_library
from benchmarks.planted_copy import QUERY_FPS, SPARE_OF_QUERY, names_times, names_video, plant
from benchmarks.processes import ProcessMemory, disk_bytes, memory_of, run_apart
from vdup.align.calibration import Calibration, Evidence, load_calibration
from vdup.config import FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, LibraryConfig, MatcherConfig
from vdup.config import MultiHashIndexConfig as MultiHash
from vdup.pipeline.encoder import build_encoder
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import find_candidates, match_query

_KINDS: dict[str, FrameIndexConfig] = {"flat": FlatIndexConfig(), "ivf": IVFIndexConfig(), "multihash": MultiHash()}
_QUERIES = 9
"""Besides the first one after opening, which is told apart."""
_ADDED_VIDEOS = 5
_ADDED = "added-"
_BACKGROUND_CODES = 2000
_SPARE_CODES = _BACKGROUND_CODES + (_QUERIES + 1) * SPARE_OF_QUERY
_EVIDENCE = Evidence(bias=-1.0, distance=-25.0, background=23.0, lowest=-1.5, knee=4.0)
"""Fits made-up codes, which are nearer to one another than those of real videos."""

_USAGE = "usage: python -m benchmarks.scale rows=N[,N...] [kinds=NAME,...] [flips=0.2]"


@dataclass(frozen=True)
class Built:
    """What making the index took."""

    parameters: dict[str, int]
    seconds: float
    """From the stored codes to the saved file."""
    peak_bytes: int
    disk_bytes: int


@dataclass(frozen=True)
class Asked:
    """What searching took."""

    reopen_seconds: float
    first_seconds: float
    """The first query after opening, which also gathers what each indexed code stands for."""
    query_seconds: float
    """Median of the others, as the next two."""
    lookup_seconds: float
    candidates: float
    right_videos: int
    """Queries whose best match is in the right video."""
    right_times: int
    """Those of them with all four ends right."""
    add_seconds: float
    """Time to look up, store and take in one more video, decoding and network left out; median."""
    own_bytes: int
    peak_bytes: int


def build(path: Path, kind: str) -> Built:
    """Makes the index of one kind from the stored codes and saves it."""
    for saved in path.glob("frames-*.index"):
        saved.unlink()
    started = time.perf_counter()
    with open_library(path, _KINDS[kind]) as library:
        library.lookup.save()
        seconds = time.perf_counter() - started
        return Built(library.lookup.index.parameters, seconds, _memory().peak, disk_bytes(library.folder.index_path))


def ask(path: Path, spare: Path, kind: str, flips: float, bundled: Calibration) -> Asked:
    """Opens a library and searches it."""
    codes = np.load(spare)
    calibration = replace(bundled, background_codes=codes[:_BACKGROUND_CODES], evidence=_EVIDENCE)
    config = MatcherConfig()
    own = codes[_BACKGROUND_CODES:].reshape(_QUERIES + 1, SPARE_OF_QUERY, -1)
    whole: list[float] = []
    lookup: list[float] = []
    candidates: list[int] = []
    right_videos = right_times = 0
    started = time.perf_counter()
    with open_library(path, _KINDS[kind]) as library:
        reopen_seconds = time.perf_counter() - started
        videos = [video for video in library.videos() if video.row_count == VIDEO_ROWS]
        for number in range(_QUERIES + 1):
            record = videos[number * len(videos) // (_QUERIES + 1)]
            stored = library.folder.video_codes(record.number)
            planted = plant(stored, record.id, own[number], calibration.background, flips, number)
            started = time.perf_counter()
            matches = match_query(library, "query", (planted.straight, planted.mirrored), calibration, config)
            whole.append(time.perf_counter() - started)
            right_videos += names_video(matches, planted)
            right_times += names_times(matches, planted)
            started = time.perf_counter()
            tracks = (planted.straight, planted.mirrored)
            candidates.append(sum(len(find_candidates(library, track, config)) for track in tracks))
            lookup.append(time.perf_counter() - started)
        memory = _memory()
        add_seconds = [_time_to_add(library, number) for number in range(_ADDED_VIDEOS)]
        library.remove([video.id for video in library.videos() if video.id.startswith(_ADDED)])  # for the next kind
    return Asked(
        reopen_seconds,
        whole[0],
        statistics.median(whole[1:]),
        statistics.median(lookup[1:]),
        statistics.median(candidates[1:]),
        right_videos,
        right_times,
        statistics.median(add_seconds),
        memory.own,
        memory.peak,
    )


def _time_to_add(library: OpenLibrary, number: int) -> float:
    """Adds a changed copy of a stored video, as indexing does."""
    rng = np.random.default_rng(number)
    stored = library.folder.codes.codes[number * VIDEO_ROWS : (number + 1) * VIDEO_ROWS]
    codes = flipped(stored, 0.25, rng)
    started = time.perf_counter()
    record = add_codes(library, f"{_ADDED}{number}", codes)
    library.lookup.add(library.folder.rows_of(record))
    library.stretches.add(record.number)
    return time.perf_counter() - started


def _memory() -> ProcessMemory:
    memory = memory_of(os.getpid())
    if memory is None:
        raise RuntimeError("memory is read from /proc, which this system does not have")
    return memory


def _filled_table() -> Table:
    table = Table(title="Libraries of made-up codes")
    for heading in ("rows", "hours", "codes s", "descriptors", "descriptors s"):
        table.add_column(heading, justify="right")
    for heading in ("codes and rows", "descriptors", "catalogue"):
        table.add_column(f"{heading} kB/h", justify="right")
    return table


def _filled_cells(rows: int, filled: Filled) -> list[str]:
    hours = rows / 3600
    sizes = (filled.codes_bytes, filled.descriptors_bytes, filled.catalogue_bytes)
    return [
        f"{rows:,}",
        f"{hours:,.1f}",
        f"{filled.codes_seconds:.1f}",
        f"{filled.descriptors:,}",
        f"{filled.descriptors_seconds:.1f}",
        *(f"{size / 1e3 / hours:,.0f}" for size in sizes),
    ]


def _search_table(flips: float) -> Table:
    table = Table(title=f"Search for 30 s at {QUERY_FPS} frames a second, {flips:.0%} of the copy's bits flipped")
    table.add_column("rows", justify="right")
    table.add_column("kind")
    table.add_column("parameters", no_wrap=True)
    for heading in (
        "build s",
        "build peak MB",
        "index kB/h",
        "reopen s",
        "first query ms",
        "query ms",
        "look-up ms",
        "following ms",
        "candidates",
        "add ms",
        "own MB",
        "peak MB",
        "videos",
        "times",
    ):
        table.add_column(heading, justify="right")
    return table


def _search_cells(rows: int, kind: str, built: Built, asked: Asked) -> list[str]:
    shape = " ".join(f"{name}={value}" for name, value in built.parameters.items() if name != "planned_rows")
    return [
        f"{rows:,}",
        kind,
        shape,
        f"{built.seconds:.1f}",
        f"{built.peak_bytes / 1e6:,.0f}",
        f"{built.disk_bytes / 1e3 / (rows / 3600):,.0f}",
        f"{asked.reopen_seconds:.2f}",
        f"{1000 * asked.first_seconds:,.0f}",
        f"{1000 * asked.query_seconds:,.0f}",
        f"{1000 * asked.lookup_seconds:,.0f}",
        f"{1000 * (asked.query_seconds - asked.lookup_seconds):,.0f}",
        f"{asked.candidates:.0f}",
        f"{1000 * asked.add_seconds:,.0f}",
        f"{asked.own_bytes / 1e6:,.0f}",
        f"{asked.peak_bytes / 1e6:,.0f}",
        f"{asked.right_videos}/{_QUERIES + 1}",
        f"{asked.right_times}/{_QUERIES + 1}",
    ]


def main() -> None:
    """Runs the command."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do; the measuring processes inherit it
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    kinds = settings.get("kinds", ",".join(_KINDS)).split(",")
    try:
        sizes = [int(size) for size in settings["rows"].split(",")]
        flips = float(settings.get("flips", 0.2))
    except (KeyError, ValueError):
        sys.exit(_USAGE)
    if settings.keys() - {"rows", "kinds", "flips"} or set(kinds) - _KINDS.keys() or min(sizes) < VIDEO_ROWS:
        sys.exit(f"{_USAGE}\nrows are {VIDEO_ROWS} or more, kinds {', '.join(_KINDS)}")
    calibration = load_calibration(None, build_encoder(LibraryConfig()).codes_digest)
    filled_table, search_table = _filled_table(), _search_table(flips)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            path, spare = Path(name) / "library", Path(name) / "spare.npy"
            filled_table.add_row(*_filled_cells(rows, run_apart(fill, path, rows, spare, _SPARE_CODES)))
            for kind in kinds:
                # Fresh processes, or what one index took would hide in what another gave back.
                built = run_apart(build, path, kind)
                asked = run_apart(ask, path, spare, kind, flips, calibration)
                search_table.add_row(*_search_cells(rows, kind, built, asked))
    console = Console(width=220)
    console.print(filled_table)
    console.print(search_table)


if __name__ == "__main__":
    main()
