import errno
import os
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import assert_same_codes, make_codes

from vdup.catalogue.code_file import ROW_LAYOUT, CodeFile, codes_checksum
from vdup.errors import LibraryDamagedError, LibraryError, LibraryFullError
from vdup.types import CODE_BYTES, RowArray, VideoCodes


def _themselves(rows: int) -> RowArray:
    return np.full(rows, -1, dtype=np.int64)


def _sizes(folder: Path) -> tuple[int, int]:
    return (folder / "codes-0.bin").stat().st_size, (folder / "rows-0.bin").stat().st_size


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CodeFile]:
    file = CodeFile(tmp_path, 0, 0)
    yield file
    file.close()


def test_an_empty_file(file: CodeFile) -> None:
    assert len(file) == 0
    assert file.codes.shape == (0, CODE_BYTES)
    assert file.codes.dtype == np.uint8
    for column in (file.starts_seconds, file.ends_seconds, file.video_numbers, file.representatives, file.searchable):
        assert column.shape == (0,)


def test_columns_hold_what_was_appended(file: CodeFile) -> None:
    first, second = make_codes(5, seed=1), make_codes(3, seed=2)
    assert file.append(first, 7, _themselves(5)) == range(5)
    early = file.codes
    assert file.append(second, 9, np.array([4, -1, 6], dtype=np.int64)) == range(5, 8)
    assert len(early) == 5
    np.testing.assert_array_equal(early, first.codes)
    np.testing.assert_array_equal(file.codes, np.concatenate([first.codes, second.codes]))
    np.testing.assert_array_equal(file.starts_seconds[5:], second.starts_seconds)
    np.testing.assert_array_equal(file.ends_seconds[:5], first.ends_seconds)
    np.testing.assert_array_equal(file.searchable, np.concatenate([first.searchable, second.searchable]))
    assert file.video_numbers.tolist() == [7] * 5 + [9] * 3
    assert file.representatives.tolist() == [0, 1, 2, 3, 4, 4, 6, 6]
    assert_same_codes(file.read(5, 3, second.duration_seconds), second)


def test_arrays_are_plain_and_read_only(file: CodeFile) -> None:
    file.append(make_codes(2), 1, _themselves(2))
    assert type(file.codes) is np.ndarray
    for array in (file.codes, file.starts_seconds, file.representatives):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_video_without_rows(file: CodeFile) -> None:
    assert file.append(make_codes(0), 1, _themselves(0)) == range(0)
    assert len(file.read(0, 0, 1.0)) == 0


def test_the_layout_on_the_disk_is_the_documented_one(tmp_path: Path, file: CodeFile) -> None:
    codes = make_codes(3, seed=4)
    file.append(codes, 258, np.array([-1, -1, 0], dtype=np.int64))
    wanted = b"".join(
        struct.pack(
            "<ddqqB7x", codes.starts_seconds[row], codes.ends_seconds[row], 258, own, int(codes.searchable[row])
        )
        for row, own in enumerate([0, 1, 0])
    )
    assert (tmp_path / "rows-0.bin").read_bytes() == wanted
    assert (tmp_path / "codes-0.bin").read_bytes() == codes.codes.tobytes()


def test_codes_that_are_no_contiguous_block(file: CodeFile) -> None:
    whole = make_codes(6)
    every_second = VideoCodes(
        codes=whole.codes[::2],
        starts_seconds=whole.starts_seconds[::2],
        ends_seconds=whole.ends_seconds[::2],
        searchable=whole.searchable[::2],
        duration_seconds=12.0,
    )
    file.append(every_second, 1, _themselves(3))
    assert_same_codes(file.read(0, 3, 12.0), every_second)
    assert codes_checksum(every_second) == codes_checksum(file.read(0, 3, 12.0))


@pytest.mark.parametrize(
    "representatives",
    [np.zeros(2, np.int64), np.zeros(3, np.int32), np.zeros((3, 1), np.int64), np.array([0, 1, 3], np.int64)],
)
def test_representatives_that_do_not_fit(representatives: RowArray, file: CodeFile) -> None:
    with pytest.raises(ValueError, match="representative"):
        file.append(make_codes(3), 1, representatives)
    assert len(file) == 0


@pytest.mark.parametrize("extra", [(1, 0), (0, 1), (5 * CODE_BYTES + 3, 40), (0, 2 * 40 + 39), (256, 80)])
def test_what_lies_behind_the_committed_rows_is_cut_off(extra: tuple[int, int], tmp_path: Path, file: CodeFile) -> None:
    codes = make_codes(4)
    file.append(codes, 1, _themselves(4))
    file.close()
    for name, count in zip(("codes-0.bin", "rows-0.bin"), extra, strict=True):
        with (tmp_path / name).open("ab") as stream:
            stream.write(b"\x5a" * count)
    again = CodeFile(tmp_path, 0, 4)
    assert _sizes(tmp_path) == (4 * CODE_BYTES, 4 * ROW_LAYOUT.itemsize)
    assert_same_codes(again.read(0, 4, codes.duration_seconds), codes)
    again.append(codes, 2, _themselves(4))
    assert_same_codes(again.read(4, 4, codes.duration_seconds), codes)
    again.close()


