"""Two recordings of one event: the offset and speed that bring them into step, and how sure that is."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdup.temporal.line_search import ScoredLine, SearchLimits, best_shift, find_line, scored_line
from vdup.temporal.offset_correlation import OffsetScores, correlate
from vdup.temporal.recording_samples import Line, Recordings, backwards
from vdup.types import BoolArray, FrameFeatures, TimeArray

KNOWN_SPEEDS = (1.0, 24 / 25, 25 / 24, 1000 / 1001, 1001 / 1000, 0.5, 2.0)
"""Ratios of frame rates that recordings are converted by, the likeliest first."""

_USUAL_DRIFT_SAMPLES = 4.0
"""A speed that drifts further from a usual one than this, over what both share, is not that one."""
_USUAL_GAIN = 6.0
"""How much likelier a usual speed is before anything was seen, as a logarithm."""
_USUAL_LOSS = 0.03
"""Most evidence that a usual speed may cost: in short recordings the spread among wrong offsets says little."""

_NEAR_SECONDS = 1.0
_NEAR_SAMPLES = 5
"""Peaks nearer than both to the best offset belong to it."""
_EVEN_RIVALRY = 0.66
_CONFIDENCE_SLOPE = 16.0
"""Of the logistic function from rivalry to confidence; see docs/aligning-recordings.md."""
_LEAST_SHARE_OF_SHORTER = 0.8
"""A least overlap above this share of the shorter recording is brought down to it."""


class Span(NamedTuple):
    """From and to, in seconds."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Alignment:
    """Recording b laid over recording a: ``time in a = offset_seconds + speed * time in b``."""

    offset_seconds: float
    """Time in a at which b begins; below 0 when b begins before a."""
    speed: float
    """Seconds of a that pass in one second of b: 2.0 means that b plays twice as fast."""
    confidence: float
    """0 to 1: how often an offset as clear as this one is right; see docs/aligning-recordings.md."""
    rivalry: float
    """Evidence of the best rival as a share of this offset's: near 0 for a clear winner, 1 for a draw."""
    likeness: float
    """Mean cosine of what changes in both along the overlap, -1 to 1; small for different views of one event."""
    overlap_in_a: Span
    overlap_in_b: Span
    offsets_seconds: TimeArray
    """Offsets that were scored at this speed, increasing, float64 [K]."""
    scores: NDArray[np.float64]
    """Evidence of each, float64 [K]; NaN where too little is shared."""


def align_recordings(
    a: FrameFeatures,
    b: FrameFeatures,
    *,
    min_speed: float = 0.5,
    max_speed: float = 2.0,
    min_overlap_seconds: float = 3.0,
) -> Alignment | None:
    """Lays one recording over another.

    What changes in both (see :class:`Recordings`) is multiplied sample by sample and summed over the overlap, for all
    offsets at once by the Fourier transform, and divided by what chance would add up to, which makes overlaps of
    different lengths comparable. In place of TMK and CTE, whose scores are normalised over whole videos and so shrink
    with a short overlap. The best line is followed to a fraction of the frame step, by a parabola at last.

    Args:
        a: features [Na, d], a few frames a second; a row of zeros is a picture that says nothing.
        b: features [Nb, d].
        min_speed: least speed tried.
        max_speed: greatest speed tried.
        min_overlap_seconds: least length that the recordings share, on a's clock; at most 0.8 of the shorter one.

    Returns:
        The best alignment, however unsure; None when nothing can be compared, such as a still picture with anything.

    Raises:
        ValueError: shapes do not fit, times do not increase, or a keyword is out of its range.
    """
    if not (0 < min_speed <= max_speed < math.inf):
        raise ValueError(f"need 0 < min_speed <= max_speed, got {min_speed} and {max_speed}")
    if not (0 <= min_overlap_seconds < math.inf):
        raise ValueError(f"min_overlap_seconds must be 0 or more, got {min_overlap_seconds}")
    recordings = Recordings(a, b)
    shorter = min(recordings.a_end_seconds, recordings.b_end_seconds * min_speed)
    limits = SearchLimits(min_speed, max_speed, min(min_overlap_seconds, _LEAST_SHARE_OF_SHORTER * shorter))
    found = find_line(recordings, limits)
    if found is None:
        return None
    best = _between_shifts(recordings, limits, _usual_speed(recordings, limits, found))
    scores = correlate(*recordings.whole(recordings.step_seconds, best.line.speed))
    evidence = _evidence(recordings, limits, scores)
    offsets: TimeArray = scores.lags.astype(np.float64) * recordings.step_seconds
    elsewhere = _elsewhere(recordings, best.line, scores)
    rivals = [float(evidence[elsewhere].max(initial=-np.inf)), _best_backwards(a, b, limits)]
    rivalry = max(0.0, max(rivals) / best.evidence)
    start, end = best.line.overlap_in_b(a.duration_seconds, b.duration_seconds)
    return Alignment(
        offset_seconds=best.line.offset_seconds,
        speed=best.line.speed,
        confidence=confidence_of(rivalry),
        rivalry=rivalry,
        likeness=float(scores.likeness()[np.argmin(np.abs(offsets - best.line.offset_seconds))]),
        overlap_in_a=Span(best.line.a_at(start), best.line.a_at(end)),
        overlap_in_b=Span(start, end),
        offsets_seconds=offsets,
        scores=np.where(np.isfinite(evidence), evidence, np.nan),
    )


