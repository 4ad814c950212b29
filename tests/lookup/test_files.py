import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lookup.code_factory import shot_codes
from numpy.typing import NDArray

from vdup.config import FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, MultiHashIndexConfig
from vdup.errors import IndexFileError, LibraryFullError
from vdup.lookup import files
from vdup.lookup.build import build_index, load_index
from vdup.lookup.files import IndexHeader, read_header, read_index_file, write_index_file

CONFIGS: dict[str, FrameIndexConfig] = {
    "flat": FlatIndexConfig(),
    "ivf": IVFIndexConfig(),
    "multihash": MultiHashIndexConfig(keys=4, key_bits=8),
}
REMEDY = "python -m vdup.library action=rebuild library="


@pytest.fixture(params=CONFIGS.keys())
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    codes = shot_codes(100, np.random.default_rng(3))
    path = tmp_path / "frames.index"
    build_index(CONFIGS[request.param], np.arange(100, dtype=np.int64), codes).save(path, {"last_row": 99, "note": "ä"})
    return path


def forged(kind: str, parameters: dict[str, int], rows: int, **changes: object) -> dict[str, object]:
    return {"kind": kind, "parameters": parameters, "rows": rows, "stamp": {}, **changes}


def write_forged(path: Path, described: object, payload: bytes = b"") -> None:
    """A file whose checksums agree, whatever it says."""
    header = json.dumps(described).encode()
    start = b"VDUPIDX\x01" + len(header).to_bytes(4, "little") + hashlib.sha256(header).digest()
    path.write_bytes(start + header + payload)


def test_header_keeps_the_stamp(saved: Path) -> None:
    header = read_header(saved)
    assert header.stamp == {"last_row": 99, "note": "ä"}
    assert header.rows == 100
    assert header.kind == load_index(saved).kind


def test_equal_content_gives_equal_files(saved: Path) -> None:
    again = saved.with_name("again.index")
    load_index(saved).save(again, read_header(saved).stamp)
    assert again.read_bytes() == saved.read_bytes()


def test_every_truncation_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in [*range(0, 600, 7), len(whole) // 2, len(whole) - 1]:
        saved.write_bytes(whole[:length])
        with pytest.raises(IndexFileError, match=REMEDY):
            load_index(saved)


def test_every_flipped_byte_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    for place in [*range(0, 600, 5), *range(600, len(whole), 97), len(whole) - 1]:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(IndexFileError, match=REMEDY):
            load_index(saved)


def test_appended_bytes_are_noticed(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(IndexFileError, match="bytes of rows"):
        load_index(saved)


@pytest.mark.parametrize("junk", [b"", b"junk", os.urandom(5000), b"IBwF" + bytes(500), b"\x80\x04K\x01."])
def test_junk_is_refused(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "frames.index"
    path.write_bytes(junk)
    with pytest.raises(IndexFileError, match="is not a frame index"):
        load_index(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.index", tmp_path):
        with pytest.raises(IndexFileError, match="cannot be read"):
            load_index(path)
        with pytest.raises(IndexFileError, match="cannot be read"):
            read_header(path)


def test_other_version_is_named(saved: Path) -> None:
    whole = bytearray(saved.read_bytes())
    whole[7] = 2
    saved.write_bytes(whole)
    with pytest.raises(IndexFileError, match="has format 2, and this program reads format 1"):
        read_header(saved)


@pytest.mark.parametrize(
    "described",
    [
        [],
        {"kind": "flat"},
        forged("flat", {}, 0),
        forged("flat", {}, 0, arrays=[{"name": "codes", "dtype": "object", "shape": [1]}]),
        forged("flat", {}, 0, arrays=[{"name": "codes", "dtype": "uint8", "shape": ["x"]}]),
        forged("flat", {}, 0, arrays=[{"name": "codes", "dtype": "uint8", "shape": [1 << 60, 128]}]),
        forged("flat", {}, 0, arrays=[{"name": "codes", "dtype": "uint8", "shape": [-1, -128]}]),
        forged("flat", {}, 0, arrays=[], sha256=hashlib.sha256().hexdigest()),
        forged("annoy", {}, 0, arrays=[], sha256=hashlib.sha256().hexdigest()),
        forged("ivf", {"trees": 4}, 0, arrays=[], sha256=hashlib.sha256().hexdigest()),
    ],
)
def test_headers_that_make_no_sense_are_refused(tmp_path: Path, described: object) -> None:
    path = tmp_path / "frames.index"
    write_forged(path, described)
    with pytest.raises(IndexFileError, match=REMEDY):
        load_index(path)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *((kind, "row_ids", np.zeros(100, dtype=np.int64)) for kind in CONFIGS),
        *((kind, "row_ids", np.arange(99, dtype=np.int64)) for kind in CONFIGS),
        *((kind, "codes", np.zeros((100, 64), dtype=np.uint8)) for kind in CONFIGS),
        *((kind, "codes", np.zeros((100, 128), dtype=np.int64)) for kind in CONFIGS),
        ("ivf", "centres", np.zeros((3, 128), dtype=np.uint8)),
        ("ivf", "centres", np.zeros((2, 64), dtype=np.uint8)),
        ("ivf", "list_sizes", np.array([1, 100], dtype=np.int64)),
        ("ivf", "list_sizes", np.array([-1, 101], dtype=np.int64)),
        ("multihash", "bit_order", np.zeros(1024, dtype=np.int64)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, kind: str, name: str, value: NDArray[Any]) -> None:
    path = tmp_path / "frames.index"
    codes = shot_codes(100, np.random.default_rng(3))
    build_index(CONFIGS[kind], np.arange(100, dtype=np.int64), codes).save(path)
    header, arrays = read_index_file(path)
    write_index_file(path, header, {**arrays, name: value})
    with pytest.raises(IndexFileError, match="do not fit together"):
        load_index(path)


def test_wrong_number_of_rows_is_refused(saved: Path) -> None:
    header, arrays = read_index_file(saved)
    write_index_file(saved, IndexHeader(header.kind, header.parameters, 101, {}), arrays)
    with pytest.raises(IndexFileError, match="100 rows where 101"):
        load_index(saved)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = saved.read_bytes()
    index = load_index(saved)
    monkeypatch.setattr(files, "create_file", lambda path: os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(LibraryFullError, match="free some space"):
        index.save(saved)
    assert saved.read_bytes() == whole
    assert [entry.name for entry in saved.parent.iterdir()] == ["frames.index"]


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, LibraryFullError), (errno.EIO, OSError)])
def test_failed_write_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    whole = saved.read_bytes()
    index = load_index(saved)

    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(error):
        index.save(saved)
    assert saved.read_bytes() == whole
    assert [entry.name for entry in saved.parent.iterdir()] == ["frames.index"]


def test_left_over_temporary_file_is_no_hindrance(saved: Path) -> None:
    (saved.parent / "frames.index.tmp").write_bytes(b"from a run that was killed")
    load_index(saved).save(saved, {"last_row": 7})
    assert read_header(saved).stamp == {"last_row": 7}
    assert [entry.name for entry in saved.parent.iterdir()] == ["frames.index"]


def test_stamp_must_be_plain(saved: Path) -> None:
    with pytest.raises(TypeError):
        load_index(saved).save(saved, {"last_row": object()})  # type: ignore[dict-item]
