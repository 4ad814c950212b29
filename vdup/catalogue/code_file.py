"""Codes of all videos, one after another, in two files that only grow and are read through memory maps."""

import errno
import math
import mmap
import os
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.durable import library_errors, sync_folder, write_all
from vdup.errors import LibraryDamagedError
from vdup.library_files import check_plain, open_file
from vdup.types import CODE_BYTES, BoolArray, CodeArray, RowArray, TimeArray, VideoCodes

ROW_LAYOUT = np.dtype(
    [
        ("start_seconds", "<f8"),
        ("end_seconds", "<f8"),
        ("video_number", "<i8"),
        ("representative", "<i8"),
        ("searchable", "u1"),
        # A column of its own: NumPy fills unnamed gaps of a record with whatever lies in memory.
        ("reserved", "u1", (7,)),
    ]
)
"""One record of the rows file, 40 bytes, little endian.

| bytes | column         | meaning                                                              |
| ----- | -------------- | -------------------------------------------------------------------- |
| 0-7   | start_seconds  | float64, time of the first sampled frame of the run                  |
| 8-15  | end_seconds    | float64, time of the last sampled frame of the run                   |
| 16-23 | video_number   | int64, number of the video in the catalogue                          |
| 24-31 | representative | int64, row whose code stands for this one in the frame index         |
| 32    | searchable     | 1, or 0 for a row that stays out of look-up                          |
| 33-39 | reserved       | zero                                                                 |
"""

_REPRESENTATIVE_OFFSET = 24


