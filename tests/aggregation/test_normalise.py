import numpy as np
import pytest

from vdup.aggregation.normalise import centred_units, unit_layers, unit_rows


def test_every_layer_gets_unit_length() -> None:
    rows = np.random.default_rng(0).random((4, 5), dtype=np.float32) + 0.1
    found = unit_layers(rows, (2, 3))
    for row, scaled in zip(rows, found, strict=True):
        expected = [*(row[:2] / np.sqrt((row[:2] ** 2).sum())), *(row[2:] / np.sqrt((row[2:] ** 2).sum()))]
        np.testing.assert_allclose(scaled, expected, rtol=1e-5)


def test_a_silent_layer_stays_silent() -> None:
    found = unit_layers(np.array([[0, 0, 3, 4]], dtype=np.float32), (2, 2))
    np.testing.assert_allclose(found, [[0, 0, 0.6, 0.8]], rtol=1e-6)


def test_widths_must_fit() -> None:
    with pytest.raises(ValueError, match=r"\[N, 4\], got \[2, 5\]"):
        unit_layers(np.ones((2, 5), dtype=np.float32), (2, 2))


def test_centred_units_have_mean_zero_and_length_one() -> None:
    found = centred_units(np.random.default_rng(1).random((3, 7), dtype=np.float32))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-7)
    np.testing.assert_allclose((found**2).sum(axis=1), 1, rtol=1e-5)


def test_what_says_nothing_becomes_zero() -> None:
    assert not centred_units(np.full((1, 4), 3, dtype=np.float32)).any()
    assert not unit_rows(np.zeros((1, 4), dtype=np.float32)).any()
