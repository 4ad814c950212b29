"""Index files: one file that is whole or refused.

Layout: 8 bytes of magic with the format's version, the header's length (4 bytes, little-endian), SHA-256 of the
header, the header as JSON, then the arrays one after another. The header holds kind, parameters, number of rows, the
caller's stamp, the arrays' types and shapes, and SHA-256 of the arrays. faiss' own format is not used: it has no
checksum, and its multi-hash writer loses the fullest bucket when the number of rows is a power of two.
"""

import errno
import hashlib
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdup.errors import IndexFileError, LibraryFullError
from vdup.library_files import create_file, open_file
from vdup.lookup.base import Stamp

_MAGIC = b"VDUPIDX"
_VERSION = 1
_HEADER_BYTES_AT_MOST = 1 << 20
_DTYPES: dict[str, np.dtype[Any]] = {"int64": np.dtype("<i8"), "uint8": np.dtype("u1")}
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class IndexHeader:
    """What an index file says of itself."""

    kind: str
    parameters: dict[str, int]
    rows: int
    """Rows that can be found."""
    stamp: Stamp
    """The caller's values."""


def write_index_file(path: Path, header: IndexHeader, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Replaces a file in one step.

    Args:
        path: the file; its folder must exist. A file of this name plus ``.tmp`` is replaced.
        header: what to note beside the arrays.
        arrays: int64 or uint8, any shape.

    Raises:
        TypeError: a value of the stamp is not plain.
        LibraryFullError: no space left; the old file is unchanged.
        OSError: another failure of the disk; the old file is unchanged.
    """
    columns = {name: np.ascontiguousarray(array, dtype=_DTYPES[array.dtype.name]) for name, array in arrays.items()}
    digest = hashlib.sha256()
    for column in columns.values():
        digest.update(_as_bytes(column))
    layout = [{"name": name, "dtype": column.dtype.name, "shape": column.shape} for name, column in columns.items()]
    described = json.dumps({**asdict(header), "arrays": layout, "sha256": digest.hexdigest()}).encode()
    temporary = path.with_name(path.name + ".tmp")
    try:
        with os.fdopen(create_file(temporary), "wb") as file:
            file.write(_MAGIC + bytes([_VERSION]) + len(described).to_bytes(4, "little"))
            file.write(hashlib.sha256(described).digest() + described)
            for column in columns.values():
                file.write(_as_bytes(column))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in _DISK_FULL:
            size = sum(column.nbytes for column in columns.values())
            raise LibraryFullError(
                f"{path}: no space left for the frame index, which takes {size / 2**20:.1f} MiB. The previous file, "
                "if there was one, is unchanged: free some space and run the command again"
            ) from error
        raise
    _sync_folder(path.parent)


def read_header(path: Path) -> IndexHeader:
    """Header of an index file; its arrays are not looked at.

    Raises:
        IndexFileError: missing, damaged, or of another format.
        LibraryError: a link, or no regular file.
    """
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            header, _ = _read_description(path, file)
    except OSError as error:
        raise refused(path, f"cannot be read ({error.strerror or error})") from error
    return header


def read_index_file(path: Path) -> tuple[IndexHeader, dict[str, NDArray[Any]]]:
    """Header and arrays of an index file, every byte checked.

    Raises:
        IndexFileError: missing, truncated, damaged, or of another format.
        LibraryError: a link, or no regular file.
    """
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            header, described = _read_description(path, file)
            return header, _read_arrays(path, file, described)
    except OSError as error:
        raise refused(path, f"cannot be read ({error.strerror or error})") from error


def refused(path: Path, reason: str) -> IndexFileError:
    """The error for an index file that cannot be used; ``reason`` continues "the frame index ..."."""
    return IndexFileError(
        f"{path}: the frame index {reason}. Nothing is lost, it can be made again from the stored codes: "
        f"python -m vdup.library action=rebuild library={path.parent}"
    )


def _read_description(path: Path, file: BufferedReader) -> tuple[IndexHeader, dict[str, Any]]:
    start = file.read(len(_MAGIC) + 5)
    if len(start) < len(_MAGIC) + 5 or not start.startswith(_MAGIC):
        raise refused(path, "is not a frame index")
    version = start[len(_MAGIC)]
    if version != _VERSION:
        raise refused(path, f"has format {version}, and this program reads format {_VERSION}")
    length = int.from_bytes(start[-4:], "little")
    if length > _HEADER_BYTES_AT_MOST:
        raise refused(path, "has a damaged header")
    expected, described = file.read(32), file.read(length)
    if hashlib.sha256(described).digest() != expected:
        raise refused(path, "has a damaged header")
    try:
        values = json.loads(described)
        header = IndexHeader(values["kind"], values["parameters"], values["rows"], values["stamp"])
    except (ValueError, KeyError, TypeError) as error:
        raise refused(path, "has a header that does not describe an index") from error
    return header, values


def _read_arrays(path: Path, file: BufferedReader, described: dict[str, Any]) -> dict[str, NDArray[Any]]:
    try:
        layout = [
            (str(entry["name"]), _DTYPES[entry["dtype"]], tuple(int(side) for side in entry["shape"]))
            for entry in described["arrays"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise refused(path, "has a header that does not describe an index") from error
    promised = sum(dtype.itemsize * math.prod(shape) for _, dtype, shape in layout)
    present = os.fstat(file.fileno()).st_size - file.tell()
    # Compared before anything is allocated: a damaged shape must not ask for all memory.
    if promised != present:
        raise refused(path, f"holds {present:,} bytes of rows where {promised:,} were written")
    digest = hashlib.sha256()
    arrays: dict[str, NDArray[Any]] = {}
    for name, dtype, shape in layout:
        arrays[name] = column = np.empty(shape, dtype=dtype)
        if file.readinto(_as_bytes(column)) != column.nbytes:
            raise refused(path, "ends too early")
        digest.update(_as_bytes(column))
    if digest.hexdigest() != described.get("sha256"):
        raise refused(path, "is damaged: its checksum does not agree")
    return arrays


def _as_bytes(array: NDArray[np.generic]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _sync_folder(folder: Path) -> None:
    """Makes the new name of a file last through a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
