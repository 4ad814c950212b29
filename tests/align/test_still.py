"""Where nothing moves, the place is uncertain and said so."""

from dataclasses import replace

import numpy as np
import pytest
from movies.made_registration import made_registration

from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment
from vdup.align.still import is_still, settle_still
from vdup.types import CODE_BYTES, VideoCodes

NONE = np.zeros(0, dtype=np.int64)


def slides() -> VideoCodes:
    """Three pictures of 10, 30 and 20 s with nothing in common; a row for ten seconds, a bit changed in one."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 256, (3, CODE_BYTES), dtype=np.uint8)[[0, 1, 1, 1, 2, 2]]
    codes[2, 0] ^= 1
    starts = np.arange(0.0, 60.0, 10.0)
    return VideoCodes(codes, starts, starts + 9.0, np.ones(6, dtype=np.bool_), 60.0)


def found(
    query: tuple[float, float], reference: tuple[float, float], score: float = 0.9, motion: float = 0.005
) -> ScoredSegment:
    speed = (reference[1] - reference[0]) / (query[1] - query[0])
    line = Line(speed, reference[0] - speed * query[0])
    segment = Segment(line, *query, *reference, NONE, NONE, np.zeros(0, dtype=np.float32))
    registration = made_registration(
        speed=speed, intercept_seconds=line.intercept_seconds, correlation=0.1, motion=motion, reference_motion=motion
    )
    return ScoredSegment(segment, 10.0, score, 5, 5, 60.0, 0.9, False, False, registration)


def test_a_still_query_gets_one_plain_place_and_the_stretch_that_fits_equally() -> None:
    chance = [found((2.0, 8.0), (13.0, 17.0), 0.9), found((2.0, 8.0), (30.0, 39.0), 0.8)]
    [settled] = settle_still(chance, slides(), 1.0)
    segment = settled.segment
    assert segment.line.speed == 1.0
    assert (segment.query_start_seconds, segment.query_end_seconds) == (2.0, 8.0)
    assert segment.reference_end_seconds - segment.reference_start_seconds == pytest.approx(6.0)
    assert settled.fits_equally_seconds == (10.0, 40.0)
    assert segment.reference_start_seconds == pytest.approx(12.0)
    assert segment.line.reference_at(np.array([2.0]))[0] == pytest.approx(12.0)


@pytest.mark.parametrize(("at", "start"), [((9.0, 13.0), 10.0), ((38.0, 39.5), 34.0), ((50.0, 50.5), 47.25)])
def test_the_place_lies_within_the_stretch(at: tuple[float, float], start: float) -> None:
    [settled] = settle_still([found((0.0, 6.0), at)], slides(), 1.0)
    assert settled.segment.reference_start_seconds == pytest.approx(start)


def test_a_stretch_shorter_than_the_query() -> None:
    [settled] = settle_still([found((0.0, 30.0), (2.0, 9.0))], slides(), 1.0)
    assert settled.fits_equally_seconds == (0.0, 10.0)
    assert settled.segment.reference_start_seconds == 0.0
    assert settled.segment.reference_end_seconds == 30.0
    [longer] = settle_still([found((0.0, 90.0), (2.0, 9.0))], slides(), 1.0)
    assert (longer.segment.query_end_seconds, longer.segment.reference_end_seconds) == (60.0, 60.0)


def test_what_moves_stays_as_it_is() -> None:
    moving = [found((2.0, 8.0), (13.0, 17.0), motion=0.2), found((2.0, 8.0), (30.0, 39.0), motion=0.2)]
    assert settle_still(moving, slides(), 1.0) == moving
    unseen = [replace(segment, registration=None) for segment in moving]
    assert settle_still(unseen, slides(), 1.0) == unseen
    assert not is_still(unseen[0])


def test_other_parts_of_the_query_are_told_apart() -> None:
    two = [found((0.0, 5.0), (12.0, 17.0)), found((6.0, 11.0), (45.0, 50.0), 0.8)]
    settled = [one.fits_equally_seconds for one in settle_still(two, slides(), 1.0)]
    assert settled == [(10.0, 40.0), (40.0, 60.0)]
