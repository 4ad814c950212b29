import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.errors import StoreError
from vdup.store import pooling
from vdup.store.base import MAX_ROWS
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS, fold_codes, pool_codes
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, VideoCodes


def some_codes(
    rng: np.random.Generator,
    starts: list[float],
    ends: list[float],
    duration: float,
    hidden: tuple[int, ...] = (),
) -> VideoCodes:
    searchable = np.ones(len(starts), dtype=np.bool_)
    searchable[list(hidden)] = False
    codes = rng.integers(0, 256, (len(starts), CODE_BYTES), dtype=np.uint8)
    return VideoCodes(codes, np.array(starts), np.array(ends), searchable, duration)


def signs_of(codes: CodeArray) -> NDArray[np.float64]:
    """Codes as vectors of +1 and -1, float64 [N, 1024]."""
    return np.where(np.unpackbits(codes, axis=1) == 1, 1.0, -1.0)


def folding_matrix() -> NDArray[np.float64]:
    """The linear map of the module's docstring written out, float64 [256, 1024]."""
    turned = hashlib.shake_256(b"vdup stretch descriptor 1").digest(CODE_BYTES)
    matrix = np.zeros((DESCRIPTOR_DIMENSIONS, CODE_BITS))
    for number in range(CODE_BITS):
        turn = turned[number // 8] >> (7 - number % 8) & 1
        matrix[number % DESCRIPTOR_DIMENSIONS, number] = -1.0 if turn else 1.0
    return matrix


def mean_of(codes: VideoCodes, lasts: list[float]) -> NDArray[np.float64]:
    """Descriptor from the seconds that each row counts for, by plain sums."""
    total = np.zeros(CODE_BITS)
    for row, seconds in enumerate(lasts):
        total += seconds * signs_of(codes.codes[row : row + 1])[0]
    folded = folding_matrix() @ total
    unit: NDArray[np.float64] = folded / np.sqrt(folded @ folded)
    return unit


def test_folding_is_the_documented_orthogonal_map() -> None:
    codes = np.random.default_rng(0).integers(0, 256, (50, CODE_BYTES), dtype=np.uint8)
    folded = fold_codes(codes)
    assert folded.dtype == np.int8
    matrix = folding_matrix()
    np.testing.assert_array_equal(folded, signs_of(codes) @ matrix.T)
    np.testing.assert_array_equal(matrix @ matrix.T, 4 * np.eye(DESCRIPTOR_DIMENSIONS))
    assert fold_codes(codes[:0]).shape == (0, DESCRIPTOR_DIMENSIONS)


def test_stored_descriptors_stay_comparable_for_ever() -> None:
    codes = np.arange(3 * CODE_BYTES, dtype=np.uint32).astype(np.uint8).reshape(3, CODE_BYTES)
    assert (
        hashlib.sha256(fold_codes(codes).tobytes()).hexdigest()
        == "a2289aef2ba13664e4c44ab31984d704574ed0924b04717849889a49a9c74a85"
    )


def test_cosine_survives_folding_as_well_as_a_random_projection_can() -> None:
    """Means of correlated codes, their true cosines from -0.1 to 0.7, compared before and after folding."""
    rng = np.random.default_rng(3)
    projection = rng.normal(size=(256, CODE_BITS))
    common, topics = 0.4 * rng.normal(size=256), 0.6 * rng.normal(size=(10, 256))
    topic_of = np.arange(150) % 10
    videos = common + topics[topic_of] + 0.4 * rng.normal(size=(150, 256))
    frames = (videos[:, None] + 0.6 * rng.normal(size=(150, 6, 256))).reshape(900, 256)
    codes = np.packbits(frames @ projection > 0, axis=1)
    true = signs_of(codes).reshape(150, 6, -1).mean(axis=1)
    kept = fold_codes(codes).reshape(150, 6, -1).mean(axis=1)
    pairs = np.triu_indices(150, 1)
    cosines, folded = (
        (units @ units.T)[pairs]
        for units in (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (true, kept))
    )
    errors = folded - cosines
    expected = np.sqrt(np.mean((1 - cosines**2) ** 2) / DESCRIPTOR_DIMENSIONS * (1 - DESCRIPTOR_DIMENSIONS / CODE_BITS))
    assert cosines.min() < 0
    assert cosines.max() > 0.6
    assert abs(errors.mean()) < 0.02
    assert errors.std() == pytest.approx(expected, rel=0.2)
    assert np.corrcoef(cosines, folded)[0, 1] > 0.92


def test_a_short_video_has_one_descriptor_weighted_by_time() -> None:
    """Runs of 1, 4 and 2 sampled frames, one a second."""
    codes = some_codes(np.random.default_rng(1), [0, 1, 5], [0, 4, 6], 7.0)
    starts, ends, vectors = pool_codes(codes, 7.0)
    assert (starts.tolist(), ends.tolist()) == ([0.0], [7.0])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[0], mean_of(codes, [1, 4, 2]), atol=1e-6)


def test_stretches_take_the_part_of_each_row_that_lies_in_them() -> None:
    codes = some_codes(np.random.default_rng(2), [0, 3, 4, 11, 16], [2, 3, 10, 15, 19], 20.0)
    starts, ends, vectors = pool_codes(codes, 8.0)
    assert starts.tolist() == [0, 0, 4, 8, 12]
    assert ends.tolist() == [20, 8, 12, 16, 20]
    row_starts, row_ends = [0, 3, 4, 11, 16], [3, 4, 11, 16, 20]
    for start, end, vector in zip(starts, ends, vectors, strict=True):
        lasts = [max(0.0, min(end, to) - max(start, of)) for of, to in zip(row_starts, row_ends, strict=True)]
        np.testing.assert_allclose(vector, mean_of(codes, lasts), atol=1e-6)


