import math

import numpy as np
import pytest

from vdup.temporal.offset_correlation import correlate, correlate_near
from vdup.types import FloatArray


def naive(a: FloatArray, b: FloatArray, lag: int) -> tuple[float, float, float, int]:
    products = squares = lengths = 0.0
    pairs = 0
    for row in range(len(b)):
        if 0 <= row + lag < len(a):
            x, y = a[row + lag].astype(float), b[row].astype(float)
            most = math.sqrt(sum(x * x)) * math.sqrt(sum(y * y))
            products += sum(x * y)
            squares += most**2
            lengths += most
            pairs += most > 0
    return products, math.sqrt(squares), lengths, pairs


@pytest.mark.parametrize(("rows_a", "rows_b"), [(1, 1), (1, 5), (7, 3), (16, 17), (9, 9)])
def test_every_lag_equals_plain_loops(rows_a: int, rows_b: int) -> None:
    random = np.random.default_rng(rows_a)
    a, b = (random.standard_normal((rows, 70)).astype(np.float32) for rows in (rows_a, rows_b))
    a[rows_a // 2 : rows_a // 2 + 1] *= random.integers(0, 2)
    if rows_b > 2:
        b[1] = 0.0
    scores = correlate(a, b)
    assert scores.lags.tolist() == list(range(-(rows_b - 1), rows_a))
    near = correlate_near(a, b, np.arange(-rows_b - 2, rows_a + 3))
    for results, tolerance in ((scores, 1e-4), (near, 1e-9)):
        for column, lag in enumerate(results.lags.tolist()):
            products, spread, lengths, pairs = naive(a, b, lag)
            assert results.products[column] == pytest.approx(products, abs=tolerance, rel=1e-5)
            assert results.lengths[column] == pytest.approx(lengths, abs=tolerance, rel=1e-5)
            assert results.spread[column] ** 2 == pytest.approx(spread**2, abs=tolerance, rel=1e-5)
            assert results.overlaps[column] == pairs


def test_evidence_and_likeness() -> None:
    a = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]], dtype=np.float32)
    scores = correlate_near(a, a, np.array([0, 1, 2]))
    assert scores.evidence(1)[0] == pytest.approx((1 + 4 + 9) / math.sqrt(1 + 16 + 81))
    assert scores.evidence(3)[1] == -np.inf
    assert scores.likeness().tolist() == pytest.approx([1.0, 0.0, 1.0])


def test_nothing_is_no_evidence() -> None:
    scores = correlate(np.zeros((3, 2), np.float32), np.ones((2, 2), np.float32))
    assert (scores.evidence(0) == -np.inf).all()
    assert not scores.likeness().any()


@pytest.mark.parametrize(("a", "b"), [((0, 2), (3, 2)), ((3, 2), (0, 2)), ((3, 2), (3, 4))])
def test_sides_that_do_not_fit(a: tuple[int, int], b: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"expected \[Na, d\]"):
        correlate(np.zeros(a, np.float32), np.zeros(b, np.float32))
