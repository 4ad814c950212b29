import builtins
import copyreg
import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from vdup.feature_files.array_parts import RefusedPickleError
from vdup.feature_files.array_pickle import read_plain_pickle

RANDOM = np.random.default_rng(3)
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "features": RANDOM.standard_normal((7, 5)).astype(np.float32),
    "half": RANDOM.standard_normal((3, 2, 4)).astype(np.float16),
    "double": RANDOM.standard_normal(4),
    "by columns": np.asfortranarray(RANDOM.standard_normal((3, 4)).astype(np.float32)),
    "big endian": RANDOM.standard_normal((2, 3)).astype(">f4"),
    "whole": np.arange(-5, 5, dtype=np.int64),
    "bytes": np.arange(256, dtype=np.uint8),
    "truth": np.array([[True, False]]),
    "names": np.array(["wrC_Uqk3juY", "ä"]),
    "empty": np.zeros((0, 512), dtype=np.float32),
    "a number": np.array(2.5),
    "slice": np.arange(20, dtype=np.float32).reshape(4, 5)[::2, 1:3],
}


def assert_same(found: object, expected: np.ndarray[Any, Any]) -> None:
    assert isinstance(found, np.ndarray)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_protocol(name: str, protocol: int) -> None:
    assert_same(read_plain_pickle(pickle.dumps(ARRAYS[name], protocol)), ARRAYS[name])


def test_text_of_protocol_0() -> None:
    assert read_plain_pickle(pickle.dumps({"a": [1, 2.5, None, True, "ä\n'"]}, 0)) == {
        "a": [1, 2.5, None, True, "ä\n'"]
    }


@pytest.mark.parametrize("protocol", [2, 3])
def test_names_of_numpy_1(protocol: int) -> None:
    data = pickle.dumps(ARRAYS["features"], protocol)
    assert b"numpy._core.multiarray" in data
    assert_same(read_plain_pickle(data.replace(b"numpy._core", b"numpy.core")), ARRAYS["features"])


def python_2_pickle(values: np.ndarray[Any, Any]) -> bytes:
    """An array as cPickle of Python 2 wrote it in protocol 2: contents, formats and order as byte strings."""
    raw, (rows, columns) = values.tobytes(), values.shape
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03"
        b"(K\x01\x8a\x01" + bytes([rows]) + b"\x8a\x01" + bytes([columns]) + b"\x86cnumpy\ndtype\nq\x04U\x02f4K\x00"
        b"K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + len(raw).to_bytes(4, "little")
        + raw
        + b"tb."
    )  # fmt: skip


def test_python_2() -> None:
    data = python_2_pickle(ARRAYS["features"])
    assert_same(pickle.loads(data, encoding="latin1"), ARRAYS["features"])  # the bytes above are what they claim to be
    assert_same(read_plain_pickle(data), ARRAYS["features"])


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_containers(protocol: int) -> None:
    shared = ARRAYS["features"]
    value = {"a/b": [shared, shared], 3: (None, -7, 1 << 70, 2.5), "set": {"x", 1}, (1, "k"): frozenset({b"y"})}
    found = read_plain_pickle(pickle.dumps(value, protocol))
    assert isinstance(found, dict)
    pair = found.pop("a/b")
    assert_same(pair[0], shared)
    assert pair[1] is pair[0]
    value.pop("a/b")
    assert found == value


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_of_numpy(protocol: int) -> None:
    assert read_plain_pickle(pickle.dumps({"clip": np.float32(2.5), "n": np.int64(7)}, protocol)) == {
        "clip": 2.5,
        "n": 7,
    }


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


