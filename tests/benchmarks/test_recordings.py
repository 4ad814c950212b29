import io

import numpy as np
import pytest
from rich.console import Console

from benchmarks.recording_cases import RecordingPair, draw_pairs, make_event, record
from benchmarks.recordings import by_confidence, by_noise, fitted
from vdup.temporal.recordings import align_recordings


def test_pairs_are_what_they_say() -> None:
    events = [make_event(number, 15) for number in range(3)]
    pairs = list(draw_pairs(events, 12, seed=0))
    assert [pair.noise is None for pair in pairs] == [False, True] * 6
    for pair in pairs[::2]:
        for row, time in enumerate(pair.b.times_seconds.tolist()):
            there = pair.offset_seconds + pair.speed * time
            nearest = int(np.abs(pair.a.times_seconds - there).argmin())
            if pair.noise == 0 and abs(pair.a.times_seconds[nearest] - there) < 0.02:
                assert float(pair.a.features[nearest] @ pair.b.features[row]) > 0.8


def test_noise_has_its_length() -> None:
    event = make_event(0, 20, 256)
    plain, noisy = (record(event, 0, 20, noise=noise) for noise in (0.0, 1.0))
    cosines = np.einsum("nd,nd->n", plain.features, noisy.features)
    assert cosines.mean() == pytest.approx(1 / np.sqrt(2), abs=0.05)


def test_tables() -> None:
    event = make_event(0, 20)
    pair = RecordingPair(record(event, 0, 15), record(event, 5, 20), offset_seconds=5.0, speed=1.0, noise=0.0)
    other = RecordingPair(record(event, 0, 15), record(make_event(1, 20), 0, 20))
    alignment = align_recordings(pair.a, pair.b)
    assert pair.error_seconds(alignment) < 0.05
    assert other.error_seconds(alignment) == np.inf
    results = [(pair, alignment), (other, None)]
    text = io.StringIO()
    console = Console(file=text, width=200)
    console.print(by_noise(results))
    console.print(by_confidence(results))
    lines = [line.split() for line in text.getvalue().splitlines()]
    assert lines[1][:4] == ["0", "1", "100.0%", "100.0%"]
    assert lines[3] == ["0", "-", "0.1", "1", "0.000", "0.000"]
    assert lines[4][3:] == ["1", lines[4][4], "1.000"]


def test_fit_finds_the_function_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    rivalries = random.uniform(0.2, 1.2, 20_000)
    right = random.random(20_000) < 1 / (1 + np.exp(16 * (rivalries - 0.66)))
    even, slope = fitted(rivalries.tolist(), right.tolist())
    assert even == pytest.approx(0.66, abs=0.01)
    assert slope == pytest.approx(16, abs=0.7)
