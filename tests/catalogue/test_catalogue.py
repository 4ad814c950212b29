import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue.samples import make_record

from vdup.catalogue.catalogue import COMMITTED_ROWS, GENERATION, Catalogue
from vdup.catalogue.manifest import SCHEMA_VERSION
from vdup.catalogue.records import VideoState
from vdup.errors import LibraryDamagedError, LibraryError, LibraryFullError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


@pytest.fixture
def catalogue(path: Path) -> Iterator[Catalogue]:
    with Catalogue(path, create=True) as catalogue:
        yield catalogue


def test_records_come_back_as_they_were_stored(path: Path, catalogue: Catalogue) -> None:
    records = [make_record("b"), make_record("a", state=VideoState.failed), make_record("c", state=VideoState.skipped)]
    stored = [replace(record, number=catalogue.put(record)) for record in records]
    assert [record.number for record in stored] == [1, 2, 3]
    catalogue.close()
    with Catalogue(path, create=False) as again:
        assert again.get("b") == again.by_number(1) == stored[0]
        assert again.all() == [stored[1], stored[0], stored[2]]
        assert again.all(VideoState.failed) == [stored[1]]
        assert again.ids() == ["a", "b", "c"]
        assert again.get("d") is None
        assert again.by_number(4) is None
        assert again.counts() == {VideoState.indexed: 1, VideoState.failed: 1, VideoState.skipped: 1}


def test_an_empty_catalogue(catalogue: Catalogue) -> None:
    assert catalogue.all() == []
    assert catalogue.counts() == dict.fromkeys(VideoState, 0)
    assert catalogue.next_number() == 1
    assert catalogue.row_ranges().shape == (0, 3)
    assert catalogue.meta_number(GENERATION) == catalogue.meta_number(COMMITTED_ROWS) == 0


def test_names_with_any_bytes_and_marks(catalogue: Catalogue) -> None:
    names = ["it's; DROP TABLE videos;--", "Grüße 视频.mp4", os.fsdecode(b"caf\xe9.avi"), "", "a%b_c", "line\nbreak"]
    for name in names:
        catalogue.put(replace(make_record(name), reason=name))
    for name in names:
        found = catalogue.get(name)
        assert found is not None
        assert (found.id, found.path, found.reason) == (name, Path("/videos") / name, name)
    catalogue.remove(names)
    assert catalogue.all() == []


def test_numbers_are_never_used_again(path: Path, catalogue: Catalogue) -> None:
    for name in "abc":
        catalogue.put(make_record(name))
    catalogue.remove(["c", "unknown"])
    catalogue.close()
    with Catalogue(path, create=False) as again:
        assert again.next_number() == 4
        assert again.put(make_record("c")) == 4
        assert again.put(make_record("a")) == 5
        assert again.by_number(1) is None
        again.remove(["a", "b", "c"])
        assert again.put(make_record("z")) == 6


def test_put_with_a_number(catalogue: Catalogue) -> None:
    assert catalogue.put(make_record("a", number=1)) == 1
    assert catalogue.put(make_record("b")) == 2
    moved = replace(make_record("a", number=1), modified_ns=5)
    assert catalogue.put(moved) == 1
    assert catalogue.get("a") == moved
    assert catalogue.next_number() == 3
    for number in (2, 4):
        with pytest.raises(ValueError, match=f"number {number} is not free for 'a': the next one is 3"):
            catalogue.put(make_record("a", number=number))
    assert catalogue.get("a") == moved


def test_files_of_one_content(catalogue: Catalogue) -> None:
    for name in "ba":
        catalogue.put(make_record(name))
    catalogue.put(replace(make_record("c"), content_hash="ee" * 32))
    assert [record.id for record in catalogue.by_content_hash("cd" * 32)] == ["a", "b"]
    assert catalogue.by_content_hash("00") == []


def test_row_ranges_are_those_of_indexed_videos_in_row_order(catalogue: Catalogue) -> None:
    catalogue.put(replace(make_record("a"), first_row=9, row_count=2))
    catalogue.put(replace(make_record("b", state=VideoState.failed), first_row=0, row_count=0))
    catalogue.put(replace(make_record("c"), first_row=4, row_count=5))
    assert catalogue.row_ranges().tolist() == [[3, 4, 5], [1, 9, 2]]
    catalogue.set_first_row(1, 0)
    assert catalogue.row_ranges().tolist() == [[1, 0, 2], [3, 4, 5]]


