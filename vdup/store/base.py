"""What a store of video descriptors is, and what it takes.

A descriptor is a unit vector that stands for a whole video or for one stretch of it. The store finds the stretches that
look most like a query's even where single frames are too far apart for the frame index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from vdup.types import DescriptorHit, FloatArray, TimeArray

ROW_BITS = 20
"""Bits of a point id that hold the row of a descriptor inside its video."""

MAX_ROWS = 1 << ROW_BITS
"""Most descriptors of one video: 121 days of stretches that start every ten seconds."""

MAX_VIDEO_NUMBER = (1 << (64 - ROW_BITS)) - 1
"""Largest video number that a point id can hold."""


def check_video_number(video_number: int) -> None:
    """Refuse a number that does not fit a point id.

    Raises:
        ValueError: the number is negative or above ``MAX_VIDEO_NUMBER``.
    """
    if not 0 <= video_number <= MAX_VIDEO_NUMBER:
        raise ValueError(f"video number {video_number} is outside 0-{MAX_VIDEO_NUMBER}")


@dataclass(frozen=True)
class Descriptors:
    """All descriptors of one video: row 0 stands for the whole video, the others for its stretches."""

    video_number: int
    """Number of the video in the catalogue, 0 to 2**44 - 1."""
    starts_seconds: TimeArray
    """Where each row's stretch begins, float64 [N]."""
    ends_seconds: TimeArray
    """Where it ends, float64 [N]."""
    vectors: FloatArray
    """float32 [N, D]; only the direction counts, stores keep unit vectors."""

    def __post_init__(self) -> None:
        check_video_number(self.video_number)
        owner = f"descriptors of video {self.video_number}"
        if self.vectors.ndim != 2 or self.vectors.dtype != np.float32:
            raise ValueError(f"{owner}: vectors must be float32 [N, D], got {self.vectors.dtype} {self.vectors.shape}")
        rows = len(self.vectors)
        if rows > MAX_ROWS:
            raise ValueError(f"{owner}: {rows} rows, at most {MAX_ROWS} fit")
        for name, column in (("starts_seconds", self.starts_seconds), ("ends_seconds", self.ends_seconds)):
            if column.shape != (rows,) or column.dtype != np.float64:
                raise ValueError(f"{owner}: {name} must be float64 [{rows}], got {column.dtype} {column.shape}")

    def __len__(self) -> int:
        return len(self.vectors)


class VideoStore(Protocol):
    """Keeps descriptors by video and finds the most similar ones by cosine similarity.

    Vectors are kept at unit length in half precision: what :meth:`iterate` gives back agrees with what was stored to
    about 0.0005 in each component, and similarities to about 0.001. After :meth:`close` every method but ``close``
    raises :class:`~vdup.errors.StoreError`.
    """

    @property
    def dimensions(self) -> int:
        """Width of every vector."""

    def upsert(self, items: Sequence[Descriptors]) -> None:
        """Store these videos' descriptors in place of any they had. They are safe once this returns.

        An item without rows removes the video. A call that was cut short may leave a mixture of a video's old and new
        rows; calling it again puts that right.

        Raises:
            ValueError: a vector has the wrong width, a value that is not finite, or no length; a time is not finite or
                a stretch ends before it starts; a video occurs twice. Nothing is stored then.
            StoreError: the store failed.
        """

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        """Find the most similar descriptors.

        Args:
            vectors: query vectors of any length but zero, float32 [Q, D].
            limit: most hits for one query, 1 or more.

        Returns:
            For each query its hits, best first; equal similarities in the order of video number, then start.

        Raises:
            ValueError: wrong width, a value that is not finite, a vector without length, or ``limit`` below 1.
            StoreError: the store failed.
        """

    def remove(self, video_numbers: Sequence[int]) -> None:
        """Delete all descriptors of these videos; numbers that are not stored are passed over."""

    def video_numbers(self) -> set[int]:
        """Numbers of the videos that have descriptors."""

    def count(self) -> int:
        """Number of descriptors of all videos together."""

    def iterate(self) -> Iterator[Descriptors]:
        """All descriptors in the order of video number, a video at a time. Don't write to the store meanwhile."""

    def flush(self) -> None:
        """Return once everything stored so far is on disk."""

    def close(self) -> None:
        """Release files or connections; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def check_items(items: Sequence[Descriptors], dimensions: int) -> None:
    """Refuse what a store must not hold; engines themselves take NaN and zero vectors without a word.

    Raises:
        ValueError: names the video and the first bad row.
    """
    seen: set[int] = set()
    for item in items:
        if item.video_number in seen:
            raise ValueError(f"video {item.video_number} occurs twice in one call")
        seen.add(item.video_number)
        times_are_good = (
            np.isfinite(item.starts_seconds)
            & np.isfinite(item.ends_seconds)
            & (item.starts_seconds <= item.ends_seconds)
        )
        if not times_are_good.all():
            row = int(np.argmin(times_are_good))
            raise ValueError(
                f"video {item.video_number}, row {row}: {item.starts_seconds[row]} to {item.ends_seconds[row]} s "
                "is not a stretch of time"
            )
        if len(item):
            check_vectors(item.vectors, dimensions, f"video {item.video_number}")


def check_vectors(vectors: FloatArray, dimensions: int, owner: str) -> None:
    """Refuse vectors that have no cosine similarity.

    Args:
        vectors: float32 [N, D].
        dimensions: the width that D must have.
        owner: whose vectors these are, for the message.

    Raises:
        ValueError: wrong width, a value that is not finite, or a vector of length zero; names the row.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimensions:
        raise ValueError(f"{owner}: vectors must have shape [N, {dimensions}], got {vectors.shape}")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ValueError(f"{owner}, row {int(np.argmin(finite))}: vector holds NaN or infinity")
    has_length = vectors.any(axis=1)
    if not has_length.all():
        raise ValueError(f"{owner}, row {int(np.argmin(has_length))}: vector has length zero, so no direction")


def unit_vectors(vectors: FloatArray) -> FloatArray:
    """Scale rows to length one, float32 [N, D]; rows of length zero are not allowed here."""
    wide = vectors.astype(np.float64)
    units: FloatArray = (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)
    return units
