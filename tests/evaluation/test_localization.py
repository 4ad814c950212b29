import math

import pytest

from vdup.datasets.base import VideoFile
from vdup.datasets.recordings import Recording
from vdup.evaluation.localization import Alignment, localize, shares_below

RECORDINGS = {
    "a": Recording(VideoFile("a", None), 0, 10, global_seconds=100),  # event 100 - 110
    "b": Recording(VideoFile("b", None), 5, 20, global_seconds=90),  # 95 - 110
    "c": Recording(VideoFile("c", None), 0, 10, global_seconds=110),  # 110 - 120: touches the others, shares nothing
}


def test_error_of_the_best_alignment() -> None:
    """What a shows at t, b shows at t + 10."""
    found = localize("a", [Alignment("b", 0.9, 10.4), Alignment("c", 0.5, 0.0)], RECORDINGS)
    assert found.reference_id == "b"
    assert found.error_seconds == pytest.approx(0.4, abs=1e-12)
    back = localize("b", [Alignment("a", 0.9, -10.4)], RECORDINGS)
    assert back.error_seconds == pytest.approx(0.4, abs=1e-12)


def test_equals_event_time_worked_out_moment_by_moment() -> None:
    """A moment of the event, as a time in either file; their difference is the true offset."""
    for query, reference in (("a", "b"), ("b", "a")):
        moment = 104.0
        in_query = moment - RECORDINGS[query].global_seconds
        in_reference = moment - RECORDINGS[reference].global_seconds
        true = in_reference - in_query
        for wrong_by in (-3.0, 0.0, 0.25):
            found = localize(query, [Alignment(reference, 1.0, true + wrong_by)], RECORDINGS)
            assert found.error_seconds == pytest.approx(abs(wrong_by), abs=1e-9)


def test_a_best_video_without_a_common_moment_is_an_infinite_error() -> None:
    found = localize("a", [Alignment("b", 0.4, 10.0), Alignment("c", 0.5, 0.0)], RECORDINGS)
    assert found.reference_id == "c"
    assert math.isinf(found.error_seconds)


def test_of_equal_similarities_the_first_counts() -> None:
    alignments = [Alignment("c", 0.5, 0.0), Alignment("b", 0.5, 10.0)]
    assert localize("a", alignments, RECORDINGS).reference_id == "c"
    assert localize("a", alignments[::-1], RECORDINGS).reference_id == "b"


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="no other video"):
        localize("a", [], RECORDINGS)
    with pytest.raises(ValueError, match="itself"):
        localize("a", [Alignment("a", 1.0, 0.0)], RECORDINGS)


def test_shares_count_errors_strictly_below_the_bound() -> None:
    errors = [0.05, 0.1, 0.5, 1.0, 9.9, math.inf]
    assert shares_below(errors) == {0.1: 1 / 6, 1.0: 3 / 6, 10.0: 5 / 6}
    assert all(math.isnan(share) for share in shares_below([]).values())
