"""Segments verified by their movies."""

from dataclasses import replace

import numpy as np
import pytest
from movies.made_registration import made_registration
from movies.moving_pictures import Blobs

from vdup.align.calibration import VERIFICATION_INPUTS, Calibration, Evidence, ScoreModel, VerificationModel
from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment
from vdup.align.verification import is_clear, other_moments, verification_inputs, verify
from vdup.movies.movie import Movie
from vdup.movies.registration import Registration
from vdup.movies.storage import PackedMovie, pack_movie
from vdup.types import CODE_BYTES, Placement

LIMITS = (0.5, 2.0)
CALIBRATION = Calibration(
    background_codes=np.zeros((10, CODE_BYTES), dtype=np.uint8),
    evidence=Evidence(0.0, 0.0, 0.0, -1.5, 4.0),
    score=ScoreModel(0.0, 0.0, 0.0, 0.0),
    codes="",
    verification=VerificationModel(-3.0, (1.0, 2.0, 2.0, *(0.0,) * (len(VERIFICATION_INPUTS) - 3))),
)


def inputs_of(code_score: float, seconds: float, found: Registration) -> dict[str, float]:
    return verification_inputs(code_score, seconds, found, mirrored=False, panel=False)


def _packed(seed: int, start: float = 0.0, seconds: float = 30.0) -> PackedMovie:
    return PackedMovie(list(pack_movie(Blobs(seed).movie(start + np.arange(int(4 * seconds)) / 4))))


def _segment(start: float, end: float, intercept: float, score: float = 0.5) -> ScoredSegment:
    none = np.zeros(0, dtype=np.int64)
    segment = Segment(
        Line(1.0, intercept), start, end, start + intercept, end + intercept, none, none, np.zeros(0, dtype=np.float32)
    )
    return ScoredSegment(segment, 10.0, score, 5, 5, 200.0, 0.9, mirrored=False, panel=False)


def test_the_right_moment_gains_and_is_placed() -> None:
    query, reference = _packed(1, start=12.0, seconds=10.0), _packed(1)
    found = verify(_segment(1.0, 9.0, 12.4), query, reference, 30.0, CALIBRATION, LIMITS)
    assert found.score > 0.8
    assert found.registration is not None
    assert found.inputs is not None
    assert CALIBRATION.verification is not None
    assert found.score == CALIBRATION.verification.probability(found.inputs)
    assert tuple(found.inputs) == VERIFICATION_INPUTS
    assert found.registration.correlation > 0.9
    line = found.segment.line
    assert line.speed == 1.0
    assert line.intercept_seconds == pytest.approx(12.0, abs=0.1)
    assert found.segment.reference_start_seconds == pytest.approx(13.0, abs=0.1)
    assert found.segment.query_end_seconds == 9.0


def test_the_movies_say_whether_the_copy_is_mirrored() -> None:
    scene = Blobs(8)
    pictures = scene.movie(5.0 + np.arange(40) / 4).pictures[:, :, ::-1].copy()
    query = PackedMovie(list(pack_movie(Movie(pictures, 4.0))))
    for guess in (False, True):
        before = replace(_segment(1.0, 9.0, 5.2), mirrored=guess)
        assert verify(before, query, _packed(8), 30.0, CALIBRATION, LIMITS).mirrored
        plain = _packed(8, start=5.0, seconds=10.0)
        assert not verify(before, plain, _packed(8), 30.0, CALIBRATION, LIMITS).mirrored


def test_another_scene_loses_and_stays_where_it_was() -> None:
    before = _segment(1.0, 9.0, 3.0)
    found = verify(before, _packed(5, seconds=10.0), _packed(6), 30.0, CALIBRATION, LIMITS)
    assert found.score < 0.5
    assert found.segment == before.segment


def test_a_line_that_leads_out_of_the_reference_is_cut() -> None:
    query, reference = _packed(4, start=22.5, seconds=10.0), _packed(4)
    found = verify(_segment(0.0, 9.0, 22.1), query, reference, 30.0, CALIBRATION, LIMITS)
    assert found.segment.reference_end_seconds == 30.0
    assert found.segment.query_end_seconds == pytest.approx(7.5, abs=0.1)


