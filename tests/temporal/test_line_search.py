from itertools import pairwise

import numpy as np
import pytest

from benchmarks.recording_cases import make_event, record
from vdup.temporal.line_search import SearchLimits, evidence_on, find_line, speeds_between
from vdup.temporal.recording_samples import Line, Recordings


@pytest.mark.parametrize(("low", "high"), [(0.5, 2.0), (1.0, 1.0), (1.1, 1.5), (0.3, 0.9), (1.0, 1.04)])
def test_speeds_lie_close_and_reach_both_ends(low: float, high: float) -> None:
    speeds = speeds_between(low, high, 0.03)
    assert speeds == sorted(speeds)
    assert (speeds[0], speeds[-1]) == (low, high)
    assert all(after / before < 1.0305 for before, after in pairwise(speeds))
    assert (1.0 in speeds) == (low <= 1.0 <= high)


def test_long_recordings_are_searched_in_longer_samples_and_found_to_the_frame() -> None:
    event = make_event(4, 1500)
    recordings = Recordings(record(event, 0, 1200, fps=2), record(event, 700, 1500, fps=2, speed=1.01, phase=0.2))
    found = find_line(recordings, SearchLimits(0.98, 1.02, 5.0))
    assert found is not None
    for moment in (0.0, 500 / 1.01):  # within half a sample at both ends of what is shared
        assert found.line.a_at(moment) == pytest.approx(700 + 1.01 * moment, abs=0.25)


def test_evidence_is_highest_on_the_true_line() -> None:
    event = make_event(5, 60)
    recordings = Recordings(record(event, 0, 50), record(event, 20, 60))
    limits = SearchLimits(0.5, 2.0, 3.0)
    evidence = evidence_on(recordings, limits, Line(1.0, 20.0), 0.2)
    assert int(np.argmax(evidence)) == 2
    assert evidence_on(recordings, limits, Line(1.0, 48.5), 0.2).max() == -np.inf


def test_no_line_through_stills() -> None:
    still = record(make_event(6, 10), 0, 10)
    still.features[:] = still.features[0]
    assert find_line(Recordings(still, record(make_event(7, 10), 0, 10)), SearchLimits(0.5, 2.0, 3.0)) is None
