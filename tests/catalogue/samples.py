"""Small libraries for the tests of the catalogue."""

from pathlib import Path

import numpy as np

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.manifest import Setting
from vdup.catalogue.records import FileStamp, StoredVideo, VideoRecord, VideoState
from vdup.types import CODE_BYTES, RowArray, TimeArray, VideoCodes, VideoInfo

SETTINGS: dict[str, Setting] = {"sampling.library_fps": 1.0, "backbone": "lite0", "pooling.levels": 3, "crop": True}


def make_codes(rows: int, seed: int = 0) -> VideoCodes:
    random = np.random.default_rng(seed)
    starts: TimeArray = np.arange(rows, dtype=np.float64) * 2 + 0.25
    ends: TimeArray = starts + random.integers(0, 2, rows)
    return VideoCodes(
        codes=random.integers(0, 256, (rows, CODE_BYTES), dtype=np.uint8),
        starts_seconds=starts,
        ends_seconds=ends,
        searchable=random.random(rows) < 0.8,
        duration_seconds=rows * 2.0 + 1,
    )


def stamp(name: str, size_bytes: int = 10) -> FileStamp:
    return FileStamp(Path("/videos") / name, size_bytes, 1_700_000_000_123_456_789, "ab" * 32)


def add(
    library: LibraryFolder, video_id: str, rows: int, seed: int = 0, representatives: RowArray | None = None
) -> StoredVideo:
    return library.add_video(
        video_id,
        stamp(video_id),
        VideoInfo(width=64, height=48, duration_seconds=None, codec="h264", rotation_degrees=0),
        make_codes(rows, seed),
        frames_sampled=rows + 3,
        representatives=representatives,
    )


def open_library(folder: Path, create: bool = True) -> LibraryFolder:
    return LibraryFolder.open(folder, SETTINGS, create=create)


def make_record(video_id: str, number: int = 0, state: VideoState = VideoState.indexed) -> VideoRecord:
    return VideoRecord(
        number=number,
        id=video_id,
        path=Path("/videos") / video_id,
        size_bytes=5_000_000_000,
        modified_ns=1_700_000_000_123_456_789,
        content_hash="cd" * 32,
        state=state,
        reason="" if state is VideoState.indexed else "broken",
        duration_seconds=12.5 if state is VideoState.indexed else None,
        first_row=3,
        row_count=4,
        codes_crc32=0xFFFFFFFF,
        indexed_at="2024-01-02T03:04:05+00:00",
    )


def assert_same_codes(found: VideoCodes, wanted: VideoCodes) -> None:
    np.testing.assert_array_equal(found.codes, wanted.codes)
    np.testing.assert_array_equal(found.starts_seconds, wanted.starts_seconds)
    np.testing.assert_array_equal(found.ends_seconds, wanted.ends_seconds)
    np.testing.assert_array_equal(found.searchable, wanted.searchable)
    assert found.duration_seconds == wanted.duration_seconds
