"""A whole search in libraries of any size: time, memory, disk, and whether a planted copy is found.

::

    python -m benchmarks.scale rows=10000,100000,1000000 [kinds=flat,ivf,multihash] [flips=0.2]

A library of made-up codes (``lookup_codes.py``) in videos of 600 rows, one a second, is written with
``LibraryFolder.add_video``; its descriptors and index are made from these as in a real one. Queries last 30 s at two
frames a second: 5 s of their own, 20 s of a stored video with the share ``flips`` of bits turned over, 5 s of their
own. A frame half-way between two stored rows takes, where these differ, half of its bits from each. A mirrored track of
unrelated codes is searched for too, as real queries have one. Network and decoding are left out.

Every kind of index is measured in a process of its own. "look-up" is frame index and descriptors, "following" the
alignment of the candidates that these give. "found" counts queries whose best match is the right video with all four
ends within a second.
"""

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lookup_codes import flipped, made_up
from benchmarks.processes import ProcessMemory, disk_bytes, memory_of, run_apart
from vdup.align.calibration import Calibration, Evidence, ScoreModel
from vdup.align.matcher import QueryTrack
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp
from vdup.config import FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, LibraryConfig, MatcherConfig
from vdup.config import MultiHashIndexConfig as MultiHash
from vdup.pipeline.encoder import Encoder
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import find_candidates, match_query
from vdup.store.open import open_store
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS
from vdup.types import CodeArray, Match, RowArray, TimeArray, VideoCodes, VideoInfo

_KINDS: dict[str, FrameIndexConfig] = {"flat": FlatIndexConfig(), "ivf": IVFIndexConfig(), "multihash": MultiHash()}
_VIDEO_ROWS = 600
_QUERY_FPS = 2
_OWN_SECONDS = 5
_COPY_SECONDS = 20
_OWN_FRAMES = _OWN_SECONDS * _QUERY_FPS
_COPY_FRAMES = _COPY_SECONDS * _QUERY_FPS
_SPARE_OF_QUERY = 2 * (2 * _OWN_FRAMES) + _COPY_FRAMES
"""Codes that are not in the library: for the query's two ends, and for the whole of its mirrored track."""
_QUERIES = 9
"""Besides the first one after opening, which is told apart."""
_BACKGROUND_CODES = 2000
_USAGE = "usage: python -m benchmarks.scale rows=N[,N...] [kinds=NAME,...] [flips=0.2]"


@dataclass(frozen=True)
class PlantedCopy:
    """A query and where the copy in it comes from."""

    straight: QueryTrack
    mirrored: QueryTrack
    video_id: str
    reference_start_seconds: float


@dataclass(frozen=True)
class Filled:
    """What writing a library took."""

    codes_seconds: float
    descriptors_seconds: float
    descriptors: int
    codes_bytes: int
    descriptors_bytes: int
    catalogue_bytes: int


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
    found: int
    own_bytes: int
    peak_bytes: int


class _Unused:
    """In place of the encoder, which a search with known codes never asks."""

    codes_digest = "made up"


def open_library(path: Path, kind: str, *, create: bool = False) -> OpenLibrary:
    """A library without a network."""
    config = LibraryConfig(library=path, index=_KINDS[kind])
    with ExitStack() as stack:
        folder = stack.enter_context(LibraryFolder.open(path, {"codes": _Unused.codes_digest}, create=create))
        store = stack.enter_context(open_store(config.store, folder.store_path, DESCRIPTOR_DIMENSIONS))
        return OpenLibrary(config, cast("Encoder", _Unused()), folder, store, stack.pop_all())


