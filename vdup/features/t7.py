"""Reader of tensors in the binary serialisation of Torch 7 (``.t7``).

The format is a tree of tagged values, little endian::

    value   = int32 type, body
    number  (1) = float64                 boolean (5) = int32
    string  (2) = int32 length, bytes     nil     (0) = nothing
    table   (3) = int32 index, int32 n, n times (value key, value value)
    object  (4) = int32 index, string "V 1", string class name, body of that class
    tensor body  = int32 n, n times int64 size, n times int64 stride, int64 offset (from 1), value storage
    storage body = int64 n, n elements

An index names an object of the file; where it comes again, its body is left out. Functions (6-8) are refused, nothing
of a file is ever executed, and every length is checked against the bytes that are left.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdup.errors import WeightsError
from vdup.regular_file import read_regular

Tensor7: TypeAlias = NDArray[Any]
Value: TypeAlias = bool | float | str | Tensor7 | dict[Any, Any] | None

_NIL, _NUMBER, _STRING, _TABLE, _OBJECT, _BOOLEAN = range(6)

_ELEMENTS = {
    "Double": "<f8",
    "Float": "<f4",
    "Long": "<i8",
    "Int": "<i4",
    "Short": "<i2",
    "Char": "<i1",
    "Byte": "<u1",
}

_MAX_DEPTH = 64
_MAX_AXES = 16


@dataclass(frozen=True)
class _Storage:
    elements: Tensor7


def read_t7(path: Path) -> Value:
    """Reads the first value of a file.

    Returns:
        None, bool, float, str, an array for a tensor (a copy, of the tensor's shape), or a dict for a table.

    Raises:
        WeightsError: the file is missing, truncated, inconsistent, or holds something else than tensors, tables,
            strings, numbers and booleans.
    """
    try:
        data = read_regular(path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    value = _Reader(data, path).value(0)
    if isinstance(value, _Storage):
        raise WeightsError(f"{path} holds a bare storage, not a tensor")
    return value


def read_t7_tensor(path: Path) -> Tensor7:
    """Reads a file that holds one tensor.

    Raises:
        WeightsError: as :func:`read_t7`, or the value is no tensor.
    """
    value = read_t7(path)
    if not isinstance(value, np.ndarray):
        raise WeightsError(f"{path} holds a {type(value).__name__}, not a tensor; pass the file of the matrix or mean")
    return value


class _Reader:
    def __init__(self, data: bytes, path: Path) -> None:
        self._data = data
        self._path = path
        self._position = 0
        self._known: dict[int, dict[Any, Any] | Tensor7 | _Storage] = {}

    def value(self, depth: int) -> Value | _Storage:
        if depth > _MAX_DEPTH:
            raise self._damaged(f"values are nested more than {_MAX_DEPTH} deep")
        kind = self._int32()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return float(struct.unpack("<d", self._take(8))[0])
        if kind == _STRING:
            return self._string()
        if kind == _BOOLEAN:
            return self._int32() != 0
        if kind == _TABLE:
            return self._table(depth)
        if kind == _OBJECT:
            return self._object(depth)
        raise self._damaged(f"a value has type {kind}; functions and unknown types are refused")

    def _table(self, depth: int) -> dict[Any, Any]:
        index = self._int32()
        if index in self._known:
            known = self._known[index]
            if not isinstance(known, dict):
                raise self._damaged(f"object {index} is used as a table and is none")
            return known
        table: dict[Any, Any] = {}
        self._known[index] = table
        for _ in range(self._count(self._int32(), smallest_bytes=8)):
            key = self.value(depth + 1)
            if not isinstance(key, bool | float | str):
                raise self._damaged(f"a table has a {type(key).__name__} as key")
            table[key] = self.value(depth + 1)
        return table

    def _object(self, depth: int) -> Tensor7 | _Storage:
        index = self._int32()
        if index in self._known:
            known = self._known[index]
            if isinstance(known, dict):
                raise self._damaged(f"table {index} is used as a tensor")
            return known
        name = self._string()
        if name.startswith("V "):  # files of the first releases have no version before the class name
            name = self._string()
        family, _, kind = name.rpartition(".")
        made: Tensor7 | _Storage
        if family == "torch" and kind.removesuffix("Storage") in _ELEMENTS and kind.endswith("Storage"):
            made = self._storage(np.dtype(_ELEMENTS[kind.removesuffix("Storage")]))
        elif family == "torch" and kind.removesuffix("Tensor") in _ELEMENTS and kind.endswith("Tensor"):
            made = self._tensor(np.dtype(_ELEMENTS[kind.removesuffix("Tensor")]), depth)
        else:
            raise self._damaged(f"it holds an object of class {name!r}; only tensors of torch are read")
        self._known[index] = made
        return made

    def _storage(self, element: np.dtype[Any]) -> _Storage:
        count = self._count(self._int64(), smallest_bytes=element.itemsize)
        return _Storage(np.frombuffer(self._take(count * element.itemsize), dtype=element))

    def _tensor(self, element: np.dtype[Any], depth: int) -> Tensor7:
        axes = self._int32()
        if not 0 <= axes <= _MAX_AXES:
            raise self._damaged(f"a tensor has {axes} axes")
        sizes = [self._int64() for _ in range(axes)]
        strides = [self._int64() for _ in range(axes)]
        first = self._int64() - 1
        storage = self.value(depth + 1)
        if axes == 0 or 0 in sizes:
            return np.empty(sizes if axes and min(sizes) >= 0 else 0, dtype=element)
        if not isinstance(storage, _Storage) or storage.elements.dtype != element:
            raise self._damaged("a tensor comes without a storage of its type")
        if min(sizes) < 0 or min(strides) < 0 or first < 0:
            raise self._damaged(f"a tensor has sizes {sizes}, strides {strides} and offset {first + 1}")
        elements = storage.elements
        last = first + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        # The second test refuses stride 0, by which a small file could ask for any amount of memory.
        if last >= len(elements) or math.prod(sizes) > len(elements):
            raise self._damaged(f"a tensor of sizes {sizes} reaches beyond its storage of {len(elements)} elements")
        byte_strides = [stride * element.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(elements[first:], sizes, byte_strides, writeable=False).copy()

    def _string(self) -> str:
        length = self._count(self._int32(), smallest_bytes=1)
        return self._take(length).decode("utf-8", errors="replace")

    def _count(self, count: int, smallest_bytes: int) -> int:
        left = len(self._data) - self._position
        if count < 0 or count * smallest_bytes > left:
            raise self._damaged(f"a count of {count} does not fit into the {left} bytes that are left")
        return count

    def _int32(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def _int64(self) -> int:
        return int.from_bytes(self._take(8), "little", signed=True)

    def _take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._data):
            raise self._damaged("it ends too early")
        piece = self._data[self._position : end]
        self._position = end
        return piece

    def _damaged(self, reason: str) -> WeightsError:
        return WeightsError(
            f"{self._path} is not a usable Torch 7 file: {reason} (near byte {self._position}); download it again"
        )
