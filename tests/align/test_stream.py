import numpy as np
import pytest
from align.evidence_maker import HIGHEST, LOWEST, RULES, Shown, follow, make_evidence, plain_track

from vdup.align.segments import suppress
from vdup.align.stream import Stream, StreamMatcher, StreamRules
from vdup.align.track import ReferenceTrack
from vdup.types import TimeArray

SPEEDS = [0.5, 0.8, 1.0, 1.25, 2.0]


def _times(seconds: float) -> TimeArray:
    return np.arange(0, seconds, 0.5)


def _distinct(streams: list[Stream]) -> list[Stream]:
    """Streams that tell different stories, as the matcher chooses them."""
    return suppress(
        streams,
        lambda stream: stream.evidence,
        lambda stream: (
            (stream.query_start_seconds - 0.25, stream.query_end_seconds + 0.25),
            (stream.reference_at(stream.query_start_seconds) - 0.25, stream.reference_end_seconds + 0.25),
        ),
        0.5,
    )


def _assert_follows(stream: Stream, copy: Shown, tolerance: float = 0.75) -> None:
    assert stream.query_start_seconds == pytest.approx(copy.start, abs=1.5)
    assert stream.query_end_seconds == pytest.approx(copy.end, abs=1.5)
    for query in (stream.query_start_seconds, stream.query_end_seconds):
        assert stream.reference_at(query) == pytest.approx(copy.reference_at(query), abs=tolerance)


@pytest.mark.parametrize("speed", SPEEDS)
def test_copy_is_followed_at_its_speed(speed: float) -> None:
    track, times = plain_track(80), _times(40)
    copy = Shown(6.2, 34.2, 9.3 - speed * 6.2, speed)
    streams = follow(times, make_evidence(times, track, copy), track)
    _assert_follows(streams[0], copy)
    assert streams[0].speed == pytest.approx(speed, abs=0.04)
    # At most scraps of a frame or two stand beside it.
    assert all(other.evidence < 0.05 * streams[0].evidence for other in _distinct(streams)[1:])


def test_exact_copy_gathers_all_the_evidence_there_is() -> None:
    track, times = plain_track(60), np.arange(30.0)
    [best] = _distinct(follow(times, make_evidence(times, track, Shown(5.0, 25.0, 20.0)), track))
    assert best.evidence == pytest.approx(20 * HIGHEST)
    assert (best.query_start_seconds, best.query_end_seconds) == (5.0, 24.0)
    assert (best.speed, best.reference_end_seconds) == (1.0, 44.0)


def test_streams_come_best_first() -> None:
    track, times = plain_track(80), _times(50)
    long, short = Shown(0, 30, 40.0), Shown(38, 45, -30.0)
    streams = follow(times, make_evidence(times, track, long, short), track)
    evidence = [stream.evidence for stream in streams]
    assert evidence == sorted(evidence, reverse=True)
    first, second = _distinct(streams)
    _assert_follows(first, long)
    _assert_follows(second, short)


@pytest.mark.parametrize(("gap", "parts"), [(3.0, 1), (6.0, 2)])
def test_silence_longer_than_the_gap_ends_a_stream(gap: float, parts: int) -> None:
    """Blank frames: they speak neither for nor against a copy."""
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(4, 34, 10.0))
    evidence[(times >= 15) & (times < 15 + gap)] = 0
    found = _distinct(follow(times, evidence, track))
    assert len(found) == parts
    assert found[0].query_end_seconds == pytest.approx(33.5)
    if parts == 2:
        assert found[1].query_end_seconds < 15


@pytest.mark.parametrize(("contradicting_frames", "parts"), [(3, 1), (5, 2)])
def test_contradiction_ends_a_stream_sooner_than_silence(contradicting_frames: int, parts: int) -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(4, 34, 10.0))
    evidence[40 : 40 + contradicting_frames] = LOWEST
    assert len(_distinct(follow(times, evidence, track))) == parts


def test_several_parts_of_one_reference_in_any_order() -> None:
    track, times = plain_track(100), _times(60)
    copies = [Shown(0, 15, 70.0), Shown(15, 30, 15.0), Shown(30, 55, -25.0, 1.25)]
    found = _distinct(follow(times, make_evidence(times, track, *copies), track))
    assert len(found) == 3
    for copy, stream in zip(copies, sorted(found, key=lambda stream: stream.query_start_seconds), strict=True):
        _assert_follows(stream, copy)


def test_content_that_the_reference_repeats_gives_a_stream_for_each_place() -> None:
    track, times = plain_track(100), _times(20)
    copies = [Shown(2, 17, 8.0), Shown(2, 17, 38.0), Shown(2, 17, 68.0)]
    found = _distinct(follow(times, make_evidence(times, track, *copies), track))
    assert len(found) == 3
    for copy, stream in zip(copies, sorted(found, key=lambda stream: stream.reference_end_seconds), strict=True):
        _assert_follows(stream, copy)


def test_content_that_the_query_repeats_gives_a_stream_for_each_showing() -> None:
    track, times = plain_track(60), _times(60)
    copies = [Shown(5, 20, 20.0), Shown(35, 50, -10.0)]
    found = _distinct(follow(times, make_evidence(times, track, *copies), track))
    assert len(found) == 2
    for copy, stream in zip(copies, sorted(found, key=lambda stream: stream.query_start_seconds), strict=True):
        _assert_follows(stream, copy)


