import numpy as np
import pytest

from vdup.codes.binarize import binarize, signs
from vdup.codes.hamming import hamming_distances
from vdup.types import CODE_BITS, FloatArray


def _values(rows: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((rows, CODE_BITS)).astype(np.float32)


@pytest.mark.parametrize("place", [0, 1, 7, 8, 500, 1023])
def test_first_value_is_the_most_significant_bit_of_the_first_byte(place: int) -> None:
    values = np.full((1, CODE_BITS), -1.0, dtype=np.float32)
    values[0, place] = 1.0
    [code] = binarize(values)
    expected = [0] * 128
    expected[place // 8] = 128 >> place % 8
    assert code.tolist() == expected


def test_packs_signs_as_a_loop_does() -> None:
    values = _values(4)
    for row, code in zip(values, binarize(values), strict=True):
        number = 0
        for value in row.tolist():
            number = number * 2 + (value >= 0)
        assert int.from_bytes(code.tobytes(), "big") == number


def test_zero_counts_as_positive_whatever_its_sign() -> None:
    values = np.zeros((2, CODE_BITS), dtype=np.float32)
    values[1] = -0.0
    assert (binarize(values) == 255).all()


def test_infinity_has_a_sign_and_nan_none() -> None:
    values = _values(2)
    values[0, 3], values[1, 3] = np.inf, -np.inf
    bits = np.unpackbits(binarize(values), axis=1)
    assert bits[:, 3].tolist() == [1, 0]
    values[1, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        binarize(values)


def test_signs_undo_the_packing() -> None:
    values = _values(5, seed=1)
    vectors = signs(binarize(values))
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, np.where(values >= 0, 1, -1).astype(np.float32) / 32)
    np.testing.assert_array_equal(binarize(vectors), binarize(values))


def test_inner_products_of_signs_tell_the_distance() -> None:
    codes = binarize(_values(6, seed=2))
    products = signs(codes) @ signs(codes).T
    np.testing.assert_allclose(products, 1 - 2 * hamming_distances(codes, codes) / CODE_BITS, atol=1e-6)


def test_no_rows_stay_no_rows() -> None:
    assert binarize(_values(0)).shape == (0, 128)
    assert signs(binarize(_values(0))).shape == (0, CODE_BITS)


@pytest.mark.parametrize("shape", [(CODE_BITS,), (2, 1023), (1, 2, CODE_BITS)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"values must be \[N, 1024\]"):
        binarize(np.zeros(shape, dtype=np.float32))


def test_signs_of_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"codes must be \[N, 128\]"):
        signs(np.zeros((2, 64), dtype=np.uint8))
