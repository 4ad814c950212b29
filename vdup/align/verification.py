"""A second look at a segment: do the small movies of both sides agree on it, and on which line."""

import math
from collections.abc import Sequence
from dataclasses import replace

from vdup.align.calibration import Calibration
from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment
from vdup.movies.registration import STILL, Registration, register
from vdup.movies.storage import PackedMovie
from vdup.types import Rectangle

_CONTEXT_SECONDS = 12.0
"""Movies are unpacked so far before and after a segment."""

_LINE_CORRELATION = 0.4
_LINE_CONTRAST = 0.3
"""From these on the line of the movies is taken over, and whether they are mirrored: on generated copies of real clips
the median error of the line is then 0.04 s, that of the codes 0.14 s."""

_LEAST_MOTION = 0.01
_MOST_MOVING = 3.0
"""The logarithm of how much more a side moves than one that is still is weighed up to here."""
_MOST_SHARED = 0.5

_SURE = 0.9
"""Another moment of the same reference must be as likely as this. Of six generated problems no copy was lost by that,
and of 96 wrong segments from a score of 0.3 on 15 went."""
_ALWAYS_UNLIKE = 0.05
"""The same of the detail of pictures."""


def verify(
    scored: ScoredSegment,
    query: PackedMovie | None,
    reference: PackedMovie | None,
    reference_seconds: float,
    calibration: Calibration,
    speed_limits: tuple[float, float],
    likely: Sequence[Rectangle] = (),
) -> ScoredSegment:
    """Registers the movies of a segment, and scores and places it anew.

    Args:
        scored: the segment, as the codes found it.
        query: movie of the query; none where there is none, and the segment stays as it is.
        reference: likewise of the reference.
        reference_seconds: length of the reference.
        calibration: with its model of verification; without one the score stays as it is.
        speed_limits: slowest and fastest playback.
        likely: parts of the query's picture that all of the reference's may well fill, such as panels.

    Raises:
        LibraryDamagedError: a stored movie is damaged.
    """
    if query is None or reference is None:
        return scored
    segment = scored.segment
    (query_start, query_end), (reference_start, reference_end) = scored.intervals()
    found = register(
        query.between(query_start - _CONTEXT_SECONDS, query_end + _CONTEXT_SECONDS),
        reference.between(reference_start - _CONTEXT_SECONDS, reference_end + _CONTEXT_SECONDS),
        (query_start, query_end),
        segment.line.speed,
        segment.line.intercept_seconds,
        speed_limits,
        likely,
    )
    score, inputs = scored.score, None
    if calibration.verification is not None:
        inputs = verification_inputs(
            scored.score, query_end - query_start, found, mirrored=scored.mirrored, panel=scored.panel
        )
        score = calibration.verification.probability(inputs)
    mirrored = scored.mirrored
    if is_clear(found):
        segment = _on_line(segment, Line(found.speed, found.intercept_seconds), reference_seconds)
        mirrored = found.placement.mirrored
    return replace(scored, segment=segment, score=score, mirrored=mirrored, registration=found, inputs=inputs)


def other_moments(segments: Sequence[ScoredSegment]) -> list[bool]:
    """Which segments of one query and one reference only resemble a moment that another of them has found.

    A still camera, a speaker, a template of slides looks much the same at every moment. Such a segment is not sure in
    itself, and another one, at least as likely, covers more than half of it in the query. What the reference really
    shows twice is sure by itself both times; where it is not, the likelier of the two is told.
    """
    order = sorted(range(len(segments)), key=lambda place: -segments[place].score)
    found = [False] * len(segments)
    for rank, place in enumerate(order):
        item = segments[place]
        (start, end), likelier = item.intervals()[0], [segments[other].intervals()[0] for other in order[:rank]]
        found[place] = (
            item.registration is not None
            and item.score < _SURE
            and any(min(end, last) - max(start, first) > _MOST_SHARED * (end - start) for first, last in likelier)
        )
    return found


