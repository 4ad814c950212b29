"""Writes values in the binary format of Torch 7, for the tests of its reader."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASS_NAMES = {"f4": "Float", "f8": "Double", "i8": "Long", "i4": "Int", "i2": "Short", "i1": "Char", "u1": "Byte"}


def number(value: float) -> bytes:
    return struct.pack("<id", 1, value)


def string(text: str) -> bytes:
    return struct.pack("<i", 2) + bare_string(text)


def boolean(value: bool) -> bytes:
    return struct.pack("<ii", 5, value)


def nil() -> bytes:
    return struct.pack("<i", 0)


def table(index: int, *pairs: tuple[bytes, bytes]) -> bytes:
    return struct.pack("<iii", 3, index, len(pairs)) + b"".join(key + value for key, value in pairs)


def reference(kind: int, index: int) -> bytes:
    """Second mention of a table (3) or object (4)."""
    return struct.pack("<ii", kind, index)


def torch_object(index: int, class_name: str, body: bytes, version: str | None = "V 1") -> bytes:
    head = b"" if version is None else bare_string(version)
    return struct.pack("<ii", 4, index) + head + bare_string(class_name) + body


def storage(index: int, elements: NDArray[Any], count: int | None = None) -> bytes:
    body = struct.pack("<q", len(elements) if count is None else count) + elements.tobytes()
    return torch_object(index, f"torch.{CLASS_NAMES[elements.dtype.str[1:]]}Storage", body)


def tensor_body(sizes: list[int], strides: list[int], offset: int, stored: bytes) -> bytes:
    axes = len(sizes)
    return struct.pack(f"<i{2 * axes + 1}q", axes, *sizes, *strides, offset) + stored


def tensor(array: NDArray[Any], index: int = 1) -> bytes:
    """A contiguous tensor with a storage of its own; takes the indices ``index`` and ``index + 1``."""
    strides = [stride // array.itemsize for stride in np.ascontiguousarray(array).strides]
    body = tensor_body(list(array.shape), strides, 1, storage(index + 1, array.ravel()))
    return torch_object(index, f"torch.{CLASS_NAMES[array.dtype.str[1:]]}Tensor", body)


def bare_string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<i", len(data)) + data
