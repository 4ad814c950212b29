"""Arrays out of pickles of strangers, without executing them.

A pickle is a program for a small stack machine, and Python's own machine looks up and calls whatever the program
names. The one here has the same memory and stack, but nothing to look up and nothing to call: it knows the few names
that NumPy writes for its arrays (of NumPy 1 and 2, Python 2 and 3), builds these itself out of checked numbers, and
refuses all others. The opcodes are those of :mod:`pickletools`, which documents them.
"""

import io
import pickletools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from vdup.feature_files.array_parts import (
    MAKERS,
    Name,
    NumberFormat,
    RefusedPickleError,
    UnmadeArray,
    array_of_state,
    as_kind,
    known_name,
    plain_key,
    set_format,
    whole,
)

Step: TypeAlias = "Callable[[_Machine, object], None]"
"""What an instruction does with the machine and its argument."""


class _Mark:
    """Separates what belongs to a container from what lies below it on the stack."""


_MARK = _Mark()


def read_plain_pickle(data: bytes) -> object:
    """Reads a pickle of arrays.

    Args:
        data: the contents of the file, of protocol 0 to 5. Strings of Python 2 become text, a character a byte.

    Returns:
        Arrays (which may be read-only) of numbers or text, and the lists, tuples, dictionaries, sets, numbers, strings
        and bytes round them; nothing else.

    Raises:
        RefusedPickleError: the pickle is damaged or asks for anything else; nothing of it was executed.
    """
    try:
        return _Finish().of(_Machine().run(data))
    except RefusedPickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise RefusedPickleError(f"damaged: {error or type(error).__name__}") from error


