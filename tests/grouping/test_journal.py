from pathlib import Path

import pytest

from vdup.errors import LibraryError
from vdup.grouping.journal import FILE_NAME, Journal
from vdup.grouping.overlap import Shared

STRETCH = Shared((0.5, 3.25), (10.0, 12.75), 0.875, 123.5, 1.25)


def test_results_come_back(tmp_path: Path) -> None:
    with Journal(tmp_path, "key") as journal:
        journal.add(3, {7: [STRETCH, STRETCH.turned()], 9: []})
        journal.add(7, {})
    with Journal(tmp_path, "key") as journal:
        assert journal.found == {3: {7: [STRETCH, STRETCH.turned()], 9: []}, 7: {}}


def test_results_of_other_settings_are_dropped(tmp_path: Path) -> None:
    with Journal(tmp_path, "key") as journal:
        journal.add(3, {})
    with Journal(tmp_path, "other") as journal:
        assert journal.found == {}
    with Journal(tmp_path, "key") as journal:
        assert journal.found == {}


def test_every_result_is_on_disk_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path, "key") as journal:
        journal.add(3, {7: [STRETCH]})
        assert len((tmp_path / FILE_NAME).read_bytes().splitlines()) == 2


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_searched_for_again(tmp_path: Path, cut: int) -> None:
    with Journal(tmp_path, "key") as journal:
        journal.add(3, {7: [STRETCH]})
        journal.add(7, {3: [STRETCH.turned()]})
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path, "key") as journal:
        assert journal.found[3] == {7: [STRETCH]}
        assert (7 in journal.found) == (cut == 1)  # the line break alone is no loss
        journal.add(8, {})
    with Journal(tmp_path, "key") as journal:
        assert {3, 8} <= set(journal.found)


@pytest.mark.parametrize("line", [b"[]", b'{"video": 1}', b'{"video": 1, "found": {"x": []}}', b"\xff"])
def test_a_damaged_line_ends_what_is_taken_over(tmp_path: Path, line: bytes) -> None:
    with Journal(tmp_path, "key") as journal:
        journal.add(3, {})
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(line + b"\n")
    with Journal(tmp_path, "key") as journal:
        assert journal.found == {3: {}}


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(LibraryError):
        Journal(tmp_path, "key")
