import numpy as np
import pytest

from benchmarks.recording_cases import make_event, record
from vdup.temporal.recording_samples import Line, Recordings, backwards
from vdup.types import FrameFeatures


def test_line_both_ways() -> None:
    line = Line(speed=1.25, offset_seconds=-3.0)
    assert line.a_at(4.0) == 2.0
    assert line.b_at(2.0) == 4.0
    assert line.overlap_in_b(a_end_seconds=7.0, b_end_seconds=20.0) == (2.4, 8.0)
    assert line.overlap_in_b(a_end_seconds=70.0, b_end_seconds=20.0) == (2.4, 20.0)
    start, end = Line(1.0, 50.0).overlap_in_b(a_end_seconds=7.0, b_end_seconds=20.0)
    assert end < start


def test_turned_line_keeps_its_pivot() -> None:
    line = Line(1.0, 5.0).turned(2.0, 3.0)
    assert line.speed == 2.0
    assert line.a_at(3.0) == 8.0


def test_samples_along_the_true_line_are_alike() -> None:
    event = make_event(0, 60)
    recordings = Recordings(record(event, 0, 40), record(event, 12.4, 60, speed=1.25, phase=0.1))
    samples_a, samples_b = recordings.on(Line(1.25, 12.4), 0.2, margin=2)
    there = samples_a.any(axis=1) & samples_b.any(axis=1)
    assert int(there.sum()) == pytest.approx(27.6 / 0.2, abs=2)
    cosines = (
        np.einsum("nd,nd->n", samples_a, samples_b)[there]
        / (np.linalg.norm(samples_a, axis=1) * np.linalg.norm(samples_b, axis=1))[there]
    )
    assert np.median(cosines) > 0.95


def test_lines_without_a_common_stretch() -> None:
    event = make_event(0, 20)
    recordings = Recordings(record(event, 0, 10), record(event, 0, 10))
    assert [len(side) for side in recordings.on(Line(1.0, 30.0), 0.2, margin=2)] == [0, 0]


def test_what_stays_the_same_is_taken_off() -> None:
    event = make_event(1, 30)
    plain = record(event, 0, 30)
    view = np.full(plain.features.shape[1], 5.0, dtype=np.float32)
    seen = FrameFeatures(plain.features + view, plain.times_seconds, plain.duration_seconds)
    samples, _ = Recordings(plain, plain).whole(0.2, 1.0)
    shifted, _ = Recordings(seen, seen).whole(0.2, 1.0)
    assert shifted @ shifted.T == pytest.approx(samples @ samples.T, abs=1e-3)


def test_blank_frames_are_not_there() -> None:
    shown = record(make_event(2, 20), 0, 20)
    shown.features[25:50] = 0.0
    samples, _ = Recordings(shown, shown).whole(0.2, 1.0)
    assert not samples[26:49].any()
    assert samples[60:90].any(axis=1).all()


def test_backwards() -> None:
    shown = record(make_event(3, 4), 0, 4, phase=0.1)
    turned = backwards(shown)
    assert np.array_equal(turned.features, shown.features[::-1])
    assert np.diff(turned.times_seconds) == pytest.approx(np.diff(shown.times_seconds)[::-1])
    assert len(backwards(FrameFeatures(np.zeros((0, 2), np.float32), np.zeros(0), 1.0))) == 0


def test_widths_must_agree() -> None:
    one, two = (record(make_event(0, 3, dimensions), 0, 3) for dimensions in (8, 9))
    with pytest.raises(ValueError, match=r"expected|must be"):
        Recordings(one, two)
