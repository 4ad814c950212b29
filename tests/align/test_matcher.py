from dataclasses import replace

import numpy as np
import pytest
from align.moving_codes import Footage, as_query, make_calibration, reference

from vdup.align.line_fit import Line
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.config import MatcherConfig
from vdup.types import BoolArray, CodeArray, FloatArray, VideoCodes

CALIBRATION = make_calibration()
KNOWN, OTHER = Footage(1), Footage(2)


def _query(*parts: CodeArray) -> QueryTrack:
    return as_query(np.concatenate(parts), CALIBRATION)


def _unknown(seconds: float, start: float = 0.0) -> CodeArray:
    return OTHER.codes_at(start + np.arange(0, seconds, 0.5))


def _copy(start: float, seconds: float, speed: float = 1.0, noise: float = 0.1) -> CodeArray:
    return KNOWN.codes_at(start + speed * np.arange(0, seconds, 0.5), noise)


def _match(
    query: QueryTrack, video: VideoCodes, weights: FloatArray | None = None, config: MatcherConfig | None = None
) -> list[ScoredSegment]:
    matcher = SegmentMatcher(config or MatcherConfig(), CALIBRATION, 1.0)
    ones = np.ones(len(video), dtype=np.float32)
    return matcher.match(query, np.arange(len(query.codes)), video, ones if weights is None else weights)


def _assert_at(found: ScoredSegment, query: tuple[float, float], video: tuple[float, float]) -> None:
    assert found.intervals()[0] == pytest.approx(query, abs=0.8)
    assert found.intervals()[1] == pytest.approx(video, abs=1.2)


def test_planted_copy_is_found_where_it_is() -> None:
    query = _query(_unknown(20), _copy(33.3, 15), _unknown(20, 50))
    [found] = _match(query, reference(KNOWN, 120))
    _assert_at(found, (20, 35), (33.3, 48.3))
    assert found.segment.line.speed == pytest.approx(1.0, abs=0.02)
    assert found.score > 0.9
    assert 20 <= found.frames_matched <= found.frames_compared <= 32
    assert 0.3 < found.tmk_score <= 1
    assert not found.mirrored


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_copy_at_another_speed(speed: float) -> None:
    query = _query(_unknown(10), _copy(20, 24, speed), _unknown(10, 50))
    [found] = _match(query, reference(KNOWN, 120))
    _assert_at(found, (10, 34), (20, 20 + 24 * speed))
    assert found.segment.line.speed == pytest.approx(speed, rel=0.05)


def test_distances_and_counts_are_those_of_the_frames_compared() -> None:
    query = _query(_copy(5, 20, noise=0.05))
    video = reference(KNOWN, 60)
    [found] = _match(query, video)
    segment = found.segment
    distances = [
        int(np.unpackbits(query.codes[q] ^ video.codes[r]).sum())
        for q, r, evidence in zip(segment.query_rows, segment.reference_rows, segment.evidence, strict=True)
        if evidence > 0
    ]
    assert found.frames_matched == len(distances)
    assert found.mean_hamming_distance == pytest.approx(np.mean(distances))


def test_unrelated_videos_share_nothing() -> None:
    assert _match(_query(_unknown(60)), reference(KNOWN, 120)) == []


def test_a_reference_without_rows_shares_nothing() -> None:
    whole = reference(KNOWN, 20)
    nothing = replace(
        whole,
        codes=whole.codes[:0],
        starts_seconds=whole.starts_seconds[:0],
        ends_seconds=whole.ends_seconds[:0],
        searchable=whole.searchable[:0],
    )
    assert _match(_query(_copy(5, 10)), nothing) == []


def test_segments_with_most_evidence_come_first() -> None:
    query = _query(_copy(80, 8, noise=0.2), _unknown(10), _copy(10, 25, noise=0.05), _unknown(10, 50))
    long, short = _match(query, reference(KNOWN, 120))
    _assert_at(long, (18, 43), (10, 35))
    _assert_at(short, (0, 8), (80, 88))
    assert long.segment.total_evidence > short.segment.total_evidence


