"""What the benchmark plants, and how it judges what was found."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lookup_codes import made_up
from benchmarks.scale import between, first_of_equal, is_found, plant, plausible_calibration
from vdup.codes.hamming import paired_hamming
from vdup.types import CodeArray, Match, VideoCodes


@pytest.fixture(scope="module")
def codes() -> CodeArray:
    return np.concatenate(list(made_up(800, np.random.default_rng(0))))


def test_first_of_equal_against_a_loop(codes: CodeArray) -> None:
    mixed = codes[np.random.default_rng(1).integers(0, 40, 200)]
    mixed[mixed == 7] = 0  # codes that hold or end with zero bytes are codes like any others
    seen: dict[bytes, int] = {}
    expected = [seen.setdefault(code.tobytes(), row) for row, code in enumerate(mixed)]
    np.testing.assert_array_equal(first_of_equal(mixed), expected)


def test_between_takes_bits_by_nearness() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 256, (3, 128), dtype=np.uint8)
    mixed = between(codes, np.array([0.0, 0.25, 1.0, 1.5, 2.0]), rng)
    np.testing.assert_array_equal(mixed[[0, 2, 4]], codes)
    apart = paired_hamming(codes[:2], codes[1:])
    assert paired_hamming(mixed[1:2], codes[:1])[0] == pytest.approx(apart[0] / 4, abs=60)
    assert paired_hamming(mixed[3:4], codes[1:2])[0] == pytest.approx(apart[1] / 2, abs=60)
    same_in_both = ~(codes[1] ^ codes[2])
    assert not np.any((mixed[3] ^ codes[1]) & same_in_both)


def test_planted_copy_lies_where_it_is_said_to(codes: CodeArray) -> None:
    seconds = np.arange(600, dtype=np.float64)
    stored = VideoCodes(codes[:600], seconds, seconds, np.ones(600, dtype=np.bool_), 600.0)
    planted = plant(stored, "video", codes[600:680], plausible_calibration(codes[680:]), 0.1, 3)
    straight, mirrored = planted.straight, planted.mirrored
    assert len(straight.codes) == len(mirrored.codes) == 60
    assert straight.duration_seconds == 30
    assert mirrored.mirrored
    np.testing.assert_array_equal(straight.codes[:10], codes[600:610])
    np.testing.assert_array_equal(straight.codes[50:], codes[610:620])
    np.testing.assert_array_equal(mirrored.codes, codes[620:680])
    first = int(planted.reference_start_seconds)
    on_rows = paired_hamming(straight.codes[10:50:2], codes[first : first + 20])
    np.testing.assert_allclose(on_rows, 102, atol=50)


def test_found_means_the_right_place() -> None:
    codes = np.zeros((680, 128), dtype=np.uint8)
    seconds = np.arange(600, dtype=np.float64)
    stored = VideoCodes(codes[:600], seconds, seconds, np.ones(600, dtype=np.bool_), 600.0)
    planted = plant(stored, "video", codes[:80], plausible_calibration(codes[:20]), 0.0, 0)
    start = planted.reference_start_seconds
    right = Match("query", "video", 5.5, 24.2, start - 0.5, start + 20.9, 0.9)
    assert is_found([right], planted)
    assert not is_found([], planted)
    assert not is_found([replace(right, reference_id="other"), right], planted)
    assert not is_found([replace(right, query_end_seconds=26.5)], planted)
    assert not is_found([replace(right, reference_start_seconds=start + 2)], planted)
