import numpy as np
import pytest
from align.evidence_maker import HIGHEST, LOWEST, Shown, make_distances, make_evidence, plain_track

from vdup.align.line_fit import Line, best_line
from vdup.align.refine import Segment, _maximum_sum, best_segment, cut_segment
from vdup.align.stream import Stream
from vdup.align.track import ReferenceTrack
from vdup.types import FloatArray, TimeArray

SPEED_LIMITS = (0.5, 2.0)


def _times(seconds: float) -> TimeArray:
    return np.arange(0, seconds, 0.5)


def _line_near(stream: Stream, times: TimeArray, evidence: FloatArray, track: ReferenceTrack) -> Line:
    """The line fitted to a stream, once."""
    stretch = (stream.query_start_seconds, stream.query_end_seconds)
    distances = make_distances(evidence, track)
    return best_line(Line(stream.speed, stream.reference_at(0.0)), stretch, times, distances, track, SPEED_LIMITS)


def _best(
    stream: Stream, times: TimeArray, evidence: FloatArray, track: ReferenceTrack, query_seconds: float = 30.0
) -> Segment | None:
    distances = make_distances(evidence, track)
    return best_segment(stream, times, evidence, distances, track, SPEED_LIMITS, query_seconds)


def _cut(
    line: Line,
    times: TimeArray,
    evidence: FloatArray,
    track: ReferenceTrack,
    core: tuple[float, float] = (10.0, 12.0),
    query_seconds: float | None = None,
) -> Segment:
    length = float(times[-1]) + 0.5 if query_seconds is None else query_seconds
    segment = cut_segment(line, core, times, evidence, make_distances(evidence, track), track, length)
    assert segment is not None
    return segment


@pytest.mark.parametrize("speed", [0.7, 0.8, 1.0, 1.3, 1.6])
def test_the_whole_stretch_tells_the_line_better_than_a_short_stream(speed: float) -> None:
    track, times = plain_track(90), _times(30)
    copy = Shown(5.2, 20.2, 30.3 - speed * 5.2, speed)
    evidence = make_evidence(times, track, copy)
    short = Stream(11.0, 14.0, copy.reference_at(14.0) + 0.4, speed * 1.08, 100.0)
    once = _cut(_line_near(short, times, evidence, track), times, evidence, track, core=(11.0, 14.0))
    segment = _best(short, times, evidence, track)
    assert segment is not None
    assert segment.total_evidence >= once.total_evidence
    assert segment.query_start_seconds == pytest.approx(5.2, abs=0.5)
    assert segment.query_end_seconds == pytest.approx(20.2, abs=0.5)
    for query in (5.2, 20.2):
        assert segment.line.reference_at(np.array([query]))[0] == pytest.approx(copy.reference_at(query), abs=0.35)


def test_a_line_fitted_to_a_short_stream_is_turned_by_the_frames_outside() -> None:
    track, times = plain_track(90), _times(30)
    copy = Shown(5.2, 20.2, 30.3 - 1.3 * 5.2, 1.3)
    evidence = make_evidence(times, track, copy)
    short = Stream(11.0, 13.0, copy.reference_at(13.0) + 0.4, 1.5, 100.0)
    segment = _best(short, times, evidence, track)
    assert segment is not None
    assert abs(segment.line.speed - 1.3) < abs(_line_near(short, times, evidence, track).speed - 1.3) - 0.01


def test_a_stream_without_evidence_leads_nowhere() -> None:
    track, times = plain_track(30), _times(10)
    evidence = np.full((len(times), len(track.starts_seconds)), LOWEST, dtype=np.float32)
    assert _best(Stream(2.0, 6.0, 12.0, 1.0, 5.0), times, evidence, track, 10.0) is None


@pytest.mark.parametrize("seed", range(40))
def test_highest_sum_against_all_stretches(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-4, 5, random.integers(1, 15)).astype(np.float32)
    sums = {
        (first, last): float(values[first : last + 1].sum())
        for first in range(len(values))
        for last in range(first, len(values))
    }
    first, last = _maximum_sum(values)
    assert sums[first, last] == max(sums.values())
    # Ends at frames that count, unless none does.
    if max(sums.values()) > 0:
        assert values[first] > 0
        assert values[last] > 0


def test_ends_lie_half_way_between_frames() -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(10, 20, 15.0))
    segment = _cut(Line(1.0, 15.0), times, evidence, track)
    assert (segment.query_start_seconds, segment.query_end_seconds) == (9.75, 19.75)
    assert (segment.reference_start_seconds, segment.reference_end_seconds) == (24.75, 34.75)
    assert times[segment.query_rows].tolist() == np.arange(10, 20, 0.5).tolist()
    assert segment.total_evidence == pytest.approx(float(segment.evidence.sum()))