def confidence_of(rivalry: float) -> float:
    """Probability that an offset is right, from how near its best rival comes to it.

    Rivals are the best offset elsewhere at the same speed, and the best line of b played backwards, which has the same
    content and the same smoothness but cannot be in step. The logistic function was fitted on generated pairs, half of
    them unrelated (``python -m benchmarks.recordings``).

    Args:
        rivalry: 0 or more.

    Returns:
        0 to 1.
    """
    return 1.0 / (1.0 + math.exp(min(_CONFIDENCE_SLOPE * (rivalry - _EVEN_RIVALRY), 700.0)))


def _evidence(recordings: Recordings, limits: SearchLimits, scores: OffsetScores) -> NDArray[np.float64]:
    return scores.evidence(max(1.0, limits.min_overlap_seconds / recordings.step_seconds))


def _elsewhere(recordings: Recordings, line: Line, scores: OffsetScores) -> BoolArray:
    """Which offsets are so far from a line's that their evidence is not due to it."""
    distances: TimeArray = np.abs(scores.lags * recordings.step_seconds - line.offset_seconds)
    return distances > max(_NEAR_SECONDS, _NEAR_SAMPLES * recordings.step_seconds)


def _usual_speed(recordings: Recordings, limits: SearchLimits, found: ScoredLine) -> ScoredLine:
    """The line with a usual speed, where the evidence for another does not outweigh that it is likelier.

    Evidence e of spread s among wrong offsets is worth about e^2 / 2 s^2 as a logarithm of likelihood.
    """
    scores = correlate(*recordings.whole(recordings.step_seconds, found.line.speed))
    evidence = _evidence(recordings, limits, scores)[_elsewhere(recordings, found.line, scores)]
    finite = evidence[np.isfinite(evidence)]
    spread = 1.4826 * float(np.median(np.abs(finite - np.median(finite)))) if len(finite) else 0.0
    start, end = found.line.overlap_in_b(recordings.a_end_seconds, recordings.b_end_seconds)
    for speed in KNOWN_SPEEDS:
        drift = abs(speed - found.line.speed) * (end - start) / recordings.step_seconds
        if not limits.min_speed <= speed <= limits.max_speed or drift > _USUAL_DRIFT_SAMPLES:
            continue
        usual = best_shift(recordings, limits, found.line.turned(speed, (start + end) / 2))
        unlikelier = (found.evidence**2 - usual.evidence**2) / 2 > _USUAL_GAIN * spread**2
        if usual.evidence > (1 - _USUAL_LOSS) * found.evidence and not unlikelier:
            return usual
    return found


def _between_shifts(recordings: Recordings, limits: SearchLimits, found: ScoredLine) -> ScoredLine:
    """The top of the parabola through three shifts, twice: the first may have been off by more than its reach."""
    step = recordings.step_seconds
    line = found.line
    for size in (step / 2, step / 4):
        lines = [Line(line.speed, line.offset_seconds + shift) for shift in (-size, 0.0, size)]
        low, middle, high = (scored_line(recordings, limits, tried).evidence for tried in lines)
        bend = low - 2 * middle + high
        if math.isfinite(bend) and bend < 0:
            line = Line(line.speed, line.offset_seconds + size * float(np.clip((low - high) / (2 * bend), -1.0, 1.0)))
    best = scored_line(recordings, limits, line)
    return best if best.evidence > 0 else found


def _best_backwards(a: FrameFeatures, b: FrameFeatures, limits: SearchLimits) -> float:
    found = find_line(Recordings(a, backwards(b)), limits)
    return -math.inf if found is None else found.evidence
