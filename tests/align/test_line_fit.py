import numpy as np
import pytest
from align.evidence_maker import Shown, follow, make_distances, make_evidence, plain_track
from align.moving_codes import Footage, reference
from numpy.typing import NDArray

from vdup.align.line_fit import Distances, Line, best_line, explained_shares
from vdup.align.stream import Stream
from vdup.align.track import ReferenceTrack
from vdup.codes.hamming import hamming_distances, paired_hamming
from vdup.types import CODE_BITS, CodeArray, FloatArray, TimeArray

SPEED_LIMITS = (0.5, 2.0)
KNOWN = Footage(1)


def _times(seconds: float) -> TimeArray:
    return np.arange(0, seconds, 0.5)


def _stream_near(copy: Shown, shift: float = 0.0, drift: float = 0.0) -> Stream:
    """A stream along a copy, shifted in the reference and drifting away from it over its length."""
    speed = copy.speed + drift / (copy.end - copy.start)
    middle = (copy.start + copy.end) / 2
    end = copy.reference_at(middle) + shift + speed * (copy.end - middle)
    return Stream(copy.start, copy.end, end, speed, 100.0)


def _fitted(stream: Stream, times: TimeArray, distances: Distances, track: ReferenceTrack) -> Line:
    stretch = (stream.query_start_seconds, stream.query_end_seconds)
    return best_line(Line(stream.speed, stream.reference_at(0.0)), stretch, times, distances, track, SPEED_LIMITS)


def _steps(codes: CodeArray) -> NDArray[np.int32]:
    return paired_hamming(codes[:-1], codes[1:])


def _measured(copy: Shown, times: TimeArray, noise: float, rows: int = 90) -> Distances:
    """Distances of codes that turn bit by bit from second to second; query bits are turned over at random besides."""
    stored = reference(KNOWN, rows).codes
    asked = KNOWN.codes_at(np.clip(copy.intercept + copy.speed * times, 0, rows), noise)
    return Distances.of(hamming_distances(asked, stored), np.ones((len(times), rows), dtype=np.bool_), _steps(stored))


def test_line_and_its_inverse() -> None:
    line = Line(speed=1.25, intercept_seconds=-3.0)
    assert line.reference_at(np.array([0.0, 4.0])).tolist() == [-3.0, 2.0]
    assert line.query_at(2.0) == 4.0


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.25, 1.9])
@pytest.mark.parametrize(("shift", "drift"), [(0.0, 0.0), (1.2, 0.0), (-1.0, 1.0), (0.5, -1.0)])
def test_known_line_is_found(speed: float, shift: float, drift: float) -> None:
    times = _times(42)
    copy = Shown(6.2, 36.2, 9.3 - speed * 6.2, speed)
    line = _fitted(_stream_near(copy, shift, drift), times, _measured(copy, times, 0.2), plain_track(90))
    assert line.reference_at(np.array([21.2]))[0] == pytest.approx(copy.reference_at(21.2), abs=0.1)
    assert line.speed == pytest.approx(speed, abs=0.01)


@pytest.mark.parametrize("offset", [0.0, 0.1, 0.25, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_the_offset_is_found_between_samples_of_either_side(offset: float, noise: float) -> None:
    """At speed 1 every frame falls on one of two phases between reference samples."""
    times = _times(36)
    copy = Shown(2.0, 32.0, 12.0 + offset)
    line = _fitted(_stream_near(copy, 0.43, 0.8), times, _measured(copy, times, noise), plain_track(90))
    assert line.speed == pytest.approx(1.0, abs=0.005)
    assert line.reference_at(np.array([17.0]))[0] == pytest.approx(copy.reference_at(17.0), abs=0.1)


def test_offset_comes_out_right_from_stream_to_line() -> None:
    track, times = plain_track(90), _times(42)
    copy = Shown(6.2, 36.2, 9.3 - 1.25 * 6.2, 1.25)
    evidence = make_evidence(times, track, copy)
    line = _fitted(follow(times, evidence, track)[0], times, make_distances(evidence, track), track)
    for query in (6.2, 36.2):
        assert line.reference_at(np.array([query]))[0] == pytest.approx(copy.reference_at(query), abs=0.2)


def test_without_motion_the_original_speed_is_assumed() -> None:
    track, times = ReferenceTrack(np.array([0.0]), np.array([30.0]), 31.0, 1.0), _times(10)
    distances = Distances(np.zeros((20, 1), dtype=np.float32), np.zeros(1, dtype=np.float32))
    assert _fitted(Stream(0.0, 9.5, 10.0, 1.03, 50.0), times, distances, track).speed == 1.0


def test_what_is_blank_says_nothing() -> None:
    """A copy whose middle is blank in the query, and a row of the reference besides, keeps its line."""
    times = _times(36)
    copy = Shown(2.0, 32.0, 12.3)
    stored = reference(KNOWN, 90).codes
    asked = KNOWN.codes_at(copy.intercept + times, 0.1)
    known = np.ones((len(times), 90), dtype=np.bool_)
    known[30:40] = False
    known[:, 20] = False
    asked[30:40] = 0
    distances = Distances.of(hamming_distances(asked, stored), known, _steps(stored))
    line = _fitted(_stream_near(copy, -0.6), times, distances, plain_track(90))
    assert line.reference_at(np.array([17.0]))[0] == pytest.approx(copy.reference_at(17.0), abs=0.13)
    assert (distances.to_rows[~known] == CODE_BITS / 2).all()


def _signs(codes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FloatArray:
    return (np.unpackbits(codes, axis=-1).astype(np.float32) * 2 - 1).astype(np.float32)


def test_explained_share_is_the_squared_cosine_with_the_mix() -> None:
    codes = np.random.default_rng(0).integers(0, 256, (3, 128), dtype=np.uint8)
    asked = codes[:1].copy()
    asked[0, 40:90] = codes[1, 40:90]
    distances = Distances.of(hamming_distances(asked, codes), np.ones((1, 3), dtype=np.bool_), _steps(codes))
    track = plain_track(3)
    for at in np.linspace(0, 1.75, 8):
        row, share = int(at), at - int(at)
        mix = (1 - share) * _signs(codes[row]) + share * _signs(codes[row + 1])
        [sign] = _signs(asked)
        expected = max(0.0, float(sign @ mix) / float(np.linalg.norm(sign) * np.linalg.norm(mix))) ** 2
        [found] = explained_shares(np.array([0]), np.array([at]), distances, track)
        assert found == pytest.approx(expected, abs=1e-6)
    assert explained_shares(np.array([0, 0]), np.array([-0.1, 3.2]), distances, track).tolist() == [0.0, 0.0]


def test_runs_are_shown_until_they_end() -> None:
    codes = np.random.default_rng(0).integers(0, 256, (2, 128), dtype=np.uint8)
    track = ReferenceTrack(np.array([0.0, 5.0]), np.array([4.0, 6.0]), 7.0, 1.0)
    distances = Distances.of(hamming_distances(codes[:1], codes), np.ones((1, 2), dtype=np.bool_), _steps(codes))
    shares = explained_shares(np.zeros(4, dtype=np.int64), np.array([0.0, 2.0, 4.0, 4.5]), distances, track)
    assert shares[:3].tolist() == [1.0, 1.0, 1.0]
    assert 0.4 < shares[3] < 0.6