def test_without_movies_or_a_model_the_score_stays() -> None:
    before = _segment(1.0, 9.0, 0.0)
    movie = _packed(5)
    assert verify(before, None, movie, 30.0, CALIBRATION, LIMITS) is before
    assert verify(before, movie, None, 30.0, CALIBRATION, LIMITS) is before
    plain = verify(before, movie, movie, 30.0, replace(CALIBRATION, verification=None), LIMITS)
    assert plain.score == before.score
    assert plain.registration is not None


def test_scores_of_any_size_have_inputs() -> None:
    found = verify(_segment(1.0, 9.0, 0.0), _packed(7), _packed(7), 30.0, CALIBRATION, LIMITS).registration
    assert found is not None
    for score in (0.0, 1e-9, 0.5, 1.0):
        inputs = inputs_of(score, 8.0, found)
        assert tuple(inputs) == VERIFICATION_INPUTS
        assert np.isfinite(list(inputs.values())).all()
    assert inputs_of(0.5, 8.0, found)["code_score"] == 0.0
    assert inputs_of(0.9, 8.0, found)["code_score"] == pytest.approx(np.log(9))


def test_where_nothing_moves_nothing_is_clear() -> None:
    good = made_registration()
    assert is_clear(good)
    assert not is_clear(replace(good, motion=0.002))
    assert not is_clear(replace(good, reference_motion=0.002))
    assert not is_clear(replace(good, correlation=0.3))


def test_moving_without_agreeing_counts_the_longer_the_more() -> None:
    plain = made_registration(correlation=0.2, reference_motion=0.4)
    still = replace(plain, motion=0.01)
    agreeing = replace(plain, correlation=0.95)
    assert inputs_of(0.5, 8.0, still)["unexplained"] == 0
    assert inputs_of(0.5, 8.0, agreeing)["unexplained"] < 0.2
    short, long = (inputs_of(0.5, seconds, plain)["unexplained_over_time"] for seconds in (3.0, 12.0))
    assert 1 < short < long


def test_the_pictures_decide_on_mirroring_only_where_they_are_clear() -> None:
    clear = made_registration(placement=Placement(0, 0, 1, 1, mirrored=True, quarter_turns=0))
    unclear = replace(clear, correlation=0.1)
    for mirrored in (False, True):
        assert verification_inputs(0.5, 8.0, clear, mirrored=mirrored, panel=False)["mirrored"] == 1.0
        assert verification_inputs(0.5, 8.0, unclear, mirrored=mirrored, panel=False)["mirrored"] == float(mirrored)
    assert verification_inputs(0.5, 8.0, clear, mirrored=False, panel=True)["panel"] == 1.0


def _registered(start: float, end: float, intercept: float, score: float, correlation: float) -> ScoredSegment:
    found = made_registration(intercept_seconds=intercept, correlation=correlation)
    return replace(_segment(start, end, intercept, score), registration=found)


def test_a_moment_that_only_resembles_the_right_one_is_told() -> None:
    right, resembling = _registered(0, 8, 20, 0.95, 0.8), _registered(0, 8, 50, 0.8, 0.6)
    assert right.registration is not None
    assert other_moments([right, resembling]) == [False, True]
    assert other_moments([resembling]) == [False], "nothing else explains it better"
    alike = _registered(0, 8, 50, 0.8, 0.75), _registered(1, 8, 70, 0.8, 0.75)
    assert other_moments(alike) == [False, True], "one of two that are as likely"
    sure = _registered(0, 8, 50, 0.94, 0.6)
    assert other_moments([right, sure]) == [False, False], "sure by itself"
    elsewhere = _registered(5, 13, 50, 0.8, 0.6)
    assert other_moments([right, elsewhere]) == [False, False], "mostly of another part of the query"
    unseen = _segment(0, 8, 50, 0.8)
    assert other_moments([unseen, right, resembling]) == [False, False, True], "not looked at closely"
    assert other_moments([resembling, right]) == [True, False], "whatever their order"