@pytest.mark.parametrize("name", ["codes-0.bin", "rows-0.bin"])
@pytest.mark.parametrize("missing", [True, False])
def test_files_shorter_than_the_committed_rows_are_damage(
    name: str, missing: bool, tmp_path: Path, file: CodeFile
) -> None:
    file.append(make_codes(4), 1, _themselves(4))
    file.close()
    if missing:
        (tmp_path / name).unlink()
    else:
        os.truncate(tmp_path / name, (tmp_path / name).stat().st_size - 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LibraryDamagedError, match=rf"{name} is damaged: it holds {0 if missing else 3} rows .* 4"):
        CodeFile(tmp_path, 0, 4)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_truncate(tmp_path: Path, file: CodeFile) -> None:
    file.append(make_codes(4), 1, _themselves(4))
    file.truncate(1)
    assert len(file) == len(file.codes) == len(file.video_numbers) == 1
    assert _sizes(tmp_path) == (CODE_BYTES, ROW_LAYOUT.itemsize)
    for rows in (-1, 2):
        with pytest.raises(ValueError, match="cannot cut 1 rows"):
            file.truncate(rows)


def test_representatives_can_be_changed(tmp_path: Path, file: CodeFile) -> None:
    file.append(make_codes(300), 1, _themselves(300))
    before = file.columns().copy()
    view = file.representatives
    file.set_representatives(np.array([299, 0, 17]), np.array([0, 258, 3]))
    wanted = before.copy()
    wanted["representative"][[299, 0, 17]] = [0, 258, 3]
    assert view.tolist() == wanted["representative"].tolist()
    assert (tmp_path / "rows-0.bin").read_bytes() == wanted.tobytes()
    file.set_representatives(np.empty(0, np.int64), np.empty(0, np.int64))
    file.append(make_codes(1), 2, _themselves(1))
    assert file.video_numbers.tolist() == [1] * 300 + [2]


@pytest.mark.parametrize(("rows", "values"), [([0, 1], [0]), ([2], [0]), ([-1], [0]), ([0], [2]), ([0], [-1])])
def test_representatives_out_of_range(rows: list[int], values: list[int], file: CodeFile) -> None:
    file.append(make_codes(2), 1, _themselves(2))
    with pytest.raises(ValueError, match="rows and values must be"):
        file.set_representatives(np.array(rows), np.array(values))
    assert file.representatives.tolist() == [0, 1]


@contextmanager
def _file_size_limit(limit: int) -> Iterator[None]:
    old, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (old, hard))


def test_a_real_limit_of_the_system_leaves_the_files_as_they_were(tmp_path: Path, file: CodeFile) -> None:
    # Room for half of the new codes: a part is written before the refusal.
    file.append(make_codes(4), 1, _themselves(4))
    with _file_size_limit(150 * CODE_BYTES), pytest.raises(LibraryFullError, match=r"codes-0\.bin: File too large"):
        file.append(make_codes(300), 2, _themselves(300))
    assert _sizes(tmp_path) == (4 * CODE_BYTES, 4 * ROW_LAYOUT.itemsize)
    assert len(file) == 4
    file.append(make_codes(300), 2, _themselves(300))
    assert len(file) == len(file.codes) == 304


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, LibraryFullError), (errno.EIO, LibraryError)])
def test_a_refused_call_leaves_the_files_as_they_were(
    nth: int,
    call: str,
    code: int,
    kind: type[LibraryError],
    tmp_path: Path,
    file: CodeFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = make_codes(4)
    file.append(kept, 1, _themselves(4))
    real = getattr(os, call)
    calls = 0

    def refuse_nth(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(code, os.strerror(code))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse_nth)
        with pytest.raises(LibraryError, match="cannot write") as caught:
            file.append(make_codes(3), 2, _themselves(3))
    assert type(caught.value) is kind
    assert _sizes(tmp_path) == (4 * CODE_BYTES, 4 * ROW_LAYOUT.itemsize)
    assert len(file) == 4
    assert_same_codes(file.read(0, 4, kept.duration_seconds), kept)


def test_closing_twice_is_harmless_and_views_live_on(file: CodeFile) -> None:
    codes = make_codes(4)
    file.append(codes, 1, _themselves(4))
    view = file.codes
    file.close()
    file.close()
    np.testing.assert_array_equal(view, codes.codes)
    with pytest.raises(LibraryError, match="Bad file descriptor"):
        file.append(codes, 2, _themselves(4))


def test_the_checksum_covers_each_column() -> None:
    codes = make_codes(4)
    wanted = zlib.crc32(
        codes.codes.tobytes()
        + struct.pack("<4d", *codes.starts_seconds)
        + struct.pack("<4d", *codes.ends_seconds)
        + bytes(codes.searchable.tolist())
    )
    assert codes_checksum(codes) == wanted
