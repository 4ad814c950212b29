"""What every look-up of frame codes must do, and the checks of its arguments."""

from pathlib import Path
from typing import Protocol

import numpy as np

from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, FrameHits, RowArray

Stamp = dict[str, str | int | float | bool | None]
"""A few values that the caller keeps with a saved index, such as the last row it covers."""


class FrameIndex(Protocol):
    """Codes that can be searched by Hamming distance; safe to use from several threads."""

    @property
    def kind(self) -> str:
        """Name of the method: ``flat``, ``ivf`` or ``multihash``."""
        ...

    @property
    def parameters(self) -> dict[str, int]:
        """Choices that shaped this index; ``planned_rows`` is the size they were made for. Exact search has none."""
        ...

    def __len__(self) -> int:
        """Rows that can be found."""
        ...

    def add(self, row_ids: RowArray, codes: CodeArray) -> None:
        """Stores codes.

        Args:
            row_ids: names of the rows, non-negative, new to this index, int64 [N].
            codes: packed codes, uint8 [N, 128].

        Raises:
            ValueError: wrong shape or type, or an id that is negative, repeated or already stored.
        """
        ...

    def remove(self, row_ids: RowArray) -> int:
        """Forgets rows; ids that are not stored are passed over.

        Args:
            row_ids: int64 [N], non-negative and without repeats.

        Returns:
            Number of rows that were removed.

        Raises:
            ValueError: wrong shape or type, or an id that is negative or repeated.
        """
        ...

    def search(self, codes: CodeArray, neighbours: int, max_distance: int) -> FrameHits:
        """Nearest stored rows of every query.

        Args:
            codes: query codes, uint8 [Q, 128].
            neighbours: most hits of one query, 1 or more.
            max_distance: largest Hamming distance of a hit, inclusive, 0 or more.

        Returns:
            Hits with exact distances, sorted by query row, distance and row id. Where equal distances straddle the
            last place, the smaller row ids are kept.

        Raises:
            ValueError: wrong shape, type or range.
        """
        ...

    def save(self, path: Path, stamp: Stamp | None = None) -> None:
        """Writes the index to one file; the old file stays whole until the new one is.

        Args:
            path: the file.
            stamp: values to keep in the file's header, see :func:`vdup.lookup.files.read_header`.

        Raises:
            LibraryFullError: the disk is full; the old file is unchanged.
        """
        ...


def checked_row_ids(row_ids: RowArray) -> RowArray:
    """Row ids as a contiguous array.

    Raises:
        ValueError: not int64 [N], or with a negative or repeated id.
    """
    if not isinstance(row_ids, np.ndarray) or row_ids.ndim != 1 or row_ids.dtype != np.int64:
        raise ValueError(f"row_ids must be int64 [N], got {_described(row_ids)}")
    if len(row_ids) and row_ids.min() < 0:
        raise ValueError(f"row_ids must not be negative, got {row_ids.min()}")
    ordered = np.sort(row_ids)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(repeated):
        raise ValueError(f"row_ids must not repeat, {repeated[0]} is given more than once")
    return np.ascontiguousarray(row_ids)


def checked_codes(codes: CodeArray) -> CodeArray:
    """Codes as a contiguous array.

    Raises:
        ValueError: not uint8 [N, 128].
    """
    if not isinstance(codes, np.ndarray) or codes.ndim != 2 or codes.dtype != np.uint8 or codes.shape[1] != CODE_BYTES:
        raise ValueError(f"codes must be uint8 [N, {CODE_BYTES}], got {_described(codes)}")
    return np.ascontiguousarray(codes)


def checked_rows(row_ids: RowArray, codes: CodeArray) -> tuple[RowArray, CodeArray]:
    """Ids and codes that belong together, both checked.

    Raises:
        ValueError: one of them is malformed, or their lengths differ.
    """
    row_ids, codes = checked_row_ids(row_ids), checked_codes(codes)
    if len(row_ids) != len(codes):
        raise ValueError(f"row_ids has {len(row_ids)} rows and codes {len(codes)}; they must agree")
    return row_ids, codes


def check_search_range(neighbours: int, max_distance: int) -> None:
    """Refuses a search that could return nothing.

    Raises:
        ValueError: ``neighbours`` below 1 or ``max_distance`` below 0.
    """
    if neighbours < 1:
        raise ValueError(f"neighbours must be 1 or more, got {neighbours}")
    if max_distance < 0:
        raise ValueError(f"max_distance must be 0-{CODE_BITS} bits, got {max_distance}")


def _described(value: object) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
