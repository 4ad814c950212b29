"""Parts of a query's picture that the whole of a reference may well fill: panels, and the frame without its bars."""

from collections.abc import Sequence

from vdup.align.matcher import QueryTrack
from vdup.movies.picture_track import PictureTrack
from vdup.movies.rectangles import WHOLE, clipped, of_box, relative
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


def whole_frame(query_box: Rectangle, reference_box: Rectangle) -> Rectangle | None:
    """Where the reference's picture lies in the query's when both whole frames lie on one another.

    Dark and plain scenes may have lost other bars on one side than on the other, for they are cut shot by shot.

    Returns:
        None where both were cut alike.
    """
    lies = relative(reference_box, query_box)
    return None if lies.likeness(WHOLE) > _DIFFERENT_PANEL else lies


def box_between(track: PictureTrack | None, start_seconds: float, end_seconds: float) -> Rectangle:
    """Where the picture lies in its frame from a moment to another; all of it where that is not known."""
    return WHOLE if track is None else of_box(track.box_between(start_seconds, end_seconds))