def line(text: str) -> bytes:
    return text.encode() + b"\n"


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def touching(marker: Path) -> dict[str, bytes]:
    """Pickles that make a file when Python's own machine reads them."""
    path = str(marker)
    touch, quoted = f"touch {path}", f"open({path!r}, 'w').close()"
    array, call = pickle.dumps(ARRAYS["features"], 2), text(touch) + b"\x85R."
    return {
        "os.system": pickle.dumps(Calls(os.system, touch)),
        "eval": pickle.dumps(Calls(builtins.eval, quoted), 2),
        "exec": pickle.dumps(Calls(builtins.exec, quoted), 4),
        "getattr": b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(Vos\ntRVsystem\ntR(V" + line(touch) + b"tR.",
        "in a container": pickle.dumps({"features": [ARRAYS["features"], (Calls(os.system, touch),)]}),
        "behind an array": array[:-1] + b"0" + b"cos\nsystem\n(V" + line(touch) + b"tR.",
        "old instance": b"(V" + line(touch) + b"ios\nsystem\n.",
        "old object": b"(cos\nsystem\nV" + line(touch) + b"o.",
        "names on the stack": b"\x80\x04" + text("os") + text("system") + b"\x93" + call,
        "names from memory": b"\x80\x04" + text("system") + b"\x940" + text("os") + b"h\x00\x93" + call,
        "name with dots": b"\x80\x04" + text("os") + text("path.os.system") + b"\x93" + call,
        "number formats with objects": pickle.dumps(np.array([Calls(os.system, touch)], dtype=object)),
        "state of an array": array[:-1] + b"(dVx\ncos\nsystem\n(V" + line(touch) + b"tRstb.",
        "arguments of a format": b"cnumpy\ndtype\n(cos\nsystem\n(V" + line(touch) + b"tRtR.",
        "file as an array": b"cnumpy\nload\n(cos\nsystem\n(V" + line(touch) + b"tRtR.",
        "extension": b"\x80\x02\x82\xf0(V" + line(touch) + b"tR.",
    }  # fmt: skip


@pytest.fixture
def extension() -> Iterator[None]:
    copyreg.add_extension("os", "system", 0xF0)
    yield
    copyreg.remove_extension("os", "system", 0xF0)


@pytest.mark.parametrize("name", touching(Path("x")))
def test_nothing_is_executed(name: str, tmp_path: Path, extension: None) -> None:
    marker = tmp_path / "was-here"
    data = touching(marker)[name]
    with pytest.raises(RefusedPickleError):
        read_plain_pickle(data)
    assert not marker.exists()
    # The same bytes do run where they are not refused.
    with suppress(Exception):
        pickle.loads(data)
    assert marker.exists()


REFUSED = {
    "a class": (b"cos\nsystem\n.", "os.system"),
    "dots": (b"\x80\x04\x8c\x05numpy\x8c\x1ccore.multiarray._reconstruct\x93.", "is no part of an array"),
    "other names of numpy": (b"cnumpy.core.multiarray\nfromfile\n.", "numpy.core.multiarray.fromfile"),
    "a name alone": (b"cnumpy\nndarray\n.", "never made"),
    "a name in a list": (b"(cnumpy\nndarray\nl.", "never made"),
    "no contents": (b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR.", "never made"),
    "calling an array": (b"cnumpy\nndarray\n)R.", "calls something"),
    "calling text": (b"Vos.system\n)R.", "calls something"),
    "own class": (b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\n(I0\ntS'b'\ntR.", "class of its own"),
    "objects": (b"cnumpy\ndtype\n(VO8\nI00\nI01\ntR.", "no plain numbers"),
    "records": (b"cnumpy\ndtype\n(VV8\nI00\nI01\ntR.", "no plain numbers"),
    "dates": (b"cnumpy\ndtype\n(VM8\nI00\nI01\ntR.", "no plain numbers"),
    "a format with commas": (b"cnumpy\ndtype\n(Vf4,O\nI00\nI01\ntR.", "no plain numbers"),
    "fields": (b"cnumpy\ndtype\n(Vf4\nI00\nI01\ntR(I3\nV<\nN(Va\ntNI-1\nI-1\nI0\ntb.", "records"),
    "state of text": (b"Vx\n(dVy\nVz\nsb.", "sets the insides"),
    "state of a name": (b"cnumpy\ndtype\n(dVy\nVz\nsb.", "sets the insides"),
    "state of a list": (b"(l(dVy\nVz\nsb.", "sets the insides"),
    "other text as bytes": (b"c_codecs\nencode\n(Vx\nVrot13\ntR.", "in a way"),
    "bytes of a number": (b"cbuiltins\nbytes\n(I9\ntR.", "in a way"),
    "new object": (b"\x80\x02cnumpy\nndarray\n)\x81.", "NEWOBJ"),
    "persistent": (b"Pos.system\n.", "PERSID"),
    "buffer from outside": (b"\x80\x05\x97.", "NEXT_BUFFER"),
    "a list as a key": (b"(d(lVx\ns.", "as the key"),
    "an array as a key": (b"(d" + pickle.dumps(ARRAYS["double"], 2)[2:-1] + b"Vx\ns.", "as the key"),
    "no end": (b"Vx\n", "damaged"),
    "nothing": (b"", "damaged"),
    "no value": (b".", "damaged"),
    "mark at the end": (b"(.", "damaged"),
    "memory of nothing": (b"h\x07.", "damaged"),
    "no mark": (b"Vx\nt.", "damaged"),
    "half a pair": (b"(Vx\nd.", "damaged"),
    "append to text": (b"Vx\nVy\na.", "damaged"),
    "no opcode": (b"\xff\xfe", "damaged"),
    "more bytes than there are": (b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"x.", "damaged"),
    "self": (b"(lp0\ng0\na.", "more than 64 deep"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(RefusedPickleError, match=reason):
        read_plain_pickle(data)


def test_containers_within_one_another() -> None:
    deep: Any = 1.0
    for _ in range(70):
        deep = [deep]
    with pytest.raises(RefusedPickleError, match="more than 64 deep"):
        read_plain_pickle(pickle.dumps(deep))


def test_parts_shared_many_times_are_gone_through_once() -> None:
    value: Any = "x"
    for _ in range(50):  # 2 ** 50 ways down
        value = [value, value]
    found: Any = read_plain_pickle(pickle.dumps(value))
    for _ in range(50):
        found = found[1]
    assert found == "x"


@pytest.mark.parametrize("shape", [(7, 6), (35,), (-7, -5), (7, 5, 1 << 60)])
def test_shape_that_does_not_fit_its_contents(shape: tuple[int, ...]) -> None:
    class Lies:
        def __reduce__(self) -> tuple[Any, ...]:
            make, arguments, (version, _, *rest) = cast("Any", ARRAYS["features"].__reduce__())
            return make, arguments, (version, shape, *rest)

    data = pickle.dumps(Lies())
    if shape == (35,):
        assert len(ARRAYS["features"].ravel()) == 35
        assert_same(read_plain_pickle(data), ARRAYS["features"].ravel())
    else:
        with pytest.raises(RefusedPickleError, match="damaged"):
            read_plain_pickle(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_short(share: float) -> None:
    data = pickle.dumps(ARRAYS["features"])
    with pytest.raises(RefusedPickleError, match="damaged"):
        read_plain_pickle(data[: int(len(data) * share)])


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_random_damage_ends_in_an_error_or_in_plain_values() -> None:
    data = pickle.dumps({"a": ARRAYS["features"], "b": [1, "x"]}, 4)
    random = np.random.default_rng(5)
    refused = 0
    for _ in range(2000):
        spoilt = bytearray(data)
        for place in random.integers(0, len(data), 3):
            spoilt[place] = random.integers(0, 256)
        try:
            read_plain_pickle(bytes(spoilt))
        except RefusedPickleError:
            refused += 1
    assert 500 < refused < 2000
