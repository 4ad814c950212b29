"""Where one recording lies on the other: every offset at every speed, coarse first, then finer about the best."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.temporal.offset_correlation import correlate, correlate_near
from vdup.temporal.recording_samples import Line, Recordings
from vdup.types import RowArray

_SAMPLES_OF_SHORTER = 512
_SAMPLES_OF_LONGER = 8192
"""Most samples of either recording in the coarse search; longer recordings are searched in longer samples."""
_PEAKS_OF_SPEED = 3
_LINES_REFINED = 4
_TURNS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
"""Speeds tried about the best, in units of the one with which the recordings drift one sample apart."""
_SHIFTS: RowArray = np.arange(-2, 3, dtype=np.int64)
_ROUNDS = 3
_FINE_STEPS = (0.5, 0.25, 0.125)
"""Shifts and turns tried at last, in samples."""


@dataclass(frozen=True)
class ScoredLine:
    """A line and the evidence for it."""

    line: Line
    evidence: float
    """See :meth:`vdup.temporal.offset_correlation.OffsetScores.evidence`."""


@dataclass(frozen=True)
class SearchLimits:
    """What lines are looked at."""

    min_speed: float
    max_speed: float
    min_overlap_seconds: float
    """Least length that the recordings must share, in a."""


def find_line(recordings: Recordings, limits: SearchLimits) -> ScoredLine | None:
    """The line with the most evidence; None when no two samples that show anything can meet.

    The coarse search scores all offsets for each of a row of speeds, so close that over the shorter recording
    neighbouring ones drift no more than two samples apart. The best few lines are followed through samples of half the
    length, and half again, to the frame step; then turned and shifted by down to an eighth of it.
    """
    step = _coarse_step(recordings)
    found = [_refined(recordings, limits, line, step) for line in _coarse_lines(recordings, limits, step)]
    best = max(found, key=lambda scored: scored.evidence, default=None)
    return None if best is None or not math.isfinite(best.evidence) or best.evidence <= 0 else best


def best_shift(recordings: Recordings, limits: SearchLimits, line: Line) -> ScoredLine:
    """The line shifted, but not turned, to where the evidence is highest nearby."""
    step = recordings.step_seconds
    best = ScoredLine(line, -math.inf)
    for size in (1.0, *_FINE_STEPS):
        tried = (Line(line.speed, best.line.offset_seconds + shift * size * step) for shift in (0.0, -1.0, 1.0))
        best = max((scored_line(recordings, limits, one) for one in tried), key=lambda scored: scored.evidence)
    return best


def scored_line(recordings: Recordings, limits: SearchLimits, line: Line) -> ScoredLine:
    """A line with the evidence for it in samples of the frame step."""
    evidence = evidence_on(recordings, limits, line, recordings.step_seconds, np.zeros(1, dtype=np.int64))
    return ScoredLine(line, float(evidence[0]))


def speeds_between(low: float, high: float, ratio_step: float) -> list[float]:
    """Speeds from low to high, each at most ``ratio_step`` (a share) from the next; 1 among them if it is inside."""
    start = 1.0 if low <= 1.0 <= high else low
    down, up = (math.ceil(abs(math.log(end / start)) / ratio_step - 1e-9) for end in (low, high))
    below = [start * math.exp(-ratio_step * number) for number in range(down, 0, -1)]
    above = [start * math.exp(ratio_step * number) for number in range(1, up + 1)]
    return [min(max(speed, low), high) for speed in [*below, start, *above]]


def evidence_on(
    recordings: Recordings, limits: SearchLimits, line: Line, step_seconds: float, shifts: RowArray = _SHIFTS
) -> NDArray[np.float64]:
    """Evidence for a line shifted by whole samples, float64 [len(shifts)]; -inf where too little is shared."""
    samples_a, samples_b = recordings.on(line, step_seconds, margin=int(np.abs(shifts).max()) + 1)
    if len(samples_a) == 0:
        return np.full(len(shifts), -np.inf)
    # A sample at either end may be cut short, so the least overlap is eased by one.
    least = max(1.0, limits.min_overlap_seconds / step_seconds - 1.0)
    return correlate_near(samples_a, samples_b, shifts).evidence(least)


def _coarse_step(recordings: Recordings) -> float:
    step = recordings.step_seconds
    lengths = sorted((recordings.a_end_seconds, recordings.b_end_seconds))
    excess = max(lengths[0] / step / _SAMPLES_OF_SHORTER, lengths[1] / step / _SAMPLES_OF_LONGER, 1.0)
    return step * 2.0 ** math.ceil(math.log2(excess))


def _coarse_lines(recordings: Recordings, limits: SearchLimits, step: float) -> list[Line]:
    """The best lines that are not nearly one another."""
    shorter = max(min(recordings.a_end_seconds, recordings.b_end_seconds), step)
    found: list[ScoredLine] = []
    for speed in speeds_between(limits.min_speed, limits.max_speed, 2.0 * step / shorter):
        found += _peaks(recordings, limits, speed, step)
    kept: list[Line] = []
    for scored in sorted(found, key=lambda scored: -scored.evidence):
        start, end = scored.line.overlap_in_b(recordings.a_end_seconds, recordings.b_end_seconds)
        middle = (start + end) / 2
        if all(abs(scored.line.a_at(middle) - other.a_at(middle)) > 2 * step for other in kept):
            kept.append(scored.line)
        if len(kept) == _LINES_REFINED:
            break
    return kept


def _peaks(recordings: Recordings, limits: SearchLimits, speed: float, step: float) -> Iterator[ScoredLine]:
    scores = correlate(*recordings.whole(step, speed))
    evidence = scores.evidence(max(1.0, limits.min_overlap_seconds / step))
    for _ in range(_PEAKS_OF_SPEED):
        best = int(np.argmax(evidence))
        if not math.isfinite(evidence[best]):
            return
        yield ScoredLine(Line(speed, float(scores.lags[best]) * step), float(evidence[best]))
        evidence[max(0, best - 3) : best + 4] = -np.inf


def _refined(recordings: Recordings, limits: SearchLimits, line: Line, coarse_step: float) -> ScoredLine:
    best = ScoredLine(line, -math.inf)
    step = coarse_step
    while True:
        for _ in range(_ROUNDS):
            before = best.line
            # Evidence of samples of another length does not compare.
            best = max(_turned_and_shifted(recordings, limits, before, step), key=lambda scored: scored.evidence)
            if best.line == before:
                break
        if step <= recordings.step_seconds:
            break
        step = max(step / 2, recordings.step_seconds)
    for size in _FINE_STEPS:
        best = max(_about(recordings, limits, best, size * step), key=lambda scored: scored.evidence)
    return best


def _turned_and_shifted(recordings: Recordings, limits: SearchLimits, line: Line, step: float) -> Iterator[ScoredLine]:
    for turned in _turns(recordings, limits, line, step, _TURNS):
        evidence = evidence_on(recordings, limits, turned, step)
        best = int(np.argmax(evidence))
        shift = float(_SHIFTS[best]) * step
        yield ScoredLine(Line(turned.speed, turned.offset_seconds + shift), float(evidence[best]))


def _about(
    recordings: Recordings, limits: SearchLimits, scored: ScoredLine, size_seconds: float
) -> Iterator[ScoredLine]:
    """The line itself and those turned or shifted by a part of a sample."""
    yield scored
    for turned in _turns(recordings, limits, scored.line, size_seconds, (-1.0, 0.0, 1.0)):
        for shift in (-size_seconds, 0.0, size_seconds):
            line = Line(turned.speed, turned.offset_seconds + shift)
            if line != scored.line:
                yield scored_line(recordings, limits, line)


def _turns(
    recordings: Recordings, limits: SearchLimits, line: Line, drift_seconds: float, turns: tuple[float, ...]
) -> Iterator[Line]:
    """Lines turned about the middle of what is shared, so that they drift this far over its length."""
    start, end = line.overlap_in_b(recordings.a_end_seconds, recordings.b_end_seconds)
    length = max((end - start) * line.speed, 4 * recordings.step_seconds)
    for turn in turns:
        speed = line.speed * (1.0 + turn * drift_seconds / length)
        if turn == 0 or limits.min_speed <= speed <= limits.max_speed:
            yield line.turned(speed, (start + end) / 2) if turn else line
