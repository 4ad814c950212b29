"""What lies behind the rows that count, and in files of other generations: deleted as garbage, or set aside."""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from catalogue.interruptions import OPERATIONS, make_template
from catalogue.samples import SETTINGS, add, make_codes, open_library
from folder_state import contents_of, state_of

from vdup.catalogue.code_file import ROW_LAYOUT
from vdup.catalogue.comparison import Extent
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.recovery import is_tail_garbage, keep_tails
from vdup.errors import LibraryError, LibraryFullError

CODE_FILES = ("codes-0.bin", "rows-0.bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Videos b (rows 4-6) and a (7-11) are alive; the rows of the first a are dead."""
    folder = tmp_path / "library"
    make_template(folder)
    return folder


def rows(number: int, count: int) -> bytes:
    columns = np.zeros(count, dtype=ROW_LAYOUT)
    columns["start_seconds"] = np.arange(count)
    columns["video_number"] = number
    return columns.tobytes()


def append(folder: Path, codes: bytes, columns: bytes) -> None:
    for name, content in zip(CODE_FILES, (codes, columns), strict=True):
        with (folder / name).open("ab") as file:
            file.write(content)


def set_aside(folder: Path) -> dict[str, bytes]:
    """Contents of what was set aside by the names that it had."""
    return {path.name.partition(".set-aside-")[0]: path.read_bytes() for path in folder.glob("*.set-aside-*")}


CODES = make_codes(9, seed=7).codes.tobytes()
NEXT = 4
"""Number of the next video of the library."""
GARBAGE = [
    (CODES[:50], b""),
    (CODES, b""),
    (CODES, rows(NEXT, 9)[:-13]),
    (CODES, rows(NEXT, 9)),
    (CODES, rows(NEXT, 4) + bytes(5 * 40)),
    (CODES[:128], rows(NEXT, 9)),
    (b"", rows(NEXT, 1)[:7]),
]
"""What a run may leave that was cut off while it added a video, or by a power cut."""
OTHER = [
    (CODES, rows(NEXT + 1, 9)),
    (CODES, rows(NEXT, 8) + rows(NEXT + 1, 1)),
    (CODES, rows(2, 9)),
    (CODES, rows(-1, 9)),
    (CODES, rows(NEXT, 4) + rows(1, 1) + rows(NEXT, 4)),
]
"""Rows of videos that a catalogue has known, or that came after the one that is next."""


@pytest.mark.parametrize(("codes", "columns"), GARBAGE)
def test_the_rest_of_an_unfinished_video_is_cut_off(codes: bytes, columns: bytes, folder: Path) -> None:
    whole = contents_of(folder)
    append(folder, codes, columns)
    with open_library(folder) as library:
        assert library.check() == []
        assert {name: contents_of(folder)[name] for name in CODE_FILES} == {name: whole[name] for name in CODE_FILES}
    assert set_aside(folder) == {}


@pytest.mark.parametrize(("codes", "columns"), OTHER)
def test_other_rows_are_set_aside(codes: bytes, columns: bytes, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    append(folder, codes, columns)
    with open_library(folder) as library:
        assert library.check() == []
        assert library.next_row == 12
    assert set_aside(folder) == {"codes-0.bin": codes, "rows-0.bin": columns}
    assert f"{folder / 'codes-0.bin'}: {len(codes)} bytes behind the 12 rows that the catalogue counts" in caplog.text
    # Nothing is set aside twice, and what was is left alone.
    before = contents_of(folder)
    open_library(folder).close()
    assert contents_of(folder) == before


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 131_071])
def test_one_row_among_many_counts(place: int, folder: Path) -> None:
    parts = rows(NEXT, place) + rows(2, 1) + rows(NEXT, 131_072 - place - 1)
    append(folder, b"", parts)
    extent = Extent(0, 12, NEXT)
    assert not is_tail_garbage(folder, extent)
    (folder / "rows-0.bin").write_bytes(rows(2, 12) + rows(NEXT, 131_072))
    assert is_tail_garbage(folder, extent)


