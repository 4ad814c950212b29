"""What is planted, and how it is judged what was found."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lookup_codes import made_up
from benchmarks.planted_copy import between, names_times, names_video, plant
from vdup.codes.hamming import paired_hamming
from vdup.types import CodeArray, FloatArray, Match, VideoCodes


def no_background(codes: CodeArray) -> FloatArray:
    return np.zeros(len(codes), dtype=np.float32)


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


def test_planted_copy_lies_where_it_is_said_to() -> None:
    codes = np.concatenate(list(made_up(700, np.random.default_rng(0))))
    seconds = np.arange(600, dtype=np.float64)
    stored = VideoCodes(codes[:600], seconds, seconds, np.ones(600, dtype=np.bool_), 600.0)
    planted = plant(stored, "video", codes[600:680], no_background, 0.1, 3)
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


def test_matches_are_judged_by_video_and_times() -> None:
    codes = np.zeros((680, 128), dtype=np.uint8)
    seconds = np.arange(600, dtype=np.float64)
    stored = VideoCodes(codes[:600], seconds, seconds, np.ones(600, dtype=np.bool_), 600.0)
    planted = plant(stored, "video", codes[:80], no_background, 0.0, 0)
    start = planted.reference_start_seconds
    right = Match("query", "video", 5.5, 24.2, start - 0.5, start + 20.9, 0.9)
    wrong = replace(right, reference_id="other")
    assert names_video([right, wrong], planted)
    assert names_times([right, wrong], planted)
    assert not names_video([], planted)
    assert not names_video([wrong, right], planted)
    assert not names_times([wrong, right], planted)
    for late in (replace(right, query_end_seconds=26.5), replace(right, reference_start_seconds=start + 2)):
        assert names_video([late], planted)
        assert not names_times([late], planted)