def test_two_hypotheses_live_at_once_until_one_fails() -> None:
    track, times = plain_track(100), _times(30)
    false_start, true = Shown(0, 6, 10.0), Shown(0, 25, 60.0)
    streams = follow(times, make_evidence(times, track, false_start, true), track)
    _assert_follows(streams[0], true)
    assert any(abs(stream.reference_end_seconds - 15.5) < 1 for stream in streams)


def test_still_reference_of_one_run_is_followed_for_as_long_as_it_agrees() -> None:
    track, times = ReferenceTrack(np.array([0.0]), np.array([29.0]), 30.0, 1.0), _times(14)
    evidence = np.full((len(times), 1), HIGHEST, dtype=np.float32)
    streams = follow(times, evidence, track)
    assert streams[0].speed == 1.0
    assert streams[0].query_start_seconds == 0
    assert streams[0].query_end_seconds == 13.5
    assert streams[0].evidence == pytest.approx(len(times) * HIGHEST)


def test_long_still_inside_a_reference_is_crossed() -> None:
    starts = np.concatenate([np.arange(10.0), [10.0], np.arange(25.0, 40.0)])
    ends = starts.copy()
    ends[10] = 24.0
    track, times = ReferenceTrack(starts, ends, 40.0, 1.0), _times(38)
    copy = Shown(0, 36, 2.0)
    best = follow(times, make_evidence(times, track, copy), track)[0]
    _assert_follows(best, copy)
    assert best.evidence > 0.7 * HIGHEST * 72


def test_stream_ends_where_the_reference_does() -> None:
    track, times = plain_track(20), _times(40)
    evidence = make_evidence(times, track, Shown(5, 40, 5.0))
    evidence[times > 15, -1] = HIGHEST  # the last picture stands on in the query
    best = follow(times, evidence, track)[0]
    assert best.query_end_seconds <= 16.5
    assert best.reference_end_seconds <= 20.5


def test_nothing_alike_gives_no_stream() -> None:
    track, times = plain_track(50), _times(30)
    assert follow(times, np.full((60, 50), LOWEST, dtype=np.float32), track) == []
    noise = np.random.default_rng(0).uniform(LOWEST, 0.2 * HIGHEST, (60, 50)).astype(np.float32)
    assert follow(times, noise, track) == []
    assert StreamMatcher(track, RULES).finish() == []


def test_one_frame_is_not_enough_to_open_below_the_bar_and_to_be_kept_above() -> None:
    track = plain_track(10)
    evidence = np.full((1, 10), LOWEST, dtype=np.float32)
    evidence[0, 4] = 0.59 * HIGHEST
    assert follow(np.zeros(1), evidence, track) == []
    evidence[0, 4] = 0.61 * HIGHEST
    [stream] = _distinct(follow(np.zeros(1), evidence, track))
    assert stream.reference_at(0.0) == 4.0


def test_common_rows_open_streams_by_what_their_evidence_was_before_weighting() -> None:
    track, times = plain_track(60), _times(30)
    copy = Shown(5, 25, 10.0)
    evidence = make_evidence(times, track, copy)
    weights = np.full(60, 0.1, dtype=np.float32)
    weighted = np.where(evidence > 0, evidence * weights, evidence)
    assert follow(times, weighted, track) == []
    matcher = StreamMatcher(track, RULES, weights)
    for time, row in zip(times, weighted, strict=True):
        matcher.push(float(time), row)
    _assert_follows(matcher.finish()[0], copy)


def test_frames_must_come_in_order() -> None:
    matcher = StreamMatcher(plain_track(5), RULES)
    silence = np.zeros(5, dtype=np.float32)
    matcher.push(1.0, silence)
    for time in (0.5, 1.0):
        with pytest.raises(ValueError, match=rf"frame at {time} s pushed after one at 1\.0 s"):
            matcher.push(time, silence)
    matcher.push(1.5, silence)


@pytest.mark.parametrize("length", [0, 4, 6])
def test_evidence_must_be_for_every_row(length: int) -> None:
    matcher = StreamMatcher(plain_track(5), RULES)
    with pytest.raises(ValueError, match=f"evidence has {length} values, the reference 5 rows"):
        matcher.push(0.0, np.zeros(length, dtype=np.float32))


def test_number_of_streams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vdup.align.stream._MOST_STREAMS", 50)
    track = plain_track(300)
    matcher = StreamMatcher(track, RULES)
    random = np.random.default_rng(1)
    for frame in range(20):
        matcher.push(frame * 0.5, random.uniform(-1, HIGHEST, 300).astype(np.float32))
        assert 0 < matcher.live <= 50


def test_speeds_form_a_grid_round_one() -> None:
    speeds = RULES.speeds()
    assert speeds[0] == 0.5
    assert speeds[-1] == 2.0
    assert 1.0 in speeds
    assert (speeds[1:] / speeds[:-1]).max() <= 1.0701
    assert (np.diff(speeds) > 0).all()


def test_only_one_speed_when_no_other_is_allowed() -> None:
    rules = StreamRules(
        min_speed=1.0,
        max_speed=1.0,
        max_gap_seconds=4.0,
        open_evidence=1.0,
        keep_evidence=2.4,
        give_up_below_peak=8.0,
    )
    assert rules.speeds().tolist() == [1.0]
    track, times = plain_track(80), _times(30)
    evidence = make_evidence(times, track, Shown(0, 30, 3.0, 2.0))
    assert {stream.speed for stream in follow(times, evidence, track, rules)} == {1.0}