class _Machine:
    """Stack and memory of one reading."""

    def __init__(self) -> None:
        self._stack: list[object] = []
        self._memory: dict[int, object] = {}

    def run(self, data: bytes) -> object:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(data)):
            if opcode.name == "STOP":
                return self._pop()
            step = _STEPS.get(opcode.name)
            if step is None:
                raise RefusedPickleError(f"it uses the instruction {opcode.name}, which arrays do not need")
            step(self, argument)
        raise RefusedPickleError("damaged: it does not end")

    def push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        value = self._stack.pop()
        if value is _MARK:
            raise RefusedPickleError("damaged: a value is missing")
        return value

    def _top(self) -> object:
        value = self._stack[-1]
        if value is _MARK:
            raise RefusedPickleError("damaged: a value is missing")
        return value

    def _above_mark(self) -> list[object]:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is _MARK:
                above = self._stack[place + 1 :]
                del self._stack[place:]
                return above
        raise RefusedPickleError("damaged: a container has no start")

    def push_mark(self, _: object) -> None:
        self._stack.append(_MARK)

    def pop_one(self, _: object) -> None:
        self._stack.pop()

    def pop_mark(self, _: object) -> None:
        self._above_mark()

    def duplicate(self, _: object) -> None:
        self.push(self._top())

    def remember(self, argument: object) -> None:
        self._memory[whole(argument)] = self._top()

    def memoize(self, _: object) -> None:
        self._memory[len(self._memory)] = self._top()

    def recall(self, argument: object) -> None:
        self.push(self._memory[whole(argument)])

    def make_list(self, _: object) -> None:
        self.push(self._above_mark())

    def make_tuple(self, _: object) -> None:
        self.push(tuple(self._above_mark()))

    def make_dict(self, _: object) -> None:
        self.push(dict(_pairs(self._above_mark())))

    def make_frozenset(self, _: object) -> None:
        self.push(frozenset(plain_key(value) for value in self._above_mark()))

    def append(self, _: object) -> None:
        value = self._pop()
        as_kind(list, self._top()).append(value)

    def append_all(self, _: object) -> None:
        values = self._above_mark()
        as_kind(list, self._top()).extend(values)

    def set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        as_kind(dict, self._top())[plain_key(key)] = value

    def set_items(self, _: object) -> None:
        values = self._above_mark()
        as_kind(dict, self._top()).update(_pairs(values))

    def add_items(self, _: object) -> None:
        values = self._above_mark()
        as_kind(set, self._top()).update(plain_key(value) for value in values)

    def name(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self.push(known_name(module, name))

    def name_on_stack(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self.push(known_name(as_kind(str, module), as_kind(str, name)))

    def call(self, _: object) -> None:
        arguments, name = self._pop(), self._pop()
        if not isinstance(name, Name) or name not in MAKERS:
            raise RefusedPickleError("it calls something that is no maker of arrays")
        self.push(MAKERS[name](as_kind(tuple, arguments)))

    def build(self, _: object) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, UnmadeArray):
            target.value = array_of_state(as_kind(tuple, state))
        elif isinstance(target, NumberFormat):
            set_format(target, as_kind(tuple, state))
        else:
            raise RefusedPickleError(f"it sets the insides of a value of type {type(target).__name__}")


def _pushed(make: Callable[[], object]) -> Step:
    return lambda machine, _: machine.push(make())


def _nothing(_machine: _Machine, _argument: object) -> None:
    """For what frames the program and makes no value."""


def _last_as_tuple(count: int) -> Step:
    def step(machine: _Machine, _: object) -> None:
        values = [machine._pop() for _ in range(count)]
        machine.push(tuple(reversed(values)))

    return step


_LITERALS = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
_STEPS: dict[str, Step] = {
    **dict.fromkeys(_LITERALS, _Machine.push),
    "NONE": _pushed(lambda: None),
    "NEWTRUE": _pushed(lambda: True),
    "NEWFALSE": _pushed(lambda: False),
    "EMPTY_LIST": _pushed(list),
    "EMPTY_TUPLE": _pushed(tuple),
    "EMPTY_DICT": _pushed(dict),
    "EMPTY_SET": _pushed(set),
    "PROTO": _nothing,
    "FRAME": _nothing,
    "MARK": _Machine.push_mark,
    "POP": _Machine.pop_one,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.remember),
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "LIST": _Machine.make_list,
    "TUPLE": _Machine.make_tuple,
    "TUPLE1": _last_as_tuple(1),
    "TUPLE2": _last_as_tuple(2),
    "TUPLE3": _last_as_tuple(3),
    "DICT": _Machine.make_dict,
    "FROZENSET": _Machine.make_frozenset,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.append_all,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_on_stack,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
}
"""Every instruction that is obeyed; those that look up, call or extend anything else are not among them."""


def _pairs(values: list[object]) -> Iterator[tuple[object, object]]:
    if len(values) % 2:
        raise RefusedPickleError("damaged: a key without a value")
    return ((plain_key(key), value) for key, value in zip(values[::2], values[1::2], strict=True))


class _Finish:
    """Puts every array into its place and checks that nothing else is left of the machine."""

    _DEEPEST = 64
    """Containers within one another; also ends a container that holds itself."""

    def __init__(self) -> None:
        self._done: dict[int, tuple[object, object]] = {}
        """Value and what became of it, by the identity of the value: parts may be shared many times over."""

    def of(self, value: object, depth: int = 0) -> object:
        if value is None or isinstance(value, bool | int | float | str | bytes | np.ndarray):
            return value
        if id(value) not in self._done:
            if depth > self._DEEPEST:
                raise RefusedPickleError(f"containers lie within one another more than {self._DEEPEST} deep")
            self._done[id(value)] = (value, self._made(value, depth + 1))
        return self._done[id(value)][1]

    def _made(self, value: object, depth: int) -> object:
        if isinstance(value, bytearray):
            return bytes(value)
        if isinstance(value, UnmadeArray) and value.value is not None:
            return value.value
        if isinstance(value, list):
            return [self.of(part, depth) for part in value]
        if isinstance(value, tuple):
            return tuple(self.of(part, depth) for part in value)
        if isinstance(value, dict):
            return {key: self.of(part, depth) for key, part in value.items()}
        if isinstance(value, set | frozenset):
            return value
        raise RefusedPickleError("it holds parts of an array that was never made")
