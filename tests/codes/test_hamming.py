import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.codes import hamming
from vdup.codes.hamming import hamming_distances, paired_hamming
from vdup.types import CODE_BITS, CodeArray


def _codes(rows: int, seed: int) -> CodeArray:
    return np.random.default_rng(seed).integers(0, 256, (rows, 128), dtype=np.uint8)


def _count_bit_by_bit(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    differing = 0
    for left, right in zip(a.tolist(), b.tolist(), strict=True):
        for bit in range(8):
            differing += (left >> bit & 1) != (right >> bit & 1)
    return differing


def test_every_pair_counts_its_differing_bits() -> None:
    a, b = _codes(5, 1), _codes(7, 2)
    distances = hamming_distances(a, b)
    assert distances.dtype == np.int32
    assert distances.tolist() == [[_count_bit_by_bit(left, right) for right in b] for left in a]


def test_row_by_row_is_the_diagonal() -> None:
    a, b = _codes(9, 3), _codes(9, 4)
    distances = paired_hamming(a, b)
    assert distances.dtype == np.int32
    assert distances.tolist() == [_count_bit_by_bit(left, right) for left, right in zip(a, b, strict=True)]


def test_smallest_and_largest_distance() -> None:
    code = _codes(1, 5)
    assert hamming_distances(code, np.concatenate([code, ~code])).tolist() == [[0, CODE_BITS]]


@pytest.mark.parametrize("pairs_at_once", [1, 3, 7, 20, 1000])
def test_pieces_join_without_seams(pairs_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = _codes(6, 6), _codes(7, 7)
    whole = hamming_distances(a, b)
    monkeypatch.setattr(hamming, "_CHUNK_PAIRS", pairs_at_once)
    np.testing.assert_array_equal(hamming_distances(a, b), whole)


def test_no_codes_give_no_distances() -> None:
    none, some = _codes(0, 0), _codes(3, 0)
    assert hamming_distances(none, some).shape == (0, 3)
    assert hamming_distances(some, none).shape == (3, 0)
    assert paired_hamming(none, none).shape == (0,)


def test_views_with_gaps_and_read_only_codes_will_do() -> None:
    codes = _codes(8, 8)
    codes.flags.writeable = False
    assert hamming_distances(codes[::2], codes[::2]).diagonal().tolist() == [0, 0, 0, 0]
    reversed_columns = codes[:, ::-1]
    assert paired_hamming(reversed_columns, reversed_columns.copy()).sum() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 127), np.uint8),
        np.zeros(128, np.uint8),
        np.zeros((2, 128), np.int8),
        np.zeros((1, 2, 128), np.uint8),
    ],
)
def test_what_is_not_packed_codes_is_refused(wrong: CodeArray) -> None:
    with pytest.raises(ValueError, match=r"a must be uint8 \[N, 128\]"):
        hamming_distances(wrong, _codes(1, 0))
    with pytest.raises(ValueError, match=r"b must be uint8 \[N, 128\]"):
        paired_hamming(_codes(1, 0), wrong)


def test_rows_must_pair_up() -> None:
    with pytest.raises(ValueError, match="a has 2 codes and b 3"):
        paired_hamming(_codes(2, 0), _codes(3, 0))