@pytest.mark.parametrize(("duration", "stretches"), [(20.0, 0), (20.5, 2), (30.0, 2), (30.5, 3), (97.0, 9)])
def test_stretches_cover_the_video_and_overlap_by_half_or_more(duration: float, stretches: int) -> None:
    times = np.arange(0, duration, 0.5).tolist()
    starts, ends, vectors = pool_codes(some_codes(np.random.default_rng(3), times, times, duration), 20.0)
    assert (starts[0], ends[0]) == (0.0, duration)
    assert len(vectors) == 1 + stretches
    if stretches:
        np.testing.assert_allclose(ends[1:] - starts[1:], 20.0)
        assert (starts[1], ends[-1]) == (0.0, pytest.approx(duration))
        assert np.diff(starts[1:]).max() <= 10.0 + 1e-9


def test_vectors_have_length_one() -> None:
    times = np.arange(100.0).tolist()
    _, _, vectors = pool_codes(some_codes(np.random.default_rng(4), times, times, 100.0), 20.0)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_hidden_rows_count_for_nothing_and_empty_stretches_are_left_out() -> None:
    times = np.arange(40.0).tolist()
    codes = some_codes(np.random.default_rng(5), times, times, 40.0, hidden=tuple(range(8, 40)))
    starts, ends, vectors = pool_codes(codes, 10.0)
    assert (starts.tolist(), ends.tolist()) == ([0, 0, 5], [40, 10, 15])
    np.testing.assert_allclose(vectors[0], mean_of(codes, [1.0] * 8), atol=1e-6)
    np.testing.assert_allclose(vectors[2], mean_of(codes, [0.0] * 5 + [1.0] * 3), atol=1e-6)


def test_a_video_without_searchable_rows_has_no_descriptor() -> None:
    for codes in (
        some_codes(np.random.default_rng(6), [], [], 0.0),
        some_codes(np.random.default_rng(6), [0, 1], [0, 1], 2.0, hidden=(0, 1)),
    ):
        starts, ends, vectors = pool_codes(codes, 20.0)
        assert starts.shape == ends.shape == (0,)
        assert starts.dtype == ends.dtype == np.float64
        assert vectors.shape == (0, DESCRIPTOR_DIMENSIONS)
        assert vectors.dtype == np.float32


def test_codes_that_cancel_out_have_no_direction() -> None:
    code = np.random.default_rng(7).integers(0, 256, (1, CODE_BYTES), dtype=np.uint8)
    codes = VideoCodes(np.vstack([code, ~code]), np.arange(2.0), np.arange(2.0), np.ones(2, dtype=np.bool_), 2.0)
    assert len(pool_codes(codes, 20.0)[2]) == 0


@pytest.mark.parametrize("duration", [0.0, 1e-9, 0.04, 5.0])
def test_a_single_frame_is_its_own_mean(duration: float) -> None:
    codes = some_codes(np.random.default_rng(8), [0], [0], duration)
    starts, ends, vectors = pool_codes(codes, 20.0)
    assert starts.tolist() == [0.0]
    assert ends.tolist() == [duration or 1.0]
    np.testing.assert_allclose(vectors[0], mean_of(codes, [1.0]), atol=1e-6)


def test_rows_end_where_the_next_one_starts_and_gaps_stay_gaps() -> None:
    """Steps of 1, 1, 0.25 and 6 s: the usual step of 1 s is cut to 0.25 s once and leaves 5 s open once."""
    codes = some_codes(np.random.default_rng(9), [0, 1, 2, 2.25, 8.25], [0, 1, 2, 2.25, 8.25], 9.25)
    _, ends, vectors = pool_codes(codes, 20.0)
    assert ends.tolist() == [9.25]
    np.testing.assert_allclose(vectors[0], mean_of(codes, [1, 1, 0.25, 1, 1]), atol=1e-6)


@pytest.mark.parametrize("stretch", [0.0, -1.0, float("nan")])
def test_stretch_must_be_above_zero(stretch: float) -> None:
    with pytest.raises(ValueError, match=r"stretch_seconds=.* must be above 0"):
        pool_codes(some_codes(np.random.default_rng(10), [0], [0], 1.0), stretch)


@pytest.mark.parametrize("duration", [1.1e7, 1e12, 1e300, np.inf])
def test_a_video_that_lasts_for_ages_asks_for_no_memory(duration: float) -> None:
    codes = some_codes(np.random.default_rng(4), [0, 1], [0, 1], duration)
    with pytest.raises(StoreError, match=r"too many stretches of 20 s: .*store\.stretch_seconds"):
        pool_codes(codes, 20.0)


@pytest.mark.parametrize(("stretches", "fits"), [(MAX_ROWS - 1, True), (MAX_ROWS, False)])
def test_the_longest_video_that_fits(stretches: int, fits: bool) -> None:
    length = 10.0 * (stretches - 1) + 20.0
    if fits:
        starts, ends = pooling._windows(length, 20.0)
        assert len(starts) == len(ends) == stretches + 1 == MAX_ROWS
        return
    with pytest.raises(StoreError):
        pooling._windows(length, 20.0)
