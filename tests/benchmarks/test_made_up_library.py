"""Libraries of made-up codes are whole libraries."""

from pathlib import Path

import numpy as np

from benchmarks.lookup_codes import made_up
from benchmarks.made_up_library import add_codes, fill, first_of_equal, open_library
from vdup.config import FlatIndexConfig


def test_first_of_equal_against_a_loop() -> None:
    codes = np.concatenate(list(made_up(40, np.random.default_rng(0))))
    mixed = codes[np.random.default_rng(1).integers(0, 40, 200)]
    mixed[mixed == 7] = 0  # codes that hold or end with zero bytes are codes like any others
    seen: dict[bytes, int] = {}
    expected = [seen.setdefault(code.tobytes(), row) for row, code in enumerate(mixed)]
    np.testing.assert_array_equal(first_of_equal(mixed), expected)


def test_filled_library_is_complete(tmp_path: Path) -> None:
    filled = fill(tmp_path / "library", 1300, tmp_path / "spare.npy", 7)
    assert np.load(tmp_path / "spare.npy").shape == (7, 128)
    assert filled.descriptors == 60 + 60 + 10
    with open_library(tmp_path / "library", FlatIndexConfig()) as library:
        assert [record.row_count for record in library.videos()] == [600, 600, 100]
        assert library.check() == []
        record = add_codes(library, "twin", np.array(library.folder.codes.codes[:600]))
        assert library.folder.codes.representatives[library.folder.rows_of(record)].max() < 600