def test_a_catalogue_from_a_backup_costs_no_code(folder: Path) -> None:
    backup = (folder / "catalogue.sqlite").read_bytes()
    with open_library(folder) as library:
        for name in "cd":
            add(library, name, 5, seed=4)
    newer = contents_of(folder)
    (folder / "catalogue.sqlite").write_bytes(backup)
    with open_library(folder) as library:
        assert library.catalogue.ids() == ["a", "b"]
        assert library.check() == []
    kept = contents_of(folder)
    for name in CODE_FILES:
        assert kept[name] + set_aside(folder)[name] == newer[name]


def test_rows_of_removed_videos_are_not_cut_off(folder: Path) -> None:
    with open_library(folder) as library:
        add(library, "c", 5, seed=4)
        library.remove(["c"])
    newer = contents_of(folder)
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as connection, connection:
        connection.execute("UPDATE meta SET value = 12 WHERE key = 'committed_rows'")
    open_library(folder).close()
    for name in CODE_FILES:
        assert contents_of(folder)[name] + set_aside(folder)[name] == newer[name]


def test_codes_without_a_catalogue_are_kept(folder: Path) -> None:
    before = contents_of(folder)
    for name in before.keys() - set(CODE_FILES):
        (folder / name).unlink()
    with open_library(folder) as library:
        assert library.catalogue.ids() == []
        assert library.next_row == 0
    assert set_aside(folder) == {name: before[name] for name in CODE_FILES}


def test_names_that_are_taken(folder: Path) -> None:
    for part in range(3):
        append(folder, CODES, rows(2, 9))
        keep_tails(folder, Extent(0, 12 + 9 * part, NEXT), fresh=False)
    assert len(list(folder.glob("codes-0.bin.set-aside-*"))) == 3
    assert {path.read_bytes() for path in folder.glob("codes-0.bin.set-aside-*")} == {CODES}


def test_a_full_disk_leaves_all_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(folder, CODES, rows(2, 9))
    before = contents_of(folder)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", refuse)
        with pytest.raises(LibraryFullError, match=r"cannot set aside the end of .*codes-0\.bin"):
            open_library(folder)
    assert contents_of(folder) == before


# Other generations


def generations(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(("codes", "rows")) and path.suffix == ".bin"}


@pytest.fixture
def compacted(folder: Path, tmp_path: Path) -> Path:
    """A copy of the library that was compacted."""
    shutil.copytree(folder, tmp_path / "compacted")
    with open_library(tmp_path / "compacted") as library:
        library.compact()
    return tmp_path / "compacted"


@pytest.mark.parametrize("codes_rows", [0, 0.5, 5, 8])
@pytest.mark.parametrize("column_rows", [None, 0, 0.5, 8])
def test_the_beginning_of_a_compaction_is_deleted(
    codes_rows: float, column_rows: float | None, folder: Path, compacted: Path
) -> None:
    (folder / "codes-1.bin").write_bytes((compacted / "codes-1.bin").read_bytes()[: int(codes_rows * 128)])
    if column_rows is not None:
        (folder / "rows-1.bin").write_bytes((compacted / "rows-1.bin").read_bytes()[: int(column_rows * 40)])
    (folder / "frames-1.index").write_bytes(b"made from the codes")
    with open_library(folder) as library:
        assert library.check() == []
    assert generations(folder) == set(CODE_FILES)
    assert not (folder / "frames-1.index").exists()
    assert set_aside(folder) == {}


@pytest.mark.parametrize("rows_only", [False, True])
def test_what_was_compacted_is_deleted(rows_only: bool, folder: Path, compacted: Path) -> None:
    for name in CODE_FILES[rows_only:]:
        shutil.copy(folder / name, compacted / name)
    with open_library(compacted) as library:
        assert library.check() == []
    assert generations(compacted) == {"codes-1.bin", "rows-1.bin"}
    assert set_aside(compacted) == {}


