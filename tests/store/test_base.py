from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from vdup.store.base import (
    MAX_VIDEO_NUMBER,
    Descriptors,
    check_items,
    check_vectors,
    unit_vectors,
)


def rows(count: int, dimensions: int = 4) -> Descriptors:
    return Descriptors(7, np.zeros(count), np.ones(count), np.ones((count, dimensions), dtype=np.float32))


def test_descriptors_are_frozen_and_have_a_length() -> None:
    item = rows(3)
    assert len(item) == 3
    with pytest.raises(FrozenInstanceError):
        item.video_number = 8  # type: ignore[misc]


@pytest.mark.parametrize("number", [-1, MAX_VIDEO_NUMBER + 1])
def test_video_number_must_fit_a_point_id(number: int) -> None:
    with pytest.raises(ValueError, match=f"video number {number} is outside"):
        Descriptors(number, np.zeros(1), np.ones(1), np.ones((1, 4), dtype=np.float32))


def test_columns_must_agree() -> None:
    vectors = np.ones((2, 4), dtype=np.float32)
    with pytest.raises(ValueError, match=r"video 7: starts_seconds must be float64 \[2\], got float64 \(3,\)"):
        Descriptors(7, np.zeros(3), np.ones(2), vectors)
    with pytest.raises(ValueError, match=r"ends_seconds must be float64 \[2\], got float32"):
        Descriptors(7, np.zeros(2), np.ones(2, dtype=np.float32), vectors)
    with pytest.raises(ValueError, match=r"vectors must be float32 \[N, D\], got float64 \(2, 4\)"):
        Descriptors(7, np.zeros(2), np.ones(2), vectors.astype(np.float64))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_video_and_row(bad: float) -> None:
    item = rows(3)
    item.vectors[2, 1] = bad
    with pytest.raises(ValueError, match="video 7, row 2: vector holds NaN or infinity"):
        check_items([item], 4)


def test_vector_without_length_is_refused_with_video_and_row() -> None:
    item = rows(3)
    item.vectors[1] = 0
    with pytest.raises(ValueError, match="video 7, row 1: vector has length zero"):
        check_items([item], 4)


def test_wrong_width_is_refused() -> None:
    with pytest.raises(ValueError, match=r"video 7: vectors must have shape \[N, 5\], got \(3, 4\)"):
        check_items([rows(3)], 5)


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (np.nan, 1.0), (0.0, np.inf)])
def test_times_must_be_a_stretch(start: float, end: float) -> None:
    item = rows(2)
    item.starts_seconds[1], item.ends_seconds[1] = start, end
    with pytest.raises(ValueError, match=r"video 7, row 1: .* is not a stretch of time"):
        check_items([item], 4)


def test_a_video_must_not_occur_twice() -> None:
    with pytest.raises(ValueError, match="video 7 occurs twice"):
        check_items([rows(1), rows(2)], 4)


def test_a_video_without_rows_may_have_any_width() -> None:
    check_items([rows(0, dimensions=0)], 4)


def test_query_vectors_are_named_by_their_owner() -> None:
    with pytest.raises(ValueError, match="query, row 0: vector has length zero"):
        check_vectors(np.zeros((1, 4), dtype=np.float32), 4, "query")


def test_unit_vectors_survive_very_long_and_very_short_input() -> None:
    vectors = np.array([[3e38, 3e38], [1e-38, 0.0], [3.0, 4.0]], dtype=np.float32)
    np.testing.assert_allclose(unit_vectors(vectors), [[0.5**0.5, 0.5**0.5], [1.0, 0.0], [0.6, 0.8]], rtol=1e-6)
