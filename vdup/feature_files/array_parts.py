"""What a pickle may be made of: NumPy's arrays, number formats and single numbers, built here out of checked parts."""

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind")


class RefusedPickleError(ValueError):
    """A pickle is damaged, or asks for more than arrays, containers, numbers and strings."""


_MOST_NUMBERS = 1 << 40
"""Of one array; keeps the product of its lengths away from what no file holds."""


class Name(Enum):
    """What a pickle may name."""

    reconstruct = "an empty array"
    array = "the class of arrays"
    from_buffer = "an array over bytes"
    dtype = "the class of number formats"
    scalar = "one number"
    encode = "bytes written as text"
    bytes = "no bytes at all"
    set = "the class of sets"
    frozenset = "the class of frozen sets"


_NUMPY = {
    "ndarray": Name.array,
    "dtype": Name.dtype,
    "core.multiarray._reconstruct": Name.reconstruct,
    "core.multiarray.scalar": Name.scalar,
    "core.numeric._frombuffer": Name.from_buffer,
    "_core.multiarray._reconstruct": Name.reconstruct,
    "_core.multiarray.scalar": Name.scalar,
    "_core.numeric._frombuffer": Name.from_buffer,
}
_NAMES = {f"numpy.{name}": kind for name, kind in _NUMPY.items()} | {
    "_codecs.encode": Name.encode,
    **{
        f"{module}.{name.name}": name
        for module in ("builtins", "__builtin__")
        for name in (Name.set, Name.frozenset, Name.bytes)
    },
}

_NUMBER_FORMAT = re.compile(r"[<>=|]?(?:[biuf][1248]|[SU][0-9]{1,6})")
"""Truth values, whole and floating numbers, text of fixed width: nothing that holds objects."""


class NumberFormat:
    """A number format whose byte order is told after its kind."""

    def __init__(self, code: str) -> None:
        self.dtype = np.dtype(code)


class UnmadeArray:
    """An array whose contents are told after it was made."""

    value: NDArray[np.generic] | None = None


def known_name(module: str, name: str) -> Name:
    """What a pickle names; a name of another module's insides, with dots in it, is none.

    Raises:
        RefusedPickleError: it is no part of an array.
    """
    known = _NAMES.get(f"{module}.{name}")
    if known is None or "." in name:
        raise RefusedPickleError(f"it asks for {module}.{name}, which is no part of an array")
    return known


def _empty_array(arguments: tuple[object, ...]) -> UnmadeArray:
    if not arguments or arguments[0] is not Name.array:
        raise RefusedPickleError("it makes an array of a class of its own")
    return UnmadeArray()


def _array_of_buffer(arguments: tuple[object, ...]) -> NDArray[np.generic]:
    raw, number_format, shape, order = arguments
    return _array(raw, number_format, shape, order == "F")


def array_of_state(state: tuple[object, ...]) -> NDArray[np.generic]:
    """The array with the state that NumPy pickles: version, shape, format, whether by columns, and contents.

    Raises:
        RefusedPickleError: the parts do not fit one another.
        ValueError: parts are missing.
    """
    # The first of five is a version, which files of old leave out.
    shape, number_format, by_columns, raw = state[-4:]
    return _array(raw, number_format, shape, bool(by_columns))


def _array(raw: object, number_format: object, shape: object, by_columns: bool) -> NDArray[np.generic]:
    contents, dtype = _bytes(raw), as_kind(NumberFormat, number_format).dtype
    lengths = tuple(whole(length) for length in as_kind(tuple, shape))
    count = 1
    for length in lengths:
        count *= length
        if not 0 <= length <= _MOST_NUMBERS or count > _MOST_NUMBERS:
            raise RefusedPickleError(f"damaged: an array of shape {lengths}")
    if count * dtype.itemsize != len(contents):
        raise RefusedPickleError(f"damaged: {len(contents)} bytes for an array of {count} times {dtype.itemsize}")
    flat: NDArray[np.generic] = np.frombuffer(contents, dtype) if count else np.empty(0, dtype)
    return flat.reshape(lengths, order="F" if by_columns else "C")


def _number_format(arguments: tuple[object, ...]) -> NumberFormat:
    code = _text(arguments[0])
    if not _NUMBER_FORMAT.fullmatch(code):
        raise RefusedPickleError(f"it holds values of the format {code[:20]!r}, which are no plain numbers or text")
    return NumberFormat(code)


def set_format(target: NumberFormat, state: tuple[object, ...]) -> None:
    """Gives a number format its byte order.

    Raises:
        RefusedPickleError: it is made of several formats.
        ValueError: parts are missing.
    """
    _, order, *parts = state
    # Sub-arrays, names and fields of records.
    if any(part is not None for part in parts[:3]) or _text(order) not in ("<", ">", "|", "="):
        raise RefusedPickleError("it holds records, which are no plain numbers")
    if _text(order) in "<>":
        target.dtype = target.dtype.newbyteorder("<" if _text(order) == "<" else ">")


def _scalar(arguments: tuple[object, ...]) -> object:
    number_format, raw = arguments
    return _array(raw, number_format, (1,), False)[0].item()


def _encoded(arguments: tuple[object, ...]) -> bytes:
    text, coding = arguments
    if coding not in ("latin1", "latin-1"):
        raise RefusedPickleError("it holds bytes written as text in a way that arrays do not use")
    return as_kind(str, text).encode("latin-1")


def _no_bytes(arguments: tuple[object, ...]) -> bytes:
    if arguments:
        raise RefusedPickleError("it holds bytes written in a way that arrays do not use")
    return b""


def _set(arguments: tuple[object, ...]) -> set[object]:
    return {plain_key(value) for values in arguments for value in as_kind(list, values)}


def as_kind(kind: type[Kind], value: object) -> Kind:
    """The value, which must be of a kind.

    Raises:
        RefusedPickleError: it is of another.
    """
    if not isinstance(value, kind):
        raise RefusedPickleError(f"damaged: a {type(value).__name__} in the place of a {kind.__name__}")
    return value


def whole(value: object) -> int:
    """The value, which must be a count.

    Raises:
        RefusedPickleError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RefusedPickleError("damaged: a number that is no count")
    return value


def _text(value: object) -> str:
    """Text, which Python 2 wrote as bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else as_kind(str, value)


def _bytes(value: object) -> bytes | bytearray:
    """Contents of an array, which Python 2 wrote as a string."""
    return value if isinstance(value, bytes | bytearray) else as_kind(str, value).encode("latin-1")


def plain_key(value: object) -> object:
    """The value, which must be fit for a key: hashing tuples within tuples can be made to take forever.

    Raises:
        RefusedPickleError: it is not.
    """
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, tuple) and all(part is None or isinstance(part, int | float | str | bytes) for part in value):
        return value
    raise RefusedPickleError(f"a {type(value).__name__} as the key of a container")


Maker = Callable[[tuple[object, ...]], object]

MAKERS: dict[Name, Maker] = {
    Name.reconstruct: _empty_array,
    Name.from_buffer: _array_of_buffer,
    Name.dtype: _number_format,
    Name.scalar: _scalar,
    Name.encode: _encoded,
    Name.bytes: _no_bytes,
    Name.set: _set,
    Name.frozenset: lambda arguments: frozenset(_set(arguments)),
}
"""What each name stands for when a pickle calls it."""