def test_a_copy_up_to_the_last_frame_lasts_until_the_query_ends() -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(30, 40, 15.0))
    segment = _cut(Line(1.0, 15.0), times, evidence, track, core=(32.0, 36.0))
    assert (segment.query_start_seconds, segment.query_end_seconds) == (29.75, 40.0)


def test_rows_and_evidence_are_those_that_were_compared() -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(10, 20, 15.2))
    segment = _cut(Line(1.0, 15.2), times, evidence, track)
    for query_row, reference_row, value in zip(
        segment.query_rows, segment.reference_rows, segment.evidence, strict=True
    ):
        at = times[query_row] + 15.2
        assert reference_row in (int(at), int(at) + 1)
        assert value == evidence[query_row, int(at) : int(at) + 2].max()


def test_of_two_samples_whose_evidence_is_cut_off_the_nearer_one_is_compared() -> None:
    track, times = plain_track(60), _times(20)
    evidence = np.full((len(times), 60), HIGHEST, dtype=np.float32)
    distances = make_distances(make_evidence(times, track, Shown(0, 20, 15.3)), track)
    segment = cut_segment(Line(1.0, 15.3), (0.0, 20.0), times, evidence, distances, track, 20.0)
    assert segment is not None
    # Frames alternate between 0.3 s and 0.8 s behind a stored one.
    assert segment.reference_rows.tolist() == [15 + (number + 1) // 2 for number in range(len(times))]


def test_where_the_reference_begins_and_ends_the_line_decides() -> None:
    """The query shows the whole reference from 10.1 s on: nearer than its frames, which are half a second apart."""
    track, times = plain_track(20), _times(45)
    line = Line(1.0, -10.1)
    evidence = make_evidence(times, track, Shown(10.1, 30.1, -10.1))
    evidence[times >= 10.1 + 19, 19] = HIGHEST  # the last picture stands for the last second
    segment = _cut(line, times, evidence, track, core=(12.0, 28.0))
    assert segment.query_start_seconds == pytest.approx(10.1, abs=0.2)
    assert segment.query_end_seconds == pytest.approx(30.1, abs=0.01)
    assert segment.reference_end_seconds == pytest.approx(20.0)
    assert segment.reference_start_seconds == pytest.approx(0.0, abs=0.2)


def test_query_ends_bound_the_segment() -> None:
    track, times = plain_track(60), np.arange(0.2, 20.0, 0.5)
    evidence = np.full((len(times), 60), HIGHEST, dtype=np.float32)
    segment = _cut(Line(1.0, 5.0), times, evidence, track, (0.2, 19.7), query_seconds=19.8)
    assert (segment.query_start_seconds, segment.query_end_seconds) == (0.0, 19.8)
    assert (segment.reference_start_seconds, segment.reference_end_seconds) == pytest.approx((5.0, 24.8))


def test_segment_grows_beyond_its_stream_but_not_without_bound() -> None:
    track, times = plain_track(100), _times(60)
    evidence = make_evidence(times, track, Shown(5, 55, 10.0))
    segment = _cut(Line(1.0, 10.0), times, evidence, track, core=(25.0, 35.0))
    assert (segment.query_start_seconds, segment.query_end_seconds) == (16.75, 43.25)


def test_frames_without_evidence_do_not_belong() -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(10, 20, 15.0))
    evidence[(times < 10) | (times >= 20)] = 0
    segment = _cut(Line(1.0, 15.0), times, evidence, track)
    assert (segment.query_start_seconds, segment.query_end_seconds) == (9.75, 19.75)


def test_faint_frames_inside_are_bridged() -> None:
    track, times = plain_track(60), _times(40)
    evidence = make_evidence(times, track, Shown(10, 20, 15.0))
    evidence[(times >= 14) & (times < 16)] = LOWEST
    segment = _cut(Line(1.0, 15.0), times, evidence, track)
    assert (segment.query_start_seconds, segment.query_end_seconds) == (9.75, 19.75)


def test_query_of_one_frame() -> None:
    track, times = plain_track(10), np.array([0.0])
    evidence = np.full((1, 10), HIGHEST, dtype=np.float32)
    distances = make_distances(evidence, track)
    assert cut_segment(Line(1.0, 4.0), (0.0, 0.0), times, evidence, distances, track, 0.04) is None


def test_no_segment_without_evidence_or_outside_of_the_reference() -> None:
    track, times = plain_track(20), _times(20)
    silent = np.zeros((40, 20), dtype=np.float32)
    against = np.full((40, 20), LOWEST, dtype=np.float32)
    agreeing = np.full((40, 20), HIGHEST, dtype=np.float32)
    for evidence in (silent, against):
        distances = make_distances(evidence, track)
        assert cut_segment(Line(1.0, 0.0), (5.0, 9.0), times, evidence, distances, track, 20.0) is None
    for intercept in (-100.0, 100.0):
        distances = make_distances(agreeing, track)
        assert cut_segment(Line(1.0, intercept), (5.0, 9.0), times, agreeing, distances, track, 20.0) is None
