"""Looking for damage in an open library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vdup.catalogue.catalogue import Catalogue
from vdup.catalogue.code_file import CodeFile, codes_checksum
from vdup.catalogue.compaction import orphans, rows_of
from vdup.catalogue.manifest import read_manifest
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.errors import LibraryDamagedError, LibraryError
from vdup.movies.picture_track import PictureTrack, unpack_picture_track
from vdup.movies.storage import PackedMovie
from vdup.types import RowArray, VideoCodes


def find_problems(
    folder: Path,
    catalogue: Catalogue,
    codes: CodeFile,
    *,
    may_be_longer: bool = False,
    may_be_behind: bool = False,
) -> list[str]:
    """Compares manifest, catalogue and code files with one another; reads every stored byte.

    Args:
        folder: The library folder.
        catalogue: Its catalogue.
        codes: Its code files.
        may_be_longer: What lies behind the rows that count is known to be harmless.
        may_be_behind: A run that was cut off may have left rows whose representative is gone; the next run that changes
            the library mends that.

    Returns:
        One sentence for each problem, naming the file or video; empty when all is well.
    """
    problems = _manifest_problems(folder) + catalogue.problems()
    sizes = codes.file_sizes()
    problems += [
        f"{path}: {found} bytes, expected {wanted}"
        for path, found, wanted in sizes
        if found < wanted or (found > wanted and not may_be_longer)
    ]
    if any(found < wanted for _, found, wanted in sizes):
        return problems  # reading a map behind the end of its file would kill the process
    try:
        records = catalogue.all(VideoState.indexed)
        ranges = catalogue.row_ranges()
    except LibraryError as error:
        return problems if problems else [str(error)]
    bad_ranges = _range_problems(records, len(codes))
    problems += bad_ranges
    for record in records:
        problems += _movie_problems(folder, catalogue, record)
        if 0 <= record.first_row <= record.first_row + record.row_count <= len(codes):
            problems += _video_problems(record, codes)
    if not bad_ranges and not may_be_behind:
        problems += _representative_problems(codes, rows_of(ranges))
    return problems


def time_problem(codes: VideoCodes) -> str | None:
    """What is wrong with the times of a video; None when nothing is."""
    starts, ends = codes.starts_seconds, codes.ends_seconds
    if not (np.isfinite(starts).all() and np.isfinite(ends).all() and np.isfinite(codes.duration_seconds)):
        return "a time is NaN or infinite"
    if np.any(ends < starts):
        return f"row {int(np.argmax(ends < starts))} ends before it starts"
    if np.any(starts[1:] <= starts[:-1]):
        return f"row {int(np.argmax(starts[1:] <= starts[:-1])) + 1} starts no later than the row before it"
    return None


def sound_codes(codes: CodeFile, record: VideoRecord) -> VideoCodes:
    """Codes of an indexed video, whose times are made sure to be usable.

    Raises:
        LibraryDamagedError: they are not.
    """
    stored = codes.read(record.first_row, record.row_count, record.duration_seconds or 0.0)
    fault = time_problem(stored)
    if fault is not None:
        raise LibraryDamagedError(
            f"{codes.rows_path} is damaged: of {record.id}, {fault}; python -m vdup.library action=check names "
            "everything that is wrong"
        )
    return stored


def stored_movie(folder: Path, record: VideoRecord, parts: Sequence[bytes]) -> PackedMovie | None:
    """The movie of a video; none where no part is stored.

    Raises:
        LibraryDamagedError: its first part is damaged.
    """
    return PackedMovie(parts, f"{folder}: the movie of video {record.number}", record.shape) if parts else None


def stored_picture_track(folder: Path, number: int, data: bytes | None) -> PictureTrack | None:
    """Where the pictures of a video lie, and their colours; none where that is not stored.

    Raises:
        LibraryDamagedError: it is damaged.
    """
    return None if data is None else unpack_picture_track(data, f"{folder}: the picture track of video {number}")


def check_representatives(
    catalogue: Catalogue, codes: CodeFile, representatives: RowArray, replaced: VideoRecord | None
) -> None:
    """Refuses representatives that are rows of no video of the library, or of the one that is being replaced.

    Raises:
        ValueError: one is.
    """
    others = representatives[(representatives >= 0) & (representatives < len(codes))]
    for number in np.unique(codes.video_numbers[others]).tolist():
        owner = catalogue.by_number(number)
        if owner is None or owner == replaced:
            raise ValueError(f"a representative is a row of video number {number}, which is no part of the library")


def _manifest_problems(folder: Path) -> list[str]:
    try:
        read_manifest(folder)
    except LibraryError as error:
        return [str(error)]
    return []


def _range_problems(records: list[VideoRecord], rows: int) -> list[str]:
    problems = []
    end, owner = 0, ""
    for record in sorted(records, key=lambda record: (record.first_row, record.row_count)):
        if not 0 <= record.first_row <= record.first_row + record.row_count <= rows:
            problems.append(
                f"{record.id}: rows {record.first_row} to {record.first_row + record.row_count}, but there are {rows}"
            )
        if record.row_count > 0 and record.first_row < end:
            problems.append(f"{record.id}: its rows, from {record.first_row} on, overlap those of {owner}")
        if record.first_row + record.row_count > end:
            end, owner = record.first_row + record.row_count, record.id
    return problems


def _video_problems(record: VideoRecord, codes: CodeFile) -> list[str]:
    stored = codes.read(record.first_row, record.row_count, record.duration_seconds or 0.0)
    problems = []
    if codes_checksum(stored) != record.codes_crc32:
        problems.append(
            f"{record.id}: its codes or times changed on the disk; remove it with `python -m vdup.library "
            "action=remove` and index it again"
        )
    fault = time_problem(stored)
    if fault is not None:
        problems.append(f"{record.id}: {fault}")
    rows = slice(record.first_row, record.first_row + record.row_count)
    if np.any(codes.video_numbers[rows] != record.number):
        problems.append(f"{record.id}: some of its rows carry the number of another video")
    return problems


def _representative_problems(codes: CodeFile, live: RowArray) -> list[str]:
    orphaned = orphans(codes, live)
    if len(orphaned) > 0:
        return [
            f"{codes.rows_path}: {len(orphaned)} rows, the first being {orphaned[0]}, are represented by rows that are "
            "no part of the library; run `python -m vdup.library action=rebuild`"
        ]
    representatives = codes.representatives
    chained = live[representatives[representatives[live]] != representatives[live]]
    if len(chained) > 0:
        return [
            f"{codes.rows_path}: {len(chained)} rows, the first being {chained[0]}, are represented by a row that does "
            "not represent itself; run `python -m vdup.library action=rebuild`"
        ]
    return []


def _movie_problems(folder: Path, catalogue: Catalogue, record: VideoRecord) -> list[str]:
    try:
        movie = stored_movie(folder, record, catalogue.extras.movie_parts(record.number))
        if movie is not None:
            movie.check()
        stored_picture_track(folder, record.number, catalogue.extras.picture_track(record.number))
    except LibraryError as error:
        return [str(error)]
    return []