@pytest.mark.parametrize("name", CODE_FILES)
@pytest.mark.parametrize("offset", [0, -1])
def test_other_bytes_in_an_older_generation_are_set_aside(
    offset: int, name: str, folder: Path, compacted: Path
) -> None:
    for copied in CODE_FILES:
        shutil.copy(folder / copied, compacted / copied)
    content = bytearray((compacted / name).read_bytes())
    # Of a dead row nothing but the number is known, so one of the live ones is changed.
    place = len(content) - 1 if offset else 4 * (128 if name == CODE_FILES[0] else 40)
    content[place] ^= 1
    (compacted / name).write_bytes(content)
    older = {copied: (compacted / copied).read_bytes() for copied in CODE_FILES}
    open_library(compacted).close()
    assert set_aside(compacted) == older
    assert generations(compacted) == {"codes-1.bin", "rows-1.bin"}


@pytest.mark.parametrize("size", [1, 8 * 128 + 1])
def test_other_bytes_in_a_newer_generation_are_set_aside(
    size: int, folder: Path, compacted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = ((compacted / "codes-1.bin").read_bytes() + b"more")[:size]
    content = bytes([content[0] ^ 1]) + content[1:] if size == 1 else content
    (folder / "codes-1.bin").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        open_library(folder).close()
    assert set_aside(folder) == {"codes-1.bin": content}
    assert f"{folder / 'codes-1.bin'} is not of the generation that the catalogue names" in caplog.text
    assert generations(folder) == set(CODE_FILES)


def test_a_library_from_a_backup_costs_no_newer_generation(folder: Path, compacted: Path) -> None:
    with open_library(compacted) as library:
        add(library, "c", 5, seed=4)
    newer = contents_of(compacted)
    (compacted / "codes-1.bin").rename(folder / "codes-1.bin")
    (compacted / "rows-1.bin").rename(folder / "rows-1.bin")
    with open_library(folder) as library:
        assert library.check() == []
    assert set_aside(folder) == {name: newer[name] for name in ("codes-1.bin", "rows-1.bin")}


def test_a_library_from_a_backup_costs_no_older_generation(folder: Path, compacted: Path) -> None:
    with open_library(folder) as library:
        add(library, "c", 5, seed=4)
    newer = contents_of(folder)
    for name in CODE_FILES:
        (folder / name).rename(compacted / name)
    open_library(compacted).close()
    assert set_aside(compacted) == {name: newer[name] for name in CODE_FILES}


def test_generations_that_nothing_is_known_of(folder: Path) -> None:
    (folder / "codes-7.bin").write_bytes(b"")
    (folder / "rows-8.bin").write_bytes(b"rows")
    open_library(folder).close()
    assert set_aside(folder) == {"rows-8.bin": b"rows"}
    assert generations(folder) == set(CODE_FILES)


def test_a_compaction_overwrites_no_file(folder: Path) -> None:
    with open_library(folder) as library:
        (folder / "rows-1.bin").write_bytes(b"somebody's")
        with pytest.raises(LibraryError, match=r"rows-1\.bin is in the way"):
            library.compact()


# Opened for reading


@pytest.mark.parametrize(("codes", "columns"), [*GARBAGE, *OTHER])
def test_a_reader_takes_no_notice_of_a_tail(codes: bytes, columns: bytes, folder: Path) -> None:
    append(folder, codes, columns)
    for name in ("codes-1.bin", "rows-1.bin", "frames-1.index"):
        (folder / name).write_bytes(b"left by somebody")
    before = state_of(folder)
    with LibraryFolder.open(folder, SETTINGS, create=False, read_only=True) as library:
        assert library.next_row == 12
        assert len(library.codes.codes) == len(library.codes.video_numbers) == 12
        problems = library.check()
    assert state_of(folder) == before
    if (codes, columns) in GARBAGE:
        assert problems == []
    else:
        assert f"{folder / 'rows-0.bin'}: {12 * 40 + len(columns)} bytes, expected {12 * 40}" in problems


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_reader_changes_nothing(operation: str, folder: Path) -> None:
    before = state_of(folder)
    with (
        LibraryFolder.open(folder, SETTINGS, create=False, read_only=True) as library,
        pytest.raises(LibraryError, match="was opened for reading only: open it with read_only=False to change it"),
    ):
        OPERATIONS[operation](library)
    assert state_of(folder) == before
