import numpy as np
import pytest
from descriptor_oracle import some_descriptors

from vdup.errors import StoreError
from vdup.store.base import MAX_ROWS, MAX_VIDEO_NUMBER
from vdup.store.points import (
    descriptors_of,
    point_id,
    points_of,
    read_hit,
    read_id,
    read_offset,
    read_point,
    video_number_of,
)


def test_ids_fill_64_bits_and_sort_by_video_then_row() -> None:
    places = [(0, 0), (0, 1), (0, MAX_ROWS - 1), (1, 0), (MAX_VIDEO_NUMBER, MAX_ROWS - 1)]
    ids = [point_id(video, row) for video, row in places]
    assert ids == sorted(set(ids))
    assert ids[-1] == 2**64 - 1
    assert [video_number_of(identifier) for identifier in ids] == [video for video, _ in places]


@pytest.mark.parametrize("row", [-1, MAX_ROWS])
def test_row_must_fit(row: int) -> None:
    with pytest.raises(ValueError, match=f"row {row} of video 3 is outside"):
        point_id(3, row)


def test_points_and_back() -> None:
    rng = np.random.default_rng(0)
    items = [some_descriptors(rng, 3, 4, 8), some_descriptors(rng, 9, 1, 8), some_descriptors(rng, 11, 0, 8)]
    points = [point for item in items for point in points_of(item)]
    assert points[3].payload == {"video": 3, "row": 3, "start": 20.0, "end": 40.0}

    back = list(descriptors_of(points))

    assert [item.video_number for item in back] == [3, 9]
    for item, expected in zip(back, items, strict=False):
        np.testing.assert_array_equal(item.starts_seconds, expected.starts_seconds)
        np.testing.assert_array_equal(item.ends_seconds, expected.ends_seconds)
        lengths = np.linalg.norm(expected.vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(item.vectors, expected.vectors / lengths, atol=1e-6)


def test_hits_are_cut_to_the_range_of_a_cosine() -> None:
    hit = read_hit(point_id(5, 2), {"video": 5, "row": 2, "start": 1, "end": 2.5}, 1.0000002)
    assert (hit.video_number, hit.start_seconds, hit.end_seconds, hit.similarity) == (5, 1.0, 2.5, 1.0)


def test_foreign_points_are_named() -> None:
    with pytest.raises(StoreError, match=r"point 9d3a was not written by vdup.*store\.collection"):
        read_id("9d3a")
    with pytest.raises(StoreError, match="point 4 was not"):
        read_point(4, [1.0], {"start": "soon", "end": 2.0})
    with pytest.raises(StoreError, match="point 4 was not"):
        read_point(4, {"text": [1.0]}, {"start": 0.0, "end": 2.0})
    with pytest.raises(StoreError, match="point 4 was not"):
        read_hit(4, None, 0.5)


def test_the_last_page_has_no_offset() -> None:
    assert read_offset(None) is None
    assert read_offset(17) == 17
