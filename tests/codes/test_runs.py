from collections.abc import Sequence

import numpy as np
import pytest

from vdup.codes.hamming import paired_hamming
from vdup.codes.runs import LONGEST_RUN_SECONDS, RUN_RADIUS_BITS, collapse_runs
from vdup.types import CodeArray, TimeArray, VideoCodes


def _codes_with_bits_set(*counts: int) -> CodeArray:
    """Codes whose first so many bits are set: two of them differ by the difference of their counts."""
    bits = np.zeros((len(counts), 1024), dtype=np.uint8)
    for row, count in enumerate(counts):
        bits[row, :count] = 1
    return np.packbits(bits, axis=1)


def _collapse(counts: Sequence[int], times: TimeArray | None = None, blank: Sequence[int] = ()) -> VideoCodes:
    searchable = np.ones(len(counts), dtype=np.bool_)
    searchable[list(blank)] = False
    seconds = np.arange(len(counts), dtype=np.float64) if times is None else times
    return collapse_runs(_codes_with_bits_set(*counts), seconds, searchable, 99.5)


def _spans(codes: VideoCodes) -> list[tuple[float, float]]:
    return list(zip(codes.starts_seconds.tolist(), codes.ends_seconds.tolist(), strict=True))


def test_equal_frames_become_one_row_with_their_span() -> None:
    runs = _collapse([0, 0, 0, 500, 500, 0])
    assert _spans(runs) == [(0, 2), (3, 4), (5, 5)]
    np.testing.assert_array_equal(runs.codes, _codes_with_bits_set(0, 500, 0))
    assert runs.searchable.all()
    assert runs.duration_seconds == 99.5


def test_radius_is_inclusive() -> None:
    assert _spans(_collapse([0, RUN_RADIUS_BITS])) == [(0, 1)]
    assert _spans(_collapse([0, RUN_RADIUS_BITS + 1])) == [(0, 0), (1, 1)]


def test_slow_change_does_not_creep_into_one_run() -> None:
    step = RUN_RADIUS_BITS // 2
    runs = _collapse([step * frame for frame in range(9)])
    assert _spans(runs) == [(0, 2), (3, 5), (6, 8)]
    np.testing.assert_array_equal(runs.codes, _codes_with_bits_set(0, 3 * step, 6 * step))


def test_blank_frames_share_no_run_with_others() -> None:
    runs = _collapse([0, 0, 0, 0, 0], blank=[1, 2])
    assert _spans(runs) == [(0, 0), (1, 2), (3, 4)]
    assert runs.searchable.tolist() == [True, False, True]


def test_long_stills_are_cut() -> None:
    runs = _collapse([0] * 70)
    assert _spans(runs) == [(0, 30), (31, 61), (62, 69)]
    assert LONGEST_RUN_SECONDS == 30.0


def test_a_pause_between_frames_counts_as_time() -> None:
    assert _spans(_collapse([0, 0, 0], np.array([0.0, 29.0, 31.0]))) == [(0, 29), (31, 31)]


def test_no_frames_and_one_frame() -> None:
    assert len(_collapse([])) == 0
    assert _collapse([]).codes.shape == (0, 128)
    assert _spans(_collapse([5])) == [(0, 0)]


@pytest.mark.parametrize("seed", range(5))
def test_rows_partition_the_frames(seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = np.cumsum(random.integers(-15, 16, 200)).clip(0, 1024).tolist()
    blank = np.flatnonzero(random.random(200) < 0.1).tolist()
    frames = _codes_with_bits_set(*counts)
    runs = _collapse(counts, blank=blank)
    row = -1
    for frame in range(200):
        if row + 1 < len(runs) and runs.starts_seconds[row + 1] == frame:
            row += 1
            np.testing.assert_array_equal(runs.codes[row], frames[frame])
        assert runs.starts_seconds[row] <= frame <= runs.ends_seconds[row]
        assert runs.searchable[row] == (frame not in blank)
        assert paired_hamming(runs.codes[row : row + 1], frames[frame : frame + 1])[0] <= RUN_RADIUS_BITS
    assert row == len(runs) - 1