def test_mirrored_queries_are_marked() -> None:
    query = replace(_query(_copy(5, 20)), mirrored=True)
    [found] = _match(query, reference(KNOWN, 60))
    assert found.mirrored


def test_frames_that_are_not_asked_for_open_nothing() -> None:
    query = _query(_copy(10, 15), _unknown(30), _copy(40, 15))
    matcher = SegmentMatcher(MatcherConfig(), CALIBRATION, 1.0)
    video = reference(KNOWN, 120)
    [found] = matcher.match(query, np.arange(30), video, np.ones(len(video), dtype=np.float32))
    _assert_at(found, (0, 15), (10, 25))
    assert matcher.match(query, np.empty(0, dtype=np.int64), video, np.ones(len(video), dtype=np.float32)) == []


def _with_blanks(codes: VideoCodes, blank: BoolArray) -> VideoCodes:
    return replace(codes, searchable=~blank)


def test_blank_frames_prove_nothing() -> None:
    video = reference(KNOWN, 60)
    blank_video = _with_blanks(video, np.ones(60, dtype=np.bool_))
    assert _match(_query(_copy(5, 20)), blank_video) == []
    query = _query(_copy(5, 20))
    assert _match(replace(query, searchable=np.zeros(40, dtype=np.bool_)), video) == []


def test_a_copy_is_followed_across_blank_frames() -> None:
    blank = np.zeros(60, dtype=np.bool_)
    blank[14:17] = True
    [found] = _match(_query(_copy(5, 20)), _with_blanks(reference(KNOWN, 60), blank))
    _assert_at(found, (0, 20), (5, 25))
    assert found.frames_compared < 40


@pytest.mark.parametrize("weight", [0.5, 0.2, 0.13])
def test_common_content_weighs_less_and_is_found_all_the_same(weight: float) -> None:
    """0.2 is the weight of content of 50 videos, 0.13 that of content of 800."""
    query, video = _query(_unknown(10), _copy(20, 20), _unknown(10, 50)), reference(KNOWN, 60)
    [full] = _match(query, video)
    [light] = _match(query, video, np.full(60, weight, dtype=np.float32))
    _assert_at(light, (10, 30), (20, 40))
    assert light.segment.total_evidence < full.segment.total_evidence
    assert light.score < full.score


def test_the_threshold_is_left_to_the_choice_of_tellings() -> None:
    query, video = _query(_unknown(10), _copy(20, 3, noise=0.25), _unknown(10, 50)), reference(KNOWN, 60)
    [found] = _match(query, video, config=MatcherConfig(threshold=1.0))
    assert 0 < found.score < 1


def _sampled(start: float, seconds: float, step_seconds: float) -> QueryTrack:
    times = np.arange(0, seconds, step_seconds)
    codes = KNOWN.codes_at(start + times, 0.1)
    return QueryTrack(
        codes=codes,
        times_seconds=times,
        searchable=np.ones(len(codes), dtype=np.bool_),
        backgrounds=CALIBRATION.background(codes),
        duration_seconds=seconds,
        mirrored=False,
    )


def test_more_frames_of_the_same_seconds_are_no_more_evidence() -> None:
    video = reference(KNOWN, 60)
    [usual], [fine], [coarse] = (_match(_sampled(20, 12, step), video) for step in (0.5, 0.125, 1.0))
    assert usual.scaled_evidence == pytest.approx(usual.segment.total_evidence)
    assert fine.segment.total_evidence > 3 * usual.segment.total_evidence
    # A little more, as some frames lie nearer to the stored ones.
    assert fine.scaled_evidence == pytest.approx(usual.scaled_evidence, rel=0.4)
    assert fine.score == pytest.approx(usual.score, abs=0.1)
    assert coarse.scaled_evidence == pytest.approx(coarse.segment.total_evidence)


def test_a_clip_of_a_second_is_found_in_one_of_a_second() -> None:
    times = np.arange(6) / 6
    clip = VideoCodes(KNOWN.codes_at(20 + times), times, times, np.ones(6, dtype=np.bool_), 1.0)
    [found] = _match(_sampled(20, 1.0, 1 / 6), clip, config=MatcherConfig(threshold=0.0))
    assert found.intervals()[0] == pytest.approx((0.0, 1.0), abs=0.1)
    assert found.intervals()[1] == pytest.approx((0.0, 1.0), abs=0.1)
    assert _match(_sampled(20, 1.0, 1 / 6), clip, config=MatcherConfig(min_segment_seconds=2.0)) == []


