"""The file of the catalogue as it may come from somebody else, or from a run that was cut off."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import make_record
from folder_state import state_of

from vdup.catalogue.catalogue import Catalogue
from vdup.catalogue.database import EXTRA_TABLES
from vdup.errors import LibraryDamagedError, LibraryError

MAGIC = bytes.fromhex("d9d505f920a163d7")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A catalogue of one video, in a folder of its own."""
    (tmp_path / "library").mkdir()
    path = tmp_path / "library" / "catalogue.sqlite"
    with Catalogue(path, create=True) as catalogue:
        catalogue.put(make_record("a"))
    return path


@pytest.fixture
def cut_off(path: Path, tmp_path: Path) -> Path:
    """The same, its process killed in a transaction whose changes have reached the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM videos")
        connection.execute("CREATE TABLE filling (x)")
        connection.executemany("INSERT INTO filling VALUES (?)", [("x" * 3000,)] * 50)
        (tmp_path / "cut off").mkdir()
        for name in (path.name, f"{path.name}-journal"):
            shutil.copy(path.with_name(name), tmp_path / "cut off" / name)
    return tmp_path / "cut off" / path.name


def names_read(path: Path) -> list[str]:
    """Ids that are read, after seeing that nothing in the folder was changed by it."""
    before = state_of(path.parent)
    with Catalogue(path, create=False, read_only=True) as catalogue:
        names = catalogue.ids()
        assert catalogue.problems() == []
    assert state_of(path.parent) == before
    return names


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing stays in the folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def test_reading_changes_nothing(path: Path) -> None:
    assert names_read(path) == ["a"]


@pytest.mark.parametrize("name", ["with space", "per%20cent", "a?mode=rwc#x", "Grüße", os.fsdecode(b"caf\xe9")])
def test_reading_in_a_folder_of_any_name(name: str, path: Path) -> None:
    folder = path.parent.with_name(name)
    path.parent.rename(folder)
    assert names_read(folder / path.name) == ["a"]
    assert not (folder.parent / "a").exists()


def test_a_transaction_that_was_cut_off_is_rolled_back_in_a_copy(cut_off: Path) -> None:
    assert len(cut_off.with_name(f"{cut_off.name}-journal").read_bytes()) > 512
    assert names_read(cut_off) == ["a"]
    with Catalogue(cut_off, create=False) as catalogue:
        assert catalogue.ids() == ["a"]
    assert not cut_off.with_name(f"{cut_off.name}-journal").exists()
    assert names_read(cut_off) == ["a"]


@pytest.mark.parametrize("closed", [True, False])
def test_a_write_ahead_log_is_read_in_a_copy(closed: bool, path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            connection.execute("UPDATE videos SET id = 'b'")
        if closed:
            connection.close()
        shutil.copytree(path.parent, tmp_path / "copy")
    copy = tmp_path / "copy" / path.name
    assert copy.with_name(f"{path.name}-wal").exists() is not closed
    copy.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    assert names_read(copy) == ["b"]
    with Catalogue(copy, create=False) as catalogue:
        assert catalogue.ids() == ["b"]


def test_a_catalogue_without_vectors_is_not_given_any_by_reading(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE vectors")
    before = state_of(path.parent)
    with Catalogue(path, create=False, read_only=True) as catalogue:
        assert catalogue.extras.numbers_with_vector("mean") == set()
        assert catalogue.extras.vector(1, "mean") is None
    assert state_of(path.parent) == before
    with Catalogue(path, create=False) as catalogue:
        catalogue.extras.put_vector(1, "mean", np.ones(3, dtype=np.float32))
    with Catalogue(path, create=False, read_only=True) as catalogue:
        assert catalogue.extras.numbers_with_vector("mean") == {1}


def test_a_table_as_written_before_is_known_again() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(EXTRA_TABLES["vectors"])
        [(statement,)] = connection.execute("SELECT sql FROM sqlite_master")
    assert "IF NOT EXISTS" not in statement


@pytest.mark.parametrize("copied", [False, True])
def test_a_reader_cannot_change_it(copied: bool, path: Path, cut_off: Path) -> None:
    place = cut_off if copied else path
    before = state_of(place.parent)
    with Catalogue(place, create=False, read_only=True) as catalogue:
        for change in (lambda: catalogue.put(make_record("b")), lambda: catalogue.set_meta("x", 1)):
            with pytest.raises(LibraryError, match=rf"{place.parent} was opened for reading only"):
                change()
        assert catalogue.ids() == ["a"]
    assert state_of(place.parent) == before


def journal_that_names(victim: Path, pages: int) -> bytes:
    """A journal that SQLite takes for one of several whose common part is a file that it has to delete."""
    name = os.fsencode(victim)
    header = MAGIC + (0).to_bytes(4) + bytes(4) + pages.to_bytes(4) + (512).to_bytes(4) + (4096).to_bytes(4)
    end = (1 << 30) // 4096 + 1
    checksum = sum(byte if byte < 128 else byte - 256 for byte in name) & 0xFFFFFFFF
    return header.ljust(512, b"\0") + end.to_bytes(4) + name + len(name).to_bytes(4) + checksum.to_bytes(4) + MAGIC


@pytest.mark.parametrize("read_only", [True, False])
def test_a_journal_cannot_make_sqlite_delete_a_file(read_only: bool, path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.with_name(f"{path.name}-journal").write_bytes(journal_that_names(victim, path.stat().st_size // 4096))
    before = state_of(path.parent)
    with pytest.raises(LibraryDamagedError, match=r"catalogue\.sqlite-journal names a file that SQLite would delete"):
        Catalogue(path, create=False, read_only=read_only)
    assert victim.read_bytes() == b"precious"
    assert state_of(path.parent) == before
    # It would indeed:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT * FROM videos").fetchall()
    assert not victim.exists()


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("ending", ["", "-journal", "-wal", "-shm"])
def test_no_file_of_it_is_a_link(ending: str, read_only: bool, path: Path, tmp_path: Path) -> None:
    place = path.with_name(path.name + ending)
    victim = tmp_path / "victim"
    victim.write_bytes(b"" if ending else path.read_bytes())
    if not ending:
        path.unlink()
    place.symlink_to(victim)
    before = victim.stat().st_mtime_ns, victim.read_bytes()
    with pytest.raises(LibraryError, match=f"{place} is a link to {victim}"):
        Catalogue(path, create=False, read_only=read_only)
    assert (victim.stat().st_mtime_ns, victim.read_bytes()) == before
