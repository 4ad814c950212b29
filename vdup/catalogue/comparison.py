"""Comparing what a library says with what it holds, before anything in it is changed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdup.catalogue.catalogue import COMMITTED_ROWS, GENERATION, Catalogue
from vdup.catalogue.code_file import ROW_LAYOUT, code_paths
from vdup.catalogue.durable import library_errors
from vdup.catalogue.manifest import MANIFEST_NAME
from vdup.errors import LibraryDamagedError
from vdup.library_files import check_plain
from vdup.store.base import MAX_VIDEO_NUMBER
from vdup.types import CODE_BYTES

_NAMED_AT_MOST = 3
"""Videos that one sentence names."""


@dataclass(frozen=True)
class Extent:
    """What the catalogue says of the code files."""

    generation: int
    """Number in their names."""
    committed_rows: int
    """Rows that count."""
    next_number: int
    """Number of the next new video; smaller ones have been given away."""


def compare(folder: Path, catalogue: Catalogue) -> Extent:
    """Compares the values of the catalogue, the records of its videos, and the sizes of the code files.

    Returns:
        What all of them agree on.

    Raises:
        LibraryDamagedError: They disagree; the message says where.
        LibraryError: A code file is a link, or cannot be looked at.
    """
    extent = Extent(
        catalogue.meta_number(GENERATION, default=-1),
        catalogue.meta_number(COMMITTED_ROWS, default=-1),
        catalogue.next_number(),
    )
    problems = _value_problems(extent) or [*_file_problems(folder, extent), *_record_problems(catalogue, extent)]
    if problems:
        raise LibraryDamagedError(
            f"{folder} is damaged: {'; '.join(problems)}. Nothing in it was changed. Restore the library folder from a "
            "backup, or index the videos again into another folder with library=DIR."
        )
    return extent


def nothing_yet(folder: Path, catalogue: Catalogue) -> Extent:
    """Extent of a library that is being made.

    Raises:
        LibraryDamagedError: It holds videos already.
    """
    if catalogue.next_number() > 1:
        raise LibraryDamagedError(
            f"{folder} is damaged: it holds videos, but {MANIFEST_NAME} is missing. Restore that file from a backup, "
            "or index the videos again into another folder with library=DIR."
        )
    return Extent(catalogue.meta_number(GENERATION), catalogue.meta_number(COMMITTED_ROWS), catalogue.next_number())


def _value_problems(extent: Extent) -> list[str]:
    values = {GENERATION: extent.generation, COMMITTED_ROWS: extent.committed_rows}
    problems = [f"the catalogue has no usable {name}" for name, value in values.items() if value < 0]
    if not 1 <= extent.next_number <= MAX_VIDEO_NUMBER:
        problems.append(f"the next video would have the number {extent.next_number}")
    return problems


def _file_problems(folder: Path, extent: Extent) -> list[str]:
    problems = []
    paths = code_paths(folder, extent.generation)
    for path, row_bytes in zip(paths, (CODE_BYTES, ROW_LAYOUT.itemsize), strict=True):
        with library_errors(path, "read"):
            status = check_plain(path)
        if status is None:
            problems.append(f"{path.name} is missing, and the catalogue names generation {extent.generation}")
        elif status.st_size < extent.committed_rows * row_bytes:
            rows = status.st_size // row_bytes
            problems.append(f"{path.name} holds {rows} rows, and the catalogue counts {extent.committed_rows}")
    return problems


def _record_problems(catalogue: Catalogue, extent: Extent) -> list[str]:
    outside = catalogue.outside_rows(extent.committed_rows)
    problems = [
        f"the record of {video_id!r} needs {row_count} rows from row {first_row} on, and the catalogue counts "
        f"{extent.committed_rows}"
        for video_id, first_row, row_count in outside[:_NAMED_AT_MOST]
    ]
    if len(outside) > _NAMED_AT_MOST:
        problems.append(f"so do {len(outside) - _NAMED_AT_MOST} other records")
    if not outside:
        problems += _overlaps(catalogue)
    numbers = catalogue.number_range()
    if numbers is not None and not 1 <= numbers[0] <= numbers[1] < extent.next_number:
        problems.append(
            f"videos have numbers from {numbers[0]} to {numbers[1]}, and those given away are 1 to "
            f"{extent.next_number - 1}"
        )
    return problems


def _overlaps(catalogue: Catalogue) -> list[str]:
    """The first two videos that share rows; needs rows that are all there."""
    ranges = catalogue.row_ranges()
    ranges = ranges[ranges[:, 2] > 0]
    begins, ends = ranges[1:, 1], (ranges[:, 1] + ranges[:, 2])[:-1]
    places = np.flatnonzero(begins < ends)
    if not len(places):
        return []
    place = int(places[0])
    first, second = (catalogue.by_number(int(number)) for number in ranges[place : place + 2, 0])
    names = [repr(record.id) for record in (first, second) if record is not None]
    return [f"the records of {' and '.join(names)} share rows from row {int(begins[place])} on"]
