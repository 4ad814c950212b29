"""From what the codes found to what the movies bear out."""

from dataclasses import replace

import numpy as np
import pytest
from align.moving_codes import make_calibration
from movies.moving_pictures import Blobs

from vdup.align.calibration import VERIFICATION_INPUTS, VerificationModel
from vdup.align.line_fit import Line
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.align.refine import Segment
from vdup.align.second_look import Pair, SecondLook
from vdup.config import MatcherConfig
from vdup.movies.movie import Movie
from vdup.movies.picture_track import PictureTrack
from vdup.movies.storage import PackedMovie, pack_movie
from vdup.types import CODE_BITS, CodeArray, VideoCodes

CALIBRATION = replace(
    make_calibration(), verification=VerificationModel(-3.0, (1.0, 2.0, 2.0, *(0.0,) * (len(VERIFICATION_INPUTS) - 3)))
)
SCENE = Blobs(1)
SECONDS = 40


def _packed(*parts: tuple[Blobs, float, float]) -> PackedMovie:
    pictures = [scene.movie(start + np.arange(round(4 * seconds)) / 4).pictures for scene, start, seconds in parts]
    return PackedMovie(list(pack_movie(Movie(np.concatenate(pictures), 4.0))))


def _codes(count: int) -> CodeArray:
    """Codes of a scene that hardly changes: a few bits a second."""
    random = np.random.default_rng(8)
    bits = [random.integers(0, 2, CODE_BITS, dtype=np.uint8)]
    for _ in range(count - 1):
        bits.append(bits[-1] ^ (random.random(CODE_BITS) < 0.01).astype(np.uint8))
    return np.packbits(np.stack(bits), axis=1)


def _pair(query: PackedMovie | None, seconds: float, *starts: float) -> Pair:
    """The scene as the reference; parts of it as the query, each as long and from one of the starts on."""
    stored = _codes(SECONDS)
    times = np.arange(float(SECONDS))
    reference = VideoCodes(stored, times, times, np.ones(SECONDS, dtype=np.bool_), float(SECONDS))
    each = seconds / len(starts)
    shown = np.concatenate([stored[(start + np.arange(0, each, 0.5)).astype(np.int64)] for start in starts])
    track = QueryTrack(
        codes=shown,
        times_seconds=np.arange(len(shown)) / 2,
        searchable=np.ones(len(shown), dtype=np.bool_),
        backgrounds=CALIBRATION.background(shown),
        duration_seconds=seconds,
        mirrored=False,
        movie=query,
    )
    weights = np.ones(SECONDS, dtype=np.float32)
    return Pair([track], query, reference, weights, _packed((SCENE, 0.0, float(SECONDS))))


def _segment(start: float, end: float, speed: float, intercept: float, score: float = 0.5) -> ScoredSegment:
    none = np.zeros(0, dtype=np.int64)
    line = Line(speed, intercept)
    shown = speed * start + intercept, speed * end + intercept
    segment = Segment(line, start, end, *shown, none, none, np.zeros(0, dtype=np.float32))
    return ScoredSegment(segment, 10.0, score, 5, 5, 60.0, 0.9, mirrored=False, panel=False)


def _look(pair: Pair, *segments: ScoredSegment) -> list[ScoredSegment]:
    config = MatcherConfig()
    return SecondLook(SegmentMatcher(config, CALIBRATION, 1.0), CALIBRATION, config).at(pair, segments)


def test_segments_that_come_to_lie_on_one_another_become_one() -> None:
    pair = _pair(_packed((SCENE, 5.0, 10.0)), 10.0, 5.0)
    [found] = _look(pair, _segment(0.0, 9.0, 1.0, 4.6, 0.4), _segment(0.5, 9.0, 1.0, 5.4, 0.6))
    assert found.segment.line.intercept_seconds == pytest.approx(5.0, abs=0.1)


def test_one_line_through_an_excerpt_shown_twice_gives_way_to_two() -> None:
    pair = _pair(_packed((SCENE, 12.0, 6.0), (SCENE, 12.0, 6.0)), 12.0, 12.0, 12.0)
    first, second = sorted(_look(pair, _segment(0.0, 12.0, 0.5, 12.0)), key=lambda item: item.intervals())[:2]
    for found, start in ((first, 0.0), (second, 6.0)):
        assert found.segment.line.speed == 1.0
        assert found.segment.line.intercept_seconds == pytest.approx(12.0 - start, abs=0.15)
        assert found.score > 0.5


def test_without_movies_the_codes_decide() -> None:
    mine = _segment(0.0, 9.0, 0.5, 4.6)
    assert _look(_pair(None, 10.0, 5.0), mine) == [mine]


def test_long_stretches_are_left_to_the_codes() -> None:
    pair = _pair(_packed((Blobs(2), 0.0, 10.0)), 10.0, 5.0)
    long = replace(pair, reference=replace(pair.reference, duration_seconds=500.0))
    [found] = _look(long, _segment(0.0, 200.0, 1.0, 0.0))
    assert found.segment.query_end_seconds == 200.0


def test_a_still_query_says_that_its_place_is_uncertain() -> None:
    still = Movie(np.repeat(SCENE.draw(3.0)[None], 40, axis=0), 4.0)
    pair = _pair(PackedMovie(list(pack_movie(still))), 10.0, 3.0)
    [found] = _look(pair, _segment(0.0, 10.0, 0.5, 2.0), _segment(0.0, 10.0, 0.8, 9.0, 0.4))
    assert found.fits_equally_seconds is not None
    assert found.segment.line.speed == 1.0


def _boxes(top: float, height: float) -> PictureTrack:
    times = np.arange(float(SECONDS))
    boxes = np.tile(np.array([top, 0.0, height, 1.0], np.float32), (SECONDS, 1))
    return PictureTrack(times, boxes, np.zeros((SECONDS, 4, 4, 2), np.int8))


def test_frames_lie_on_one_another_though_one_side_has_lost_dark_parts_as_bars() -> None:
    """So much is cut off above and below that no search for a place would go as far."""
    top, height = 0.35, 0.3
    pair = _pair(_packed((SCENE, 5.0, 10.0)), 10.0, 5.0)
    cut = SCENE.movie(np.arange(4 * SECONDS) / 4, top=top, height=height)
    [track] = pair.tracks
    pair = replace(
        pair,
        tracks=[replace(track, pictures=_boxes(0.0, 1.0))],
        reference_movie=PackedMovie(list(pack_movie(cut))),
    )
    [known] = _look(replace(pair, reference_pictures=_boxes(top, height)), _segment(0.5, 9.0, 1.0, 5.2))
    [unknown] = _look(pair, _segment(0.5, 9.0, 1.0, 5.2))
    assert known.registration is not None
    assert unknown.registration is not None
    place = known.registration.placement
    assert (place.top, place.height, place.width) == pytest.approx((top, height, 1.0), abs=0.07)
    assert known.registration.correlation > max(0.8, unknown.registration.correlation)
    assert known.segment.line.intercept_seconds == pytest.approx(5.0, abs=0.1)