def fill(path: Path, spare: Path, rows: int) -> Filled:
    """Writes a library of ``rows`` made-up codes, and codes of the same world that it does not hold."""
    extra = _BACKGROUND_CODES + (_QUERIES + 1) * _SPARE_OF_QUERY
    codes = np.concatenate(list(made_up(rows + extra, np.random.default_rng(rows))))
    np.save(spare, codes[rows:])
    representatives = first_of_equal(codes[:rows])
    with open_library(path, "flat", create=True) as library:
        started = time.perf_counter()
        for first in range(0, rows, _VIDEO_ROWS):
            part = codes[first : min(first + _VIDEO_ROWS, rows)]
            seconds = np.arange(len(part), dtype=np.float64)
            name = f"video-{first // _VIDEO_ROWS:07d}"
            library.folder.add_video(
                name,
                FileStamp(Path(name), 1, 1),
                VideoInfo(854, 480, float(len(part)), "h264", 0),
                VideoCodes(part, seconds, seconds, np.ones(len(part), dtype=np.bool_), float(len(part))),
                frames_sampled=len(part),
                representatives=representatives[first : first + len(part)],
            )
        codes_seconds = time.perf_counter() - started
        started = time.perf_counter()
        for record in library.videos():
            library.stretches.add(record.number)
        library.stretches.save()
        descriptors_seconds = time.perf_counter() - started
        descriptors = library.store.count()
    return Filled(
        codes_seconds,
        descriptors_seconds,
        descriptors,
        disk_bytes(*path.glob("codes-*.bin"), *path.glob("rows-*.bin")),
        disk_bytes(path / "descriptors"),
        disk_bytes(*path.glob("catalogue*")),
    )


def first_of_equal(codes: CodeArray) -> RowArray:
    """For each row the first row with the very same code, int64 [N]: equal slates share a place in the index."""
    whole = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.shape[1]))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    rows: RowArray = first[group].astype(np.int64)
    return rows


def plant(
    stored: VideoCodes, video_id: str, own: CodeArray, calibration: Calibration, flips: float, seed: int
) -> PlantedCopy:
    """A query with 20 s of a stored video in its middle.

    Args:
        stored: codes of that video, one a second.
        video_id: its id.
        own: codes that the library does not hold: for the query's ends, then for its mirrored track, uint8 [80, 128].
        calibration: gives the background distances.
        flips: share of bits that are turned over.
        seed: of all randomness.
    """
    rng = np.random.default_rng(seed)
    begin = int(rng.integers(0, len(stored) - _COPY_SECONDS))
    at = begin + np.arange(_COPY_FRAMES) / _QUERY_FPS
    copy = flipped(between(stored.codes, at, rng), flips, rng)
    straight = np.concatenate([own[:_OWN_FRAMES], copy, own[_OWN_FRAMES : 2 * _OWN_FRAMES]])

    def track(codes: CodeArray, mirrored: bool) -> QueryTrack:
        return QueryTrack(
            codes=codes,
            times_seconds=np.arange(len(codes)) / _QUERY_FPS,
            searchable=np.ones(len(codes), dtype=np.bool_),
            backgrounds=calibration.background(codes),
            duration_seconds=len(codes) / _QUERY_FPS,
            mirrored=mirrored,
        )

    return PlantedCopy(track(straight, False), track(own[2 * _OWN_FRAMES :], True), video_id, float(begin))


def between(codes: CodeArray, at_rows: TimeArray, rng: np.random.Generator) -> CodeArray:
    """Codes at places between rows: a bit comes from the row after with the probability that it is that near."""
    before = np.floor(at_rows).astype(np.int64)
    share = (at_rows - before)[:, None]
    after = codes[np.minimum(before + 1, len(codes) - 1)]
    takes_after = np.packbits(rng.random((len(before), 8 * codes.shape[1])) < share, axis=1)
    mixed: CodeArray = (codes[before] & ~takes_after) | (after & takes_after)
    return mixed


def is_found(matches: list[Match], planted: PlantedCopy) -> bool:
    """Whether the best match is the planted one, each of its four ends within a second."""
    if not matches or matches[0].reference_id != planted.video_id:
        return False
    best = matches[0]
    ends = (
        (best.query_start_seconds, _OWN_SECONDS),
        (best.query_end_seconds, _OWN_SECONDS + _COPY_SECONDS),
        (best.reference_start_seconds, planted.reference_start_seconds),
        (best.reference_end_seconds, planted.reference_start_seconds + _COPY_SECONDS),
    )
    return all(abs(found - true) <= 1 for found, true in ends)