def verification_inputs(
    code_score: float, seconds: float, found: Registration, *, mirrored: bool, panel: bool
) -> dict[str, float]:
    """What the score of a registered segment is computed from, by the names of ``VERIFICATION_INPUTS``.

    ``code_score`` is the log-odds of the score by codes; ``correlation`` and ``contrast`` are those of the movies, and
    ``contrast_over_time`` the latter times the root of the number of moments, for many agree less by chance. ``still``
    is minus the logarithm of the query's motion. ``moving`` grows with the motion of the stiller side, and
    ``unexplained`` is what the correlation leaves of it: where both sides move and do not agree, they are not the same,
    the less so the longer (``unexplained_over_time``). ``speed_change`` is |log2 speed|, ``covered`` the share of the
    query's picture that the reference fills. ``detail`` is minus the logarithm of what the detail of the pictures
    leaves unlike, ``changing_detail`` the same of what changes in the detail, and ``changing_detail_over_time`` that
    correlation times the root of the number of moments that change in ways of their own; ``spread`` is how what changes
    agrees all over the picture, and ``spread_over_parts`` that times the root of the number of parts; the two of quick
    changes are as the other contrasts. ``mirrored`` and ``panel`` are 0 or 1.

    Args:
        code_score: 0 to 1.
        seconds: length of the segment in the query.
        found: its registration.
        mirrored: whether the codes found it mirrored; where the movies are clear, they decide.
        panel: whether it was found in a part of the query's frames.
    """
    bounded = min(max(code_score, 1e-4), 1 - 1e-4)
    stiller = min(found.motion, found.reference_motion) + _LEAST_MOTION / 2
    moving = min(max(math.log(stiller / STILL), 0.0), _MOST_MOVING)
    unexplained = moving * (1 - max(found.correlation, 0.0))
    return {
        "code_score": math.log(bounded / (1 - bounded)),
        "correlation": found.correlation,
        "contrast": found.contrast,
        "contrast_over_time": found.contrast * math.sqrt(found.moments),
        "still": -math.log(found.motion + _LEAST_MOTION),
        "moving": moving,
        "unexplained": unexplained,
        "unexplained_over_time": unexplained * math.log(max(seconds, 0.5)),
        "speed_change": abs(math.log2(found.speed)),
        "covered": found.covered,
        "detail": -math.log(1 + _ALWAYS_UNLIKE - max(found.agreement.detail, 0.0)),
        "spread": found.agreement.spread,
        "spread_over_parts": found.agreement.spread * math.sqrt(found.agreement.parts),
        "quick_contrast_over_time": found.quick_contrast * math.sqrt(found.moments),
        "quick_margin": found.quick_margin,
        "mirrored": float(found.placement.mirrored if is_clear(found) else mirrored),
        "panel": float(panel),
        "changing_detail": -math.log(1 + _ALWAYS_UNLIKE - max(found.agreement.changing_detail, 0.0)),
        "changing_detail_over_time": max(found.agreement.changing_detail, 0.0) * math.sqrt(found.independent_moments),
    }


def is_clear(found: Registration) -> bool:
    """Whether movies agree so well that their line and place can be believed; where nothing moves they cannot."""
    moving = min(found.motion, found.reference_motion) >= STILL
    return moving and found.correlation >= _LINE_CORRELATION and found.contrast >= _LINE_CONTRAST


def _on_line(segment: Segment, line: Line, reference_seconds: float) -> Segment:
    """The same stretch of the query on another line, cut where the reference ends."""
    start, end = segment.query_start_seconds, segment.query_end_seconds
    start = max(start, -line.intercept_seconds / line.speed)
    end = min(end, (reference_seconds - line.intercept_seconds) / line.speed)
    if end <= start:
        return segment
    return replace(
        segment,
        line=line,
        query_start_seconds=start,
        query_end_seconds=end,
        reference_start_seconds=line.speed * start + line.intercept_seconds,
        reference_end_seconds=line.speed * end + line.intercept_seconds,
    )
