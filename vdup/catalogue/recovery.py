"""What a process that was cut off left in the code files, put in order when a library is opened for writing.

A run that adds a video leaves rows behind those that count; a compaction leaves files of another generation. Both are
deleted only when they are seen to be that and nothing else. Anything more is set aside, since it may be all that is
left of somebody's videos: a catalogue from a backup, or one that was changed by hand, counts fewer rows than there are.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.catalogue import Catalogue
from vdup.catalogue.code_file import ROW_LAYOUT, CodeFile, code_paths, map_rows
from vdup.catalogue.compaction import compacted_codes, compacted_columns, rows_of
from vdup.catalogue.comparison import Extent
from vdup.catalogue.durable import library_errors, sync_folder
from vdup.catalogue.set_aside import copy_tail_aside, set_file_aside
from vdup.library_files import check_plain, open_file
from vdup.types import CODE_BYTES

logger = logging.getLogger(__name__)

GENERATION_FILE = re.compile(r"(?:codes-([0-9]+)\.bin|rows-([0-9]+)\.bin|frames-([0-9]+)\.index.*)", re.DOTALL)

_BLOCK_ROWS = 65_536


def is_tail_garbage(folder: Path, extent: Extent) -> bool:
    """Whether all that lies behind the rows that count is the rest of one video that was never finished.

    Its rows carry the number that the next new video will get: the number of a finished one has been given away. Rows
    of zeros are what a power cut leaves of them.
    """
    path = code_paths(folder, extent.generation)[1]
    with library_errors(path, "read"), os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        file.seek(extent.committed_rows * ROW_LAYOUT.itemsize)
        while block := file.read(_BLOCK_ROWS * ROW_LAYOUT.itemsize):
            whole = len(block) - len(block) % ROW_LAYOUT.itemsize
            rows = np.frombuffer(block[:whole], dtype=ROW_LAYOUT)
            unfinished = rows["video_number"] == extent.next_number
            empty = rows == np.zeros(1, dtype=ROW_LAYOUT)
            if not (unfinished | empty).all():
                return False
    return True


def keep_tails(folder: Path, extent: Extent, *, fresh: bool) -> None:
    """Sets aside what lies behind the rows that count, unless it is garbage; cuts nothing off.

    Args:
        folder: The library folder.
        extent: What the catalogue counts.
        fresh: The library is being made, so that nothing can have been cut off.

    Raises:
        LibraryFullError: No space for the copy.
        LibraryError: The files cannot be read, or not copied.
    """
    tails = []
    for path, row_bytes in zip(code_paths(folder, extent.generation), (CODE_BYTES, ROW_LAYOUT.itemsize), strict=True):
        with library_errors(path, "read"):
            status = check_plain(path)
        if status is not None and status.st_size > extent.committed_rows * row_bytes:
            tails.append((path, extent.committed_rows * row_bytes, status.st_size))
    if not tails or (not fresh and is_tail_garbage(folder, extent)):
        return
    for path, offset, size in tails:
        target = copy_tail_aside(path, offset)
        logger.warning(
            "%s: %d bytes behind the %d rows that the catalogue counts are not what an interrupted run leaves; they "
            "are now in %s. Restore the whole folder from a backup if videos are missing, else delete that file",
            *(path, size - offset, extent.committed_rows, target.name),
        )


def clear_other_generations(folder: Path, catalogue: Catalogue, codes: CodeFile) -> None:
    """Deletes what a compaction left, and sets aside code files of other generations that no compaction left.

    Frame indexes of other generations are deleted: they are made from the codes.

    Args:
        folder: The library folder.
        catalogue: Its catalogue.
        codes: The code files that count, as the compaction left them: nothing was added or changed since.
    """
    for generation in sorted(_generations(folder) - {codes.generation}):
        paths = code_paths(folder, generation)
        try:
            if any(_size(path) for path in paths) and not _is_left_by_compaction(folder, catalogue, codes, generation):
                for path in filter(_size, paths):
                    logger.warning(
                        "%s is not of the generation that the catalogue names, nor what a compaction leaves; it is now "
                        "%s. Restore the whole folder from a backup if videos are missing, else delete that file",
                        *(path, set_file_aside(path).name),
                    )
        except OSError as error:
            logger.warning("cannot read old files of the library %s: %s", folder, error)
        else:
            delete_generation(folder, generation)


def delete_generation(folder: Path, generation: int) -> None:
    """Deletes code files and frame indexes of a generation that does not count."""
    codes_path, rows_path = code_paths(folder, generation)
    try:
        # The rows after the codes: they tell what the codes were, should this be cut off.
        codes_path.unlink(missing_ok=True)
        rows_path.unlink(missing_ok=True)
        for path in folder.glob(f"frames-{generation}.index*"):
            path.unlink()
        sync_folder(folder)
    except OSError as error:  # they only take space; the next opening tries again
        logger.warning("cannot delete old files of the library %s: %s", folder, error)


def _generations(folder: Path) -> set[int]:
    found = (GENERATION_FILE.fullmatch(path.name) for path in folder.iterdir())
    return {int(next(filter(None, match.groups()))) for match in found if match is not None}


def _is_left_by_compaction(folder: Path, catalogue: Catalogue, codes: CodeFile, generation: int) -> bool:
    """Compares every byte with what a compaction writes."""
    paths = code_paths(folder, generation)
    if generation == codes.generation + 1:
        # It was cut off while it wrote these: they are the beginning of what it would write again.
        live = rows_of(catalogue.row_ranges())
        codes_path, rows_path = paths
        return _is_beginning(codes_path, compacted_codes(codes.codes, live)) and _is_beginning(
            rows_path, compacted_columns(codes.columns(), live)
        )
    return generation == codes.generation - 1 and _was_compacted(*paths, catalogue, codes)


def _was_compacted(codes_path: Path, rows_path: Path, catalogue: Catalogue, codes: CodeFile) -> bool:
    """Whether the files that count hold all of these older ones but rows of videos that were removed."""
    if _size(rows_path) % ROW_LAYOUT.itemsize or (not _size(rows_path) and _size(codes_path)):
        return False
    columns = _mapped(rows_path, ROW_LAYOUT, ())
    is_live = np.isin(columns["video_number"], catalogue.row_ranges()[:, 0])
    removed = columns["video_number"][~is_live]
    live = np.flatnonzero(is_live)
    if len(live) != len(codes) or not ((removed > 0) & (removed < catalogue.next_number())).all():
        return False
    if not _is_beginning(codes.rows_path, compacted_columns(columns, live)):
        return False
    if not _size(codes_path):  # deleted before the rows
        return True
    if _size(codes_path) != len(columns) * CODE_BYTES:
        return False
    old_codes = _mapped(codes_path, np.dtype(np.uint8), (CODE_BYTES,))
    return _is_beginning(codes.codes_path, compacted_codes(old_codes, live))


def _is_beginning(path: Path, blocks: Iterable[NDArray[np.generic]]) -> bool:
    """Whether a file holds nothing but the beginning of these blocks; a missing one does."""
    if not _size(path):
        return True
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        for block in _as_bytes(blocks):
            found = file.read(len(block))
            if found != block[: len(found)]:
                return False
        return file.read(1) == b""


def _as_bytes(blocks: Iterable[NDArray[np.generic]]) -> Iterator[bytes]:
    return (block.tobytes() for block in blocks)


def _mapped(path: Path, dtype: np.dtype, row: tuple[int, ...]) -> NDArray:  # type: ignore[type-arg]
    rows = _size(path) // (dtype.itemsize * int(np.prod(row, dtype=np.int64)))
    if not rows:
        return np.zeros((0, *row), dtype=dtype)
    descriptor = open_file(path, os.O_RDONLY)
    try:
        return map_rows(descriptor, path, dtype, (rows, *row))
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    status = check_plain(path)
    return 0 if status is None else status.st_size