def plausible_calibration(background: CodeArray) -> Calibration:
    """Evidence and score of the size that learned ones have."""
    return Calibration(
        background_codes=background,
        evidence=Evidence(bias=-1.0, distance=-25.0, background=23.0, lowest=-2.0, highest=4.0),
        score=ScoreModel(bias=-8.0, evidence=1.5, frames=1.0, tmk=3.0, margin=10.0),
        codes=_Unused.codes_digest,
    )


def build(path: Path, kind: str) -> Built:
    """Makes the index of one kind from the stored codes and saves it."""
    for saved in path.glob("frames-*.index"):
        saved.unlink()
    started = time.perf_counter()
    with open_library(path, kind) as library:
        library.lookup.save()
        seconds = time.perf_counter() - started
        return Built(library.lookup.index.parameters, seconds, _memory().peak, disk_bytes(library.folder.index_path))


def ask(path: Path, spare: Path, kind: str, flips: float) -> Asked:
    """Opens a library and searches it."""
    codes = np.load(spare)
    calibration, config = plausible_calibration(codes[:_BACKGROUND_CODES]), MatcherConfig()
    own = codes[_BACKGROUND_CODES:].reshape(_QUERIES + 1, _SPARE_OF_QUERY, -1)
    whole: list[float] = []
    lookup: list[float] = []
    candidates: list[int] = []
    found = 0
    started = time.perf_counter()
    with open_library(path, kind) as library:
        reopen_seconds = time.perf_counter() - started
        videos = [video for video in library.videos() if video.row_count == _VIDEO_ROWS]
        for number in range(_QUERIES + 1):
            record = videos[number * len(videos) // (_QUERIES + 1)]
            stored = library.folder.video_codes(record.number)
            planted = plant(stored, record.id, own[number], calibration, flips, number)
            started = time.perf_counter()
            matches = match_query(library, "query", planted.straight, planted.mirrored, calibration, config)
            whole.append(time.perf_counter() - started)
            found += is_found(matches, planted)
            started = time.perf_counter()
            tracks = (planted.straight, planted.mirrored)
            candidates.append(sum(len(find_candidates(library, track, config)) for track in tracks))
            lookup.append(time.perf_counter() - started)
        memory = _memory()
    return Asked(
        reopen_seconds,
        whole[0],
        statistics.median(whole[1:]),
        statistics.median(lookup[1:]),
        statistics.median(candidates[1:]),
        found,
        memory.own,
        memory.peak,
    )


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
    table = Table(title=f"Search for 30 s at {_QUERY_FPS} frames a second, {flips:.0%} of the copy's bits flipped")
    table.add_column("rows", justify="right")
    table.add_column("kind")
    table.add_column("parameters")
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
        "own MB",
        "peak MB",
        "found",
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
        f"{asked.own_bytes / 1e6:,.0f}",
        f"{asked.peak_bytes / 1e6:,.0f}",
        f"{asked.found}/{_QUERIES + 1}",
    ]


def main() -> None:
    """Runs the command."""
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    kinds = settings.get("kinds", ",".join(_KINDS)).split(",")
    try:
        sizes = [int(size) for size in settings["rows"].split(",")]
        flips = float(settings.get("flips", 0.2))
    except (KeyError, ValueError):
        sys.exit(_USAGE)
    if settings.keys() - {"rows", "kinds", "flips"} or set(kinds) - _KINDS.keys() or min(sizes) < _VIDEO_ROWS:
        sys.exit(f"{_USAGE}\nrows are {_VIDEO_ROWS} or more, kinds {', '.join(_KINDS)}")
    filled_table, search_table = _filled_table(), _search_table(flips)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            path, spare = Path(name) / "library", Path(name) / "spare.npy"
            filled_table.add_row(*_filled_cells(rows, run_apart(fill, path, spare, rows)))
            for kind in kinds:
                # Fresh processes, or what one index took would hide in what another gave back.
                built = run_apart(build, path, kind)
                asked = run_apart(ask, path, spare, kind, flips)
                search_table.add_row(*_search_cells(rows, kind, built, asked))
    console = Console(width=190)
    console.print(filled_table)
    console.print(search_table)


if __name__ == "__main__":
    main()