class CodeFile:
    """Append-only codes, ``codes-<generation>.bin``, and their columns, ``rows-<generation>.bin``.

    The codes file holds 128 bytes a row and nothing else; the rows file holds :data:`ROW_LAYOUT`. Neither has a header:
    the catalogue says how many rows count, and whatever lies behind them is the rest of a write that was cut off.
    Arrays that were handed out stay valid after later appends, but do not show them.
    """

    def __init__(self, folder: Path, generation: int, committed_rows: int, *, read_only: bool = False) -> None:
        """Opens the files, making them when they are missing and no row is committed, and cuts off uncommitted rows.

        Args:
            folder: The library folder.
            generation: Number in the names of the files.
            committed_rows: Rows that count.
            read_only: Open both files for reading: nothing is made or cut off, and a change raises LibraryError.

        Raises:
            LibraryDamagedError: A file is missing or shorter than the committed rows.
            LibraryError: A file cannot be opened, or is a link.
        """
        self.generation = generation
        self.codes_path, self.rows_path = code_paths(folder, generation)
        self._rows = committed_rows
        self._codes: CodeArray | None = None
        self._columns: NDArray[np.void] | None = None
        self._codes_descriptor = _open(self.codes_path, committed_rows, CODE_BYTES, read_only)
        try:
            self._rows_descriptor = _open(self.rows_path, committed_rows, ROW_LAYOUT.itemsize, read_only)
        except BaseException:
            os.close(self._codes_descriptor)
            raise
        if read_only:
            return
        try:
            with library_errors(self.codes_path, "open"):
                sync_folder(folder)
            self.truncate(committed_rows)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self._rows

    @property
    def codes(self) -> CodeArray:
        """All codes, uint8 [N, 128], read-only."""
        if self._codes is None:
            shape = (self._rows, CODE_BYTES)
            self._codes = map_rows(self._codes_descriptor, self.codes_path, np.dtype(np.uint8), shape)
        return self._codes

    @property
    def starts_seconds(self) -> TimeArray:
        """Time of the first frame of each row's run, float64 [N], read-only."""
        return self._column("start_seconds")

    @property
    def ends_seconds(self) -> TimeArray:
        """Time of the last frame of each row's run, float64 [N], read-only."""
        return self._column("end_seconds")

    @property
    def video_numbers(self) -> RowArray:
        """Number of the video that each row belongs to, int64 [N], read-only."""
        return self._column("video_number")

    @property
    def representatives(self) -> RowArray:
        """Row that stands for each row in the frame index, int64 [N], read-only."""
        return self._column("representative")

    @property
    def searchable(self) -> BoolArray:
        """False for rows that stay out of look-up, [N]; a copy."""
        flags: NDArray[np.uint8] = self._column("searchable")
        return np.not_equal(flags, 0)

    def append(self, codes: VideoCodes, video_number: int, representatives: RowArray) -> range:
        """Adds the rows of one video and puts them on the disk.

        The rows exist for this object at once, and for the library only when the catalogue has committed them.

        Args:
            codes: N rows.
            video_number: Number of the video in the catalogue.
            representatives: int64 [N], rows of the whole file; a negative value stands for the row itself.

        Returns:
            The N new rows.

        Raises:
            LibraryFullError: The disk is full; the files are as they were.
            LibraryError: They cannot be written; the files are as they were.
            ValueError: The representatives are not N rows that exist.
        """
        first, count = self._rows, len(codes)
        own = np.arange(first, first + count, dtype=np.int64)
        if representatives.shape != (count,) or representatives.dtype != np.int64:
            raise ValueError(
                f"representatives must be int64 [{count}], got {representatives.dtype} {list(representatives.shape)}"
            )
        if np.any(representatives >= first + count):
            raise ValueError(f"representative {representatives.max()} is not a row: there are {first + count}")
        columns = np.zeros(count, dtype=ROW_LAYOUT)
        columns["start_seconds"] = codes.starts_seconds
        columns["end_seconds"] = codes.ends_seconds
        columns["video_number"] = video_number
        columns["representative"] = np.where(representatives < 0, own, representatives)
        columns["searchable"] = codes.searchable
        self.append_rows(np.ascontiguousarray(codes.codes), columns)
        return range(first, first + count)

    def append_rows(self, codes: CodeArray, columns: NDArray[np.void]) -> None:
        """Adds rows as they lie in the files; :meth:`append` for whole videos.

        Args:
            codes: uint8 [N, 128], contiguous.
            columns: [N] of :data:`ROW_LAYOUT`, with every representative filled in.

        Raises:
            LibraryFullError: The disk is full; the files are as they were.
            LibraryError: They cannot be written; the files are as they were.
        """
        before = self._rows
        try:
            with library_errors(self.codes_path, "write"):
                _write_at(self._codes_descriptor, before * CODE_BYTES, codes.tobytes())
            with library_errors(self.rows_path, "write"):
                _write_at(self._rows_descriptor, before * ROW_LAYOUT.itemsize, columns.tobytes())
            self._sync()
        except BaseException:
            self.truncate(before)
            raise
        self._rows = before + len(codes)
        self._forget_maps()

    def truncate(self, rows: int) -> None:
        """Cuts both files to ``rows`` rows.

        Raises:
            LibraryError: The files cannot be cut.
            ValueError: There are fewer rows than that.
        """
        if not 0 <= rows <= self._rows:
            raise ValueError(f"cannot cut {self._rows} rows to {rows}")
        self._forget_maps()
        for descriptor, path, row_bytes in self._files():
            with library_errors(path, "truncate"):
                if os.fstat(descriptor).st_size != rows * row_bytes:
                    os.ftruncate(descriptor, rows * row_bytes)
                    os.fsync(descriptor)
        self._rows = rows

    def set_representatives(self, rows: RowArray, values: RowArray) -> None:
        """Names other rows as those that stand for ``rows``, and puts that on the disk.

        A crash in the middle leaves each row with either its old value or its new one.

        Args:
            rows: Rows to change, int64 [M].
            values: The new representatives, int64 [M].

        Raises:
            LibraryError: The file cannot be written.
            ValueError: A row or a value is out of range, or the lengths differ.
        """
        if rows.shape != values.shape or rows.ndim != 1:
            raise ValueError(f"rows and values must be of one length, got {rows.shape} and {values.shape}")
        if len(rows) == 0:
            return
        if min(rows.min(), values.min()) < 0 or max(rows.max(), values.max()) >= self._rows:
            raise ValueError(f"rows and values must be in 0 to {self._rows - 1}")
        # Written with calls, not through a map: a full disk is then an error and not a signal that kills the process.
        with library_errors(self.rows_path, "write"):
            for row, value in zip(rows.tolist(), values.tolist(), strict=True):
                offset = row * ROW_LAYOUT.itemsize + _REPRESENTATIVE_OFFSET
                _write_at(self._rows_descriptor, offset, value.to_bytes(8, "little", signed=True))
            os.fsync(self._rows_descriptor)

    def read(self, first_row: int, row_count: int, duration_seconds: float) -> VideoCodes:
        """Rows of one video; ``codes`` is a read-only view of the file, the other columns are copies."""
        rows = slice(first_row, first_row + row_count)
        columns = self.columns()[rows]
        return VideoCodes(
            codes=self.codes[rows],
            starts_seconds=np.ascontiguousarray(columns["start_seconds"]),
            ends_seconds=np.ascontiguousarray(columns["end_seconds"]),
            searchable=columns["searchable"] != 0,
            duration_seconds=duration_seconds,
        )

    def columns(self) -> NDArray[np.void]:
        """All columns, [N] of :data:`ROW_LAYOUT`, read-only."""
        if self._columns is None:
            self._columns = map_rows(self._rows_descriptor, self.rows_path, ROW_LAYOUT, (self._rows,))
        return self._columns

    def file_sizes(self) -> list[tuple[Path, int, int]]:
        """Path, bytes on the disk and bytes there should be, of both files."""
        return [
            (path, os.fstat(descriptor).st_size, self._rows * row_bytes)
            for descriptor, path, row_bytes in self._files()
        ]

    def close(self) -> None:
        """Closes the files; arrays that were handed out stay valid."""
        self._forget_maps()
        for descriptor in (self._codes_descriptor, self._rows_descriptor):
            if descriptor >= 0:
                os.close(descriptor)
        self._codes_descriptor = self._rows_descriptor = -1

    def _files(self) -> list[tuple[int, Path, int]]:
        return [
            (self._codes_descriptor, self.codes_path, CODE_BYTES),
            (self._rows_descriptor, self.rows_path, ROW_LAYOUT.itemsize),
        ]

    def _column(self, name: str) -> NDArray:  # type: ignore[type-arg]
        return self.columns()[name]

    def _sync(self) -> None:
        for descriptor, path, _ in self._files():
            with library_errors(path, "write"):
                os.fsync(descriptor)

    def _forget_maps(self) -> None:
        self._codes = None
        self._columns = None