def test_seconds_are_those_of_indexed_videos(catalogue: Catalogue) -> None:
    assert catalogue.seconds() == 0
    catalogue.put(replace(make_record("a"), duration_seconds=1.5))
    catalogue.put(replace(make_record("b"), duration_seconds=20.0))
    catalogue.put(replace(make_record("c", state=VideoState.failed), duration_seconds=300.0))
    assert catalogue.seconds() == 21.5
    catalogue.remove(["b"])
    assert catalogue.seconds() == 1.5


def test_meta_values(path: Path, catalogue: Catalogue) -> None:
    assert catalogue.meta_number("flag") == 0
    assert catalogue.meta_number("flag", default=-1) == -1
    assert catalogue.meta_text("url") is None
    catalogue.set_meta("flag", 1)
    catalogue.set_meta("flag", 2)
    catalogue.set_meta("url", "http://host")
    catalogue.close()
    with Catalogue(path, create=False) as again:
        assert again.meta_number("flag") == 2
        assert again.meta_text("url") == "http://host"
        with pytest.raises(LibraryDamagedError, match="url is 'http://host', not a whole number"):
            again.meta_number("url")


def test_an_error_undoes_the_whole_transaction(catalogue: Catalogue) -> None:
    catalogue.put(make_record("a"))

    def change_much() -> None:
        with catalogue.transaction():
            catalogue.put(make_record("b"))
            with catalogue.transaction():
                catalogue.remove(["a"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_much()
    assert catalogue.ids() == ["a"]
    assert catalogue.put(make_record("b")) == 2


def test_a_record_that_breaks_a_rule_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        catalogue.put(replace(make_record("a"), duration_seconds=None))
    assert catalogue.all() == []


def test_a_full_disk(path: Path, catalogue: Catalogue) -> None:
    catalogue.put(make_record("a"))
    catalogue._run("PRAGMA max_page_count = 8")

    def fill() -> None:
        with catalogue.transaction():
            catalogue.put(make_record("b"))
            catalogue.put(replace(make_record("c"), reason="long " * 10_000))

    with pytest.raises(LibraryFullError, match=r"catalogue\.sqlite: the disk is full"):
        fill()
    assert catalogue.ids() == ["a"]
    catalogue._run("PRAGMA max_page_count = 100000")
    catalogue.put(make_record("b"))
    assert catalogue.problems() == []


def test_missing_and_foreign_files(tmp_path: Path, path: Path) -> None:
    with pytest.raises(LibraryDamagedError, match="it is missing"):
        Catalogue(path, create=False)
    assert not path.exists()
    path.write_bytes(b"")
    with pytest.raises(LibraryDamagedError, match="no tables of vdup"):
        Catalogue(path, create=False)
    path.write_bytes(b"This is a text file, and a long one at that. " * 100)
    for create in (True, False):
        with pytest.raises(LibraryDamagedError, match=r"catalogue\.sqlite is damaged: file is not a database"):
            Catalogue(path, create=create)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    with pytest.raises(LibraryDamagedError, match="no tables of vdup"):
        Catalogue(other, create=True)
    with pytest.raises(LibraryError, match="unable to open database file"):
        Catalogue(tmp_path / "no" / "folder", create=True)


def test_a_newer_schema_is_refused(path: Path, catalogue: Catalogue) -> None:
    catalogue._run(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    catalogue.close()
    with pytest.raises(LibraryError, match="Update vdup"):
        Catalogue(path, create=False)


def test_an_older_sqlite_is_refused_before_the_file_is_touched(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(LibraryError, match=r"needs SQLite 3\.37"):
        Catalogue(path, create=True)
    assert not path.exists()


def test_damaged_pages_are_reported_and_not_a_crash(path: Path, catalogue: Catalogue) -> None:
    with catalogue.transaction():
        for count in range(200):
            catalogue.put(make_record(f"video {count}"))
    catalogue.close()
    data = bytearray(path.read_bytes())
    pages = len(data) // 4096
    assert pages > 5
    for page in range(1, pages):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(data)
    with Catalogue(path, create=False) as again:
        with pytest.raises(LibraryDamagedError, match="malformed"):
            again.all()
        assert again.problems() != []


def test_a_lock_of_another_program_is_no_damage(path: Path, catalogue: Catalogue) -> None:
    catalogue._run("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LibraryError, match="database is locked") as caught:
            catalogue.put(make_record("a"))
        other.execute("ROLLBACK")
    assert not isinstance(caught.value, LibraryDamagedError)
    catalogue.put(make_record("a"))
