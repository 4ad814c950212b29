"""Libraries whose files disagree: told, and left as they are."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from catalogue.samples import SETTINGS, add, assert_same_codes, make_codes, open_library
from folder_state import contents_of

from vdup.catalogue.folder import LibraryFolder
from vdup.errors import LibraryDamagedError

ROWS = {"a": 20, "b": 30, "c": 7}
"""Rows of each video; those of c are dead."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    with open_library(folder) as library:
        for seed, (name, rows) in enumerate(ROWS.items()):
            add(library, name, rows, seed)
        library.remove(["c"])
    return folder


def change(folder: Path, *statements: str) -> None:
    """Changes the catalogue behind vdup's back."""
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)


OPENINGS: list[Callable[[Path], LibraryFolder]] = [
    lambda folder: open_library(folder),
    lambda folder: open_library(folder, create=False),
    lambda folder: LibraryFolder.open(folder, SETTINGS, create=False, read_only=True),
]


@pytest.mark.parametrize("opened", OPENINGS, ids=["to add", "to change", "to read"])
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE meta SET value = 32 WHERE key = 'committed_rows'", "'b' needs 30 rows from row 20 on, .* counts 32"),
        ("UPDATE meta SET value = 0 WHERE key = 'committed_rows'", "'a' needs 20 rows from row 0 on, .* counts 0;"),
        ("UPDATE meta SET value = -1 WHERE key = 'committed_rows'", "no usable committed_rows"),
        ("UPDATE meta SET value = 'x' WHERE key = 'committed_rows'", "committed_rows is 'x'"),
        ("DELETE FROM meta WHERE key = 'committed_rows'", "no usable committed_rows"),
        ("UPDATE meta SET value = 58 WHERE key = 'committed_rows'", r"codes-0\.bin holds 57 rows, .* counts 58"),
        ("UPDATE meta SET value = 9223372036854775807 WHERE key = 'committed_rows'", r"codes-0\.bin holds 57 rows"),
        ("UPDATE meta SET value = 1 WHERE key = 'generation'", r"codes-1\.bin is missing"),
        ("UPDATE meta SET value = -1 WHERE key = 'generation'", "no usable generation"),
        ("DELETE FROM meta WHERE key = 'generation'", "no usable generation"),
        ("DELETE FROM meta", "no usable generation; .* no usable committed_rows"),
        ("UPDATE videos SET row_count = 100000000000 WHERE id = 'a'", "'a' needs 100000000000 rows from row 0 on"),
        ("UPDATE videos SET row_count = 9223372036854775807", "'a' needs .* 'b' needs 9223372036854775807 rows"),
        ("UPDATE videos SET row_count = -1 WHERE id = 'b'", "'b' needs -1 rows"),
        ("UPDATE videos SET first_row = 9223372036854775807 WHERE id = 'b'", "'b' needs 30 rows from row 9223372036"),
        ("UPDATE videos SET first_row = -9223372036854775808 WHERE id = 'b'", "'b' needs 30 rows from row -922"),
        ("UPDATE videos SET first_row = 28 WHERE id = 'b'", "'b' needs 30 rows from row 28 on, .* counts 57"),
        ("UPDATE videos SET first_row = 19 WHERE id = 'b'", "the records of 'a' and 'b' share rows from row 19 on"),
        ("UPDATE videos SET first_row = 0 WHERE id = 'b'", "the records of 'a' and 'b' share rows from row 0 on"),
        ("UPDATE videos SET number = 9 WHERE id = 'b'", "numbers from 1 to 9, and those given away are 1 to 3"),
        ("UPDATE videos SET number = -9 WHERE id = 'b'", "numbers from -9 to 1, and those"),
        ("UPDATE sqlite_sequence SET seq = 1", "numbers from 1 to 2, and those given away are 1 to 1"),
        ("UPDATE sqlite_sequence SET seq = 9223372036854775807", "next video would have the number 92233720368547758"),
        ("UPDATE sqlite_sequence SET seq = 'x'", "'x', not a whole number"),
    ],
)
def test_a_catalogue_that_disagrees(
    statement: str, words: str, opened: Callable[[Path], LibraryFolder], folder: Path
) -> None:
    change(folder, statement)
    before = contents_of(folder)
    with pytest.raises(LibraryDamagedError, match=words) as caught:
        opened(folder)
    assert "Restore the library folder from a backup" in str(caught.value)
    assert contents_of(folder) == before


