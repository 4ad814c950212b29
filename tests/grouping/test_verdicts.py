from pathlib import Path

import pytest

from vdup.errors import LibraryDamagedError, LibraryError
from vdup.grouping.verdicts import FILE_NAME, content_pair, read_verdicts, write_verdicts


def test_nothing_was_marked(tmp_path: Path) -> None:
    assert read_verdicts(tmp_path) == set()


def test_pairs_come_back_in_no_order(tmp_path: Path) -> None:
    pairs = {content_pair("a", "b"), content_pair("c", "a"), content_pair("d", "d")}
    write_verdicts(tmp_path, pairs)
    assert read_verdicts(tmp_path) == pairs
    assert content_pair("b", "a") in read_verdicts(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema_version": 2, "not_duplicates": []}', '{"not_duplicates": 3}']
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(LibraryDamagedError, match=FILE_NAME):
        read_verdicts(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(LibraryError, match="cannot read"):
        read_verdicts(tmp_path)
