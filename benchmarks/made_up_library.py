"""Libraries of made-up codes, which need neither videos nor a network."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.lookup_codes import made_up
from benchmarks.processes import disk_bytes
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp, VideoRecord
from vdup.config import FlatIndexConfig, FrameIndexConfig, LibraryConfig, NoAggregationConfig
from vdup.pipeline.encoder import Encoder
from vdup.pipeline.open_library import OpenLibrary
from vdup.store.open import open_store
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS
from vdup.types import CodeArray, RowArray, VideoCodes, VideoInfo

VIDEO_ROWS = 600
"""Rows of every video but the last, one a second."""


@dataclass(frozen=True)
class Filled:
    """What writing a library took."""

    codes_seconds: float
    descriptors_seconds: float
    descriptors: int
    codes_bytes: int
    descriptors_bytes: int
    catalogue_bytes: int


class _Unused:
    """In place of the encoder, which a search with known codes never asks."""

    codes_digest = "made up"


def open_library(path: Path, index: FrameIndexConfig, *, create: bool = False) -> OpenLibrary:
    """A library without a network."""
    config = LibraryConfig(library=path, index=index, aggregation=NoAggregationConfig())
    with ExitStack() as stack:
        folder = stack.enter_context(LibraryFolder.open(path, {"codes": _Unused.codes_digest}, create=create))
        store = stack.enter_context(open_store(config.store, folder.store_path, DESCRIPTOR_DIMENSIONS))
        return OpenLibrary(config, cast("Encoder", _Unused()), folder, store, stack.pop_all())


def fill(path: Path, rows: int, spare: Path, spare_rows: int) -> Filled:
    """Writes a library of made-up codes.

    Args:
        path: its folder, which is made.
        rows: codes that it holds.
        spare: file for codes of the same world that it does not hold, uint8 [``spare_rows``, 128].
        spare_rows: their number.
    """
    codes = np.concatenate(list(made_up(rows + spare_rows, np.random.default_rng(rows))))
    np.save(spare, codes[rows:])
    representatives = first_of_equal(codes[:rows])
    with open_library(path, FlatIndexConfig(), create=True) as library:
        started = time.perf_counter()
        for first in range(0, rows, VIDEO_ROWS):
            part = slice(first, min(first + VIDEO_ROWS, rows))
            add_codes(library, f"video-{first // VIDEO_ROWS:07d}", codes[part], representatives[part])
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


def add_codes(
    library: OpenLibrary, video_id: str, codes: CodeArray, representatives: RowArray | None = None
) -> VideoRecord:
    """Stores a video of one code a second; without given representatives they are looked up, as indexing does."""
    seconds = np.arange(len(codes), dtype=np.float64)
    video = VideoCodes(codes, seconds, seconds, np.ones(len(codes), dtype=np.bool_), float(len(codes)))
    if representatives is None:
        representatives = library.lookup.representatives_for(video)
    return library.folder.add_video(
        video_id,
        FileStamp(Path(video_id), 1, 1),
        VideoInfo(854, 480, float(len(codes)), "h264", 0),
        video,
        frames_sampled=len(codes),
        representatives=representatives,
    ).record


def first_of_equal(codes: CodeArray) -> RowArray:
    """For each row the first row with the very same code, int64 [N]: equal slates share a place in the index."""
    whole = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.shape[1]))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    rows: RowArray = first[group].astype(np.int64)
    return rows