@pytest.mark.parametrize("opened", OPENINGS, ids=["to add", "to change", "to read"])
@pytest.mark.parametrize("name", ["codes-0.bin", "rows-0.bin"])
@pytest.mark.parametrize("rows", [None, 0, 56])
def test_a_code_file_that_is_too_short(
    rows: int | None, name: str, opened: Callable[[Path], LibraryFolder], folder: Path
) -> None:
    path = folder / name
    if rows is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: rows * path.stat().st_size // 57])
    before = contents_of(folder)
    words = "is missing, and the catalogue names generation 0" if rows is None else f"holds {rows} rows"
    with pytest.raises(LibraryDamagedError, match=f"{name} {words}.*Nothing in it was changed"):
        opened(folder)
    assert contents_of(folder) == before


def test_a_missing_code_file_of_an_empty_library_is_damage_too(tmp_path: Path) -> None:
    open_library(tmp_path).close()
    (tmp_path / "codes-0.bin").unlink()
    with pytest.raises(LibraryDamagedError, match=r"codes-0\.bin is missing"):
        open_library(tmp_path)
    assert not (tmp_path / "codes-0.bin").exists()


def test_many_records_are_counted(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        for number in range(9):
            add(library, f"video {number}", 2)
    change(tmp_path, "UPDATE meta SET value = 2 WHERE key = 'committed_rows'")
    with pytest.raises(LibraryDamagedError, match=r"'video 1' needs .*'video 3' needs .*so do 5 other records"):
        open_library(tmp_path)


def test_what_was_changed_can_be_changed_back(folder: Path) -> None:
    change(folder, "UPDATE meta SET value = 32 WHERE key = 'committed_rows'")
    with pytest.raises(LibraryDamagedError):
        open_library(folder)
    change(folder, "UPDATE meta SET value = 57 WHERE key = 'committed_rows'")
    with open_library(folder) as library:
        assert library.check() == []
        assert_same_codes(library.video_codes(2), make_codes(30, 1))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER mine AFTER INSERT ON videos BEGIN DELETE FROM videos; END",
        "CREATE VIEW mine AS SELECT * FROM videos",
        "CREATE TABLE mine (x)",
        "CREATE INDEX mine ON videos (length(path))",
    ],
)
@pytest.mark.parametrize("opened", OPENINGS, ids=["to add", "to change", "to read"])
def test_a_catalogue_that_brings_more_than_its_tables(
    statement: str, opened: Callable[[Path], LibraryFolder], folder: Path
) -> None:
    change(folder, statement)
    before = contents_of(folder)
    with pytest.raises(
        LibraryDamagedError, match=r"it holds the (trigger|view|table|index) mine, which vdup did not make"
    ):
        opened(folder)
    assert contents_of(folder) == before


def test_another_table_in_the_place_of_its_own(folder: Path) -> None:
    change(
        folder,
        "CREATE TABLE other (key TEXT PRIMARY KEY, value ANY)",
        "INSERT INTO other SELECT * FROM meta",
        "DROP TABLE meta",
        "ALTER TABLE other RENAME TO meta",
    )
    with pytest.raises(LibraryDamagedError, match="it holds the table meta, which vdup did not make"):
        open_library(folder)


def test_statistics_of_sqlite_are_no_foreign_part(folder: Path) -> None:
    change(folder, "ANALYZE")
    open_library(folder).close()
