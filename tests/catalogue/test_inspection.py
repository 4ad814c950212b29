import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import add, make_codes, open_library

from vdup.catalogue.code_file import codes_checksum
from vdup.catalogue.folder import LibraryFolder
from vdup.errors import LibraryDamagedError


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LibraryFolder]:
    with open_library(tmp_path) as library:
        add(library, "a", 4, seed=1)
        add(library, "b", 3, seed=2)
        assert library.check() == []
        yield library


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryFolder]:
    """For tests that undo their damage."""
    with open_library(tmp_path_factory.mktemp("library")) as library:
        add(library, "a", 4, seed=1)
        add(library, "b", 3, seed=2)
        yield library


def _overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def _flip(path: Path, offset: int) -> None:
    _overwrite(path, offset, bytes([path.read_bytes()[offset] ^ 0x01]))


@pytest.mark.parametrize("offset", [0, 4 * 128 - 1])
def test_a_flipped_bit_in_a_code_names_its_video(offset: int, library: LibraryFolder) -> None:
    _flip(library.codes.codes_path, offset)
    assert [problem[:30] for problem in library.check()] == ["a: its codes or times changed "]


@pytest.mark.parametrize("place", [*range(24), *range(25, 33)])
def test_a_flipped_bit_in_any_column_is_found(place: int, damaged: LibraryFolder) -> None:
    # Byte 24, the lowest of the representative, is left out: it would name another row, which may well be right.
    for row in (0, 3, 6):
        _flip(damaged.codes.rows_path, row * 40 + place)
        assert damaged.check() != []
        _flip(damaged.codes.rows_path, row * 40 + place)
    assert damaged.check() == []


def test_times_that_are_no_numbers(library: LibraryFolder) -> None:
    _overwrite(library.codes.rows_path, 5 * 40, np.array([np.nan], "<f8").tobytes())
    assert "b: a time is NaN or infinite" in library.check()
    assert len(library.video_codes(1)) == 4
    with pytest.raises(LibraryDamagedError, match=r"rows-0\.bin is damaged: of b, a time is NaN .* action=check"):
        library.video_codes(2)


def test_times_that_stand_still(library: LibraryFolder) -> None:
    times = library.video_codes(2).starts_seconds
    _overwrite(library.codes.rows_path, 6 * 40, times[1:2].astype("<f8").tobytes())
    assert any("b: row 2 starts no later than the row before it" in problem for problem in library.check())
    with pytest.raises(LibraryDamagedError, match="row 2 starts no later than the row before it"):
        library.video_codes(2)


def test_rows_of_another_video(library: LibraryFolder) -> None:
    _overwrite(library.codes.rows_path, 5 * 40 + 16, (1).to_bytes(8, "little"))
    assert library.check() == ["b: some of its rows carry the number of another video"]


@pytest.mark.parametrize("value", [-1, 7, 2**62])
def test_representatives_that_do_not_exist(value: int, library: LibraryFolder) -> None:
    _overwrite(library.codes.rows_path, 5 * 40 + 24, value.to_bytes(8, "little", signed=True))
    (problem,) = library.check()
    assert "1 rows, the first being 5, are represented by rows that are no part of the library" in problem


def test_a_representative_that_is_represented_itself(library: LibraryFolder) -> None:
    library.codes.set_representatives(np.array([5, 6]), np.array([4, 5]))
    (problem,) = library.check()
    assert "1 rows, the first being 6, are represented by a row that does not represent itself" in problem


def test_ranges_that_overlap_or_leave_the_file(library: LibraryFolder) -> None:
    library.catalogue.set_first_row(2, 3)
    problems = library.check()
    assert "b: its rows, from 3 on, overlap those of a" in problems
    library.catalogue.set_first_row(2, 5)
    assert library.check() == ["b: rows 5 to 8, but there are 7"]


def test_sizes(library: LibraryFolder) -> None:
    with library.codes.codes_path.open("ab") as file:
        file.write(b"more")
    assert library.check() == [f"{library.codes.codes_path}: {7 * 128 + 4} bytes, expected {7 * 128}"]
    os.truncate(library.codes.rows_path, 39)
    assert f"{library.codes.rows_path}: 39 bytes, expected 280" in library.check()


def test_a_manifest_that_changed(library: LibraryFolder, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    (problem,) = library.check()
    assert "manifest.json is damaged" in problem


def test_a_catalogue_that_changed(library: LibraryFolder, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    library.close()
    pages = path.stat().st_size // 4096
    with open_library(tmp_path) as again:
        assert pages > 2
        # The last page holds an index or a table; its header byte says which, and this is neither.
        _overwrite(path, (pages - 1) * 4096, b"\xee" * 64)
        again.catalogue._run("PRAGMA cache_size = 0")
        again.catalogue._run("PRAGMA shrink_memory")
        problems = again.check()
        assert problems != []
        assert all(str(path) in problem or "rows" in problem for problem in problems)


def test_the_checksum_of_the_record_is_that_of_the_codes(library: LibraryFolder) -> None:
    record = library.catalogue.get("b")
    assert record is not None
    assert record.codes_crc32 == codes_checksum(make_codes(3, seed=2))
