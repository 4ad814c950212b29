"""The stretch of a video that its frames stand for."""

from vdup.matchers.alignment import Span
from vdup.types import FrameFeatures


def span_of(frames: FrameFeatures, span_seconds: tuple[float, float] | None) -> Span:
    """The span that was asked for, cut to the video; the whole video when none was.

    Args:
        frames: one or more, from within the span.
        span_seconds: what was asked for.
    """
    start, end = (0.0, frames.duration_seconds) if span_seconds is None else span_seconds
    # Containers may give a length that ends before the last frame.
    last = max(frames.duration_seconds, float(frames.times_seconds[-1]))
    return Span(max(0.0, start), min(end, last) if span_seconds is not None else last)