def test_segments_shorter_than_wanted_are_left_out() -> None:
    query, video = _query(_unknown(10), _copy(20, 6), _unknown(10, 50)), reference(KNOWN, 60)
    assert len(_match(query, video, config=MatcherConfig(min_segment_seconds=5.0))) == 1
    assert _match(query, video, config=MatcherConfig(min_segment_seconds=7.5)) == []


def test_whole_reference_inside_the_query_ends_where_it_ends() -> None:
    query = _query(_unknown(10), _copy(0, 19.5, noise=0.05), _unknown(10, 50))
    [found] = _match(query, reference(KNOWN, 20))
    _assert_at(found, (10, 29.5), (0, 20))
    (query_start, query_end), (start, end) = found.intervals()
    assert 0 <= query_start < query_end <= query.duration_seconds
    assert 0 <= start < end <= 20


def test_query_and_reference_of_a_still_picture() -> None:
    picture = KNOWN.codes_at(np.zeros(1))
    video = VideoCodes(picture, np.zeros(1), np.array([29.0]), np.ones(1, dtype=np.bool_), 30.0)
    [found] = _match(_query(np.repeat(picture, 20, axis=0)), video)
    assert found.intervals()[0] == pytest.approx((0, 10), abs=0.5)
    assert found.segment.line.speed == 1.0


def _slow(seconds: float) -> Footage:
    """Footage of which a moment is near to those round it: a tenth of the bits change in a second."""
    slow = Footage(5)
    random = np.random.default_rng(6)
    pictures = [slow._pictures[0]]
    for _ in range(round(seconds)):
        pictures.append(pictures[-1] ^ (random.random(len(pictures[-1])) < 0.1).astype(np.uint8))
    slow._pictures = np.stack(pictures)
    return slow


def test_a_copy_that_is_shown_twice_in_a_row_is_found_twice() -> None:
    slow = _slow(60)
    excerpt = slow.codes_at(20 + np.arange(0, 6, 0.5), 0.02)
    found = _match(_query(excerpt, excerpt), reference(slow, 60))
    places = sorted(segment.intervals() for segment in found[:2])
    for (query, video), start in zip(places, (0.0, 6.0), strict=True):
        assert query == pytest.approx((start, start + 6), abs=1.1)
        assert video == pytest.approx((20, 26), abs=1.1)


def _along(query: QueryTrack, core: tuple[float, float], intercept: float = 13.0) -> ScoredSegment | None:
    video = reference(KNOWN, 120)
    matcher = SegmentMatcher(MatcherConfig(), CALIBRATION, 1.0)
    return matcher.along(query, video, np.ones(len(video), dtype=np.float32), Line(1.0, intercept), core)


def test_a_given_line_goes_on_while_frames_are_as_near() -> None:
    query = _query(_unknown(20), _copy(33, 10), _unknown(20, 50))
    found = _along(query, (23.0, 26.0))
    assert found is not None
    _assert_at(found, (20, 30), (33, 43))
    assert found.segment.line == Line(1.0, 13.0)
    assert found.score > 0.5


def test_a_given_line_ends_where_frames_are_much_farther() -> None:
    query = _query(_copy(33, 6, noise=0.22), _copy(39, 6, noise=0.02), _copy(45, 6, noise=0.22))
    found = _along(query, (7.0, 11.0), 33.0)
    assert found is not None
    _assert_at(found, (6, 12), (39, 45))


def test_a_given_line_without_evidence_is_no_segment() -> None:
    assert _along(_query(_unknown(40)), (10.0, 20.0)) is None
    assert _along(_query(_copy(33, 10)), (50.0, 60.0)) is None
    assert _along(_query(_unknown(10), _copy(43, 0.5), _unknown(10)), (10.0, 10.4), 33.0) is None, "too short"