def codes_checksum(codes: VideoCodes) -> int:
    """CRC-32 over codes, start times, end times and searchable flags, in that order, as they lie in the files."""
    checksum = zlib.crc32(np.ascontiguousarray(codes.codes).data)
    checksum = zlib.crc32(codes.starts_seconds.astype("<f8").tobytes(), checksum)
    checksum = zlib.crc32(codes.ends_seconds.astype("<f8").tobytes(), checksum)
    return zlib.crc32(codes.searchable.astype(np.uint8).tobytes(), checksum)


def code_paths(folder: Path, generation: int) -> tuple[Path, Path]:
    """The codes file and the rows file of a generation."""
    return folder / f"codes-{generation}.bin", folder / f"rows-{generation}.bin"


def map_rows(descriptor: int, path: Path, dtype: np.dtype, shape: tuple[int, ...]) -> NDArray:  # type: ignore[type-arg]
    """The beginning of an open file as a read-only array; it stays valid when the file is closed.

    Args:
        descriptor: Of the file.
        path: Of the file, for messages.
        dtype: Of the array.
        shape: Of the array, [N, ...].

    Raises:
        LibraryDamagedError: The file is shorter.
        LibraryError: It is closed, or cannot be mapped.
    """
    size = math.prod(shape) * dtype.itemsize
    if size == 0:  # an empty file cannot be mapped
        empty = np.zeros(shape, dtype=dtype)
        empty.flags.writeable = False
        return empty
    with library_errors(path, "read"):
        if descriptor < 0:  # which to mmap means memory without a file
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        found = os.fstat(descriptor).st_size
        if found < size:
            raise _damaged(path, found // (size // shape[0]), shape[0])
        mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype=dtype).reshape(shape)


def _open(path: Path, committed_rows: int, row_bytes: int, read_only: bool) -> int:
    with library_errors(path, "open"):
        if committed_rows > 0:
            status = check_plain(path)
            size = 0 if status is None else status.st_size
            if size < committed_rows * row_bytes:
                raise _damaged(path, size // row_bytes, committed_rows)
        return open_file(path, os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT)


def _damaged(path: Path, rows: int, committed_rows: int) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"{path} is damaged: it holds {rows} rows and the catalogue counts {committed_rows}. "
        "Restore it from a backup, or index the videos again into another folder with library=DIR."
    )


def _write_at(descriptor: int, offset: int, data: bytes) -> None:
    os.lseek(descriptor, offset, os.SEEK_SET)
    write_all(descriptor, data)
