"""Parts of a query's picture that the whole of a reference may well fill: panels, and the frame without its bars."""

from collections.abc import Sequence

from vdup.align.matcher import QueryTrack
from vdup.movies.picture_track import PictureTrack
from vdup.movies.rectangles import WHOLE, clipped, of_box, relative, within
from vdup.types import Rectangle

_DIFFERENT_PANEL = 0.9
"""A panel that is more like the whole picture shows nothing of its own."""


def panels_between(tracks: Sequence[QueryTrack], start_seconds: float, end_seconds: float) -> list[Rectangle]:
    """Panels that are there from a moment to another, in sides of the query's picture.

    Args:
        tracks: all ways in which the query is seen; the first one whole and straight.
        start_seconds: of the segment in the query.
        end_seconds: of the same.
    """
    query_box = box_between(tracks[0].pictures if tracks else None, start_seconds, end_seconds)
    panels: list[Rectangle] = []
    for track in tracks:
        if not track.panel or track.mirrored or track.pictures is None:
            continue
        times = track.pictures.times_seconds
        if not ((times >= start_seconds) & (times <= end_seconds)).any():
            continue
        panel = clipped(relative(box_between(track.pictures, start_seconds, end_seconds), query_box), WHOLE)
        if panel.area > 0 and panel.likeness(WHOLE) < _DIFFERENT_PANEL:
            panels.append(panel)
    return panels


def whole_frames(
    query_box: Rectangle, reference_box: Rectangle, query_shape: float, reference_shape: float
) -> list[Rectangle]:
    """Where the reference's picture lies in the query's when its whole frame is shown.

    It fills the query's frame, or was fitted into it between bars. Bars are cut shot by shot, where they are seen: of
    dark and plain scenes one side may have lost others than the other, and what is black need not have been a bar.

    Args:
        query_box: the query's picture in its frame.
        reference_box: likewise of the reference.
        query_shape: width over height of the query's frames.
        reference_shape: likewise.

    Returns:
        In sides of the query's picture; without those at which it fills nearly all of that.
    """
    tall, wide = min(1.0, query_shape / reference_shape), min(1.0, reference_shape / query_shape)
    frames = [WHOLE, Rectangle((1 - tall) / 2, (1 - wide) / 2, tall, wide)]
    places = [relative(within(reference_box, frame), query_box) for frame in frames]
    return [place for place in dict.fromkeys(places) if place.likeness(WHOLE) <= _DIFFERENT_PANEL]


def box_between(track: PictureTrack | None, start_seconds: float, end_seconds: float) -> Rectangle:
    """Where the picture lies in its frame from a moment to another; all of it where that is not known."""
    return WHOLE if track is None else of_box(track.box_between(start_seconds, end_seconds))
