from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import add, assert_same_codes, make_codes, open_library

from vdup.catalogue import compaction
from vdup.catalogue.catalogue import INDEX_ROWS
from vdup.catalogue.compaction import mask_of, rows_of
from vdup.catalogue.folder import LibraryFolder
from vdup.errors import LibraryError


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LibraryFolder]:
    """Videos b (rows 4-6) and a (7-11) are alive; the rows of c and of the first a are dead."""
    with open_library(tmp_path) as library:
        add(library, "a", 4, seed=1)
        add(library, "b", 3, seed=2)
        add(library, "a", 5, seed=3, representatives=np.array([5, -1, 8, -1, 10]))
        add(library, "c", 2, seed=4)
        library.remove(["c"])
        yield library


@pytest.mark.parametrize("ranges", [[], [(0, 0)], [(2, 3)], [(0, 2), (2, 0), (5, 1), (6, 4), (90, 2)]])
def test_rows_of_ranges_against_a_loop(ranges: list[tuple[int, int]]) -> None:
    table = np.array([(1, first, count) for first, count in ranges], dtype=np.int64).reshape(-1, 3)
    wanted = [row for first, count in ranges for row in range(first, first + count)]
    assert rows_of(table).tolist() == wanted
    assert rows_of(table).dtype == np.int64
    assert np.flatnonzero(mask_of(rows_of(table), 100)).tolist() == wanted


@pytest.mark.parametrize("block_rows", [1, 3, 65_536])
def test_live_rows_are_kept_and_renumbered(
    block_rows: int, library: LibraryFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_BLOCK_ROWS", block_rows)
    library.index_path.write_bytes(b"index of old rows")
    library.catalogue.set_meta(INDEX_ROWS, 12)
    before = {record.id: record for record in library.catalogue.all()}
    old_view = library.codes.codes
    library.compact()
    assert library.dead_rows == 0
    assert library.next_row == 8
    assert library.live_rows().tolist() == list(range(8))
    assert library.codes.representatives.tolist() == [0, 1, 2, 1, 4, 4, 6, 6]
    assert library.catalogue.meta_number(INDEX_ROWS) == 0
    for name, seed, rows, first_row in (("b", 2, 3, 0), ("a", 3, 5, 3)):
        record = library.catalogue.get(name)
        assert record is not None
        assert (record.number, record.first_row) == (before[name].number, first_row)
        assert_same_codes(library.video_codes(record.number), make_codes(rows, seed))
    np.testing.assert_array_equal(old_view[:4], make_codes(4, seed=1).codes)
    assert library.check() == []
    assert add(library, "d", 1).record.first_row == 8
    library.close()
    names = {path.name for path in tmp_path.iterdir() if path.name.startswith(("codes", "rows", "frames"))}
    assert names == {"codes-1.bin", "rows-1.bin"}
    with open_library(tmp_path) as again:
        assert again.check() == []
        assert again.index_path.name == "frames-1.index"
        again.compact()
        again.compact()
        assert again.codes.generation == 3
        assert again.next_row == 9
        assert again.check() == []


def test_a_library_without_live_rows(library: LibraryFolder) -> None:
    library.remove(["a", "b"])
    library.compact()
    assert library.next_row == library.dead_rows == 0
    assert library.check() == []


def test_rows_represented_by_dead_rows_stop_it(library: LibraryFolder, tmp_path: Path) -> None:
    library.remove(["b"])
    with pytest.raises(LibraryError, match="1 rows, the first being 7, are represented by rows of removed videos"):
        library.compact()
    assert library.codes.generation == 0
    library.codes.set_representatives(np.array([7]), np.array([7]))
    library.compact()
    assert library.check() == []
