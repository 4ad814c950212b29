"""Overlaps and records made up for tests of grouping."""

from collections.abc import Iterable
from pathlib import Path

from vdup.catalogue.records import VideoRecord, VideoState
from vdup.grouping.files import FileLook, FileState
from vdup.grouping.overlap import Overlap, Shared


def link(
    first: str,
    second: str,
    score: float = 0.99,
    shares: tuple[float, float] = (1.0, 1.0),
    distance_bits: float = 100.0,
) -> Overlap:
    """A video of 10 s and another one that share these parts of themselves, from their beginnings."""
    stretch = Shared((0.0, 10.0 * shares[0]), (0.0, 10.0 * shares[0]), score, distance_bits)
    return Overlap(first, second, *shares, score, distance_bits, (stretch,))


def record(
    video_id: str, size: tuple[int, int] = (640, 360), seconds: float = 10.0, size_bytes: int = 100_000
) -> VideoRecord:
    """An indexed video."""
    return VideoRecord(
        number=1,
        id=video_id,
        path=Path(video_id),
        size_bytes=size_bytes,
        modified_ns=0,
        content_hash=f"hash of {video_id}",
        state=VideoState.indexed,
        duration_seconds=seconds,
        width=size[0],
        height=size[1],
        indexed_at="2026-01-01T00:00:00",
    )


def all_present(ids: Iterable[str]) -> dict[str, FileLook]:
    """Files of their own, each as it was indexed."""
    return {video_id: FileLook(FileState.present, identity=(1, number)) for number, video_id in enumerate(ids)}
