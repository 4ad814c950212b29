"""Descriptors as Qdrant points and back; the embedded engine and the server keep the same form.

A point's id is ``video_number << 20 | row``, so ids in order list the videos in order with their rows together. Its
payload is ``{"video": int, "row": int, "start": float, "end": float}``. Times pass through decimal text on the way to
the disk, which may change their last bit.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

import numpy as np

from vdup.errors import StoreError
from vdup.store.base import MAX_ROWS, ROW_BITS, Descriptors, unit_vectors
from vdup.types import DescriptorHit

VIDEO_KEY = "video"
ROW_KEY = "row"
_START_KEY = "start"
_END_KEY = "end"


class DescriptorPoint(NamedTuple):
    """One descriptor as the engines take and return it."""

    id: int
    vector: list[float]
    start_seconds: float
    end_seconds: float

    @property
    def payload(self) -> dict[str, int | float]:
        """What is kept beside the vector."""
        return {
            VIDEO_KEY: video_number_of(self.id),
            ROW_KEY: self.id & (MAX_ROWS - 1),
            _START_KEY: self.start_seconds,
            _END_KEY: self.end_seconds,
        }


def point_id(video_number: int, row: int) -> int:
    """Id of a descriptor, 0 to 2**64 - 1.

    Raises:
        ValueError: ``row`` is outside 0 to 2**20 - 1.
    """
    if not 0 <= row < MAX_ROWS:
        raise ValueError(f"row {row} of video {video_number} is outside 0-{MAX_ROWS - 1}")
    return video_number << ROW_BITS | row


def video_number_of(identifier: int) -> int:
    """Number of the video that a point belongs to."""
    return identifier >> ROW_BITS


def points_of(item: Descriptors) -> Iterator[DescriptorPoint]:
    """Points of one video in the order of their ids, vectors at unit length."""
    if not len(item):
        return
    columns = (unit_vectors(item.vectors).tolist(), item.starts_seconds.tolist(), item.ends_seconds.tolist())
    for row, (vector, start, end) in enumerate(zip(*columns, strict=True)):
        yield DescriptorPoint(point_id(item.video_number, row), vector, start, end)


def descriptors_of(points: Iterable[DescriptorPoint]) -> Iterator[Descriptors]:
    """Videos from their points, which must come in the order of their ids."""
    for video_number, group in groupby(points, key=lambda point: video_number_of(point.id)):
        rows = list(group)
        yield Descriptors(
            video_number=video_number,
            starts_seconds=np.array([point.start_seconds for point in rows], dtype=np.float64),
            ends_seconds=np.array([point.end_seconds for point in rows], dtype=np.float64),
            vectors=np.array([point.vector for point in rows], dtype=np.float32),
        )


def read_id(identifier: object) -> int:
    """Id as an engine gave it.

    Raises:
        StoreError: it is not a number.
    """
    if not isinstance(identifier, int):
        raise _foreign(identifier)
    return identifier


def read_offset(following: object) -> int | None:
    """Id that the next page starts with, as an engine gave it; None after the last page.

    Raises:
        StoreError: it is not a number.
    """
    return None if following is None else read_id(following)


def read_point(identifier: object, vector: object, payload: Mapping[str, object] | None) -> DescriptorPoint:
    """Point as an engine gave it.

    Raises:
        StoreError: it is not of the form above.
    """
    if not isinstance(vector, list):
        raise _foreign(identifier)
    return DescriptorPoint(read_id(identifier), vector, *_times(identifier, payload))


def read_hit(identifier: object, payload: Mapping[str, object] | None, similarity: float) -> DescriptorHit:
    """Search result as an engine gave it; similarities a rounding error outside -1 to 1 are cut off.

    Raises:
        StoreError: the point is not of the form above.
    """
    start, end = _times(identifier, payload)
    return DescriptorHit(video_number_of(read_id(identifier)), start, end, min(max(similarity, -1.0), 1.0))


def _times(identifier: object, payload: Mapping[str, object] | None) -> tuple[float, float]:
    start, end = (payload or {}).get(_START_KEY), (payload or {}).get(_END_KEY)
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        raise _foreign(identifier)
    return float(start), float(end)


def _foreign(identifier: object) -> StoreError:
    return StoreError(
        f"point {identifier} was not written by vdup: give vdup a collection of its own (store.collection=NAME)"
    )
