"""What was done to the picture of a copy: told of the matches that are reported."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vdup.align.matcher import QueryTrack, ScoredSegment
from vdup.align.panels import box_between, panels_between
from vdup.align.verification import is_clear
from vdup.movies.colour import compare_colours
from vdup.movies.picture_track import PictureTrack
from vdup.movies.placement import find_placement
from vdup.movies.rectangles import WHOLE, clipped, of_placement, shown_and_filled
from vdup.movies.refinement import Pictures, Refined, pictures_to_compare, refine
from vdup.movies.registration import Registration
from vdup.movies.storage import PackedMovie
from vdup.types import Edits, Placement, Rectangle

_CONTEXT_SECONDS = 2.0
_MOMENTS_A_SECOND = 4.0
_LEAST_MOMENTS = 8
_MOST_MOMENTS = 24
_MARGIN_SECONDS = 0.3
_MARGIN_SHARE = 0.1

_SAME_PLACE = 0.6
"""A panel that is so like what was found is where it lies: its borders were seen in the frames themselves."""

GEOMETRY_INPUTS = ("sharpness", "contrast")
_GEOMETRY_BIAS = 0.06
_GEOMETRY_WEIGHTS = (2.6, 0.61)
"""From ``python -m benchmarks.geometry videos=DIR fit=true``, 168 copies found of 16 real clips."""


@dataclass(frozen=True)
class ReferencePictures:
    """What a library knows of the pictures of a reference."""

    movie: PackedMovie | None
    track: PictureTrack | None
    """None in libraries of before."""


def tell_edits(scored: ScoredSegment, tracks: Sequence[QueryTrack], reference: ReferencePictures) -> Edits | None:
    """Which part of the reference fills which part of the query, how it was turned, and its colours.

    Args:
        scored: a verified segment.
        tracks: all ways in which the query is seen; the first one whole and straight.
        reference: the other side.

    Returns:
        None where the movies were not compared.

    Raises:
        LibraryDamagedError: a stored movie is damaged.
    """
    found, movie = scored.registration, tracks[0].movie if tracks else None
    if found is None or movie is None or reference.movie is None:
        return None
    (start, end), (reference_start, reference_end) = scored.intervals()
    line = scored.segment.line
    margin = min(_MARGIN_SECONDS, _MARGIN_SHARE * (end - start))
    moments = int(np.clip(round((end - start) * _MOMENTS_A_SECOND), _LEAST_MOMENTS, _MOST_MOMENTS))
    times = start + margin + (np.arange(moments) + 0.5) / moments * (end - start - 2 * margin)
    pictures = pictures_to_compare(
        movie.between(start - _CONTEXT_SECONDS, end + _CONTEXT_SECONDS),
        reference.movie.between(reference_start - _CONTEXT_SECONDS, reference_end + _CONTEXT_SECONDS),
        times,
        line.speed,
        line.intercept_seconds,
    )
    query_box = box_between(tracks[0].pictures, start, end)
    panels = panels_between(tracks, start, end)
    refined = refine(pictures, *_starts(scored, found, pictures, panels), cuts=is_clear(found))
    window = _snapped(refined, panels)
    reference_box = box_between(reference.track, reference_start, reference_end)
    rectangles = shown_and_filled(refined.placement, window, query_box, reference_box)
    if rectangles is None:
        return None
    shown, fills = rectangles
    inputs = geometry_inputs(found, refined)
    colour = None
    if tracks[0].pictures is not None and reference.track is not None:
        colour = compare_colours(
            *(tracks[0].pictures, reference.track, (start, end), line.speed, line.intercept_seconds),
            *(refined.placement, window),
        )
    return Edits(
        shown=shown,
        fills=fills,
        mirrored=refined.placement.mirrored,
        turned_degrees=90 * refined.placement.quarter_turns,
        tilted_degrees=refined.placement.tilt_degrees,
        confidence=confidence(inputs),
        colour=colour,
        confidence_inputs=inputs,
    )


def geometry_inputs(found: Registration, refined: Refined) -> dict[str, float]:
    """What the confidence is computed from, by the names of ``GEOMETRY_INPUTS``.

    ``sharpness`` is that of the refined placement, ``contrast`` that of the registration.
    """
    return {"sharpness": refined.sharpness, "contrast": found.contrast}


def confidence(inputs: Mapping[str, float]) -> float:
    """Probability, 0 to 1, that mirroring and rectangles are right; a logistic regression."""
    weighted = zip(GEOMETRY_INPUTS, _GEOMETRY_WEIGHTS, strict=True)
    logit = _GEOMETRY_BIAS + sum(weight * inputs[name] for name, weight in weighted)
    return 1 / (1 + math.exp(-min(max(logit, -60.0), 60.0)))


def _starts(
    scored: ScoredSegment, found: Registration, pictures: Pictures, panels: Sequence[Rectangle]
) -> tuple[list[Placement], list[Placement]]:
    """Placements to begin with, and which are likely in themselves."""
    as_coded = replace(Placement.whole(), mirrored=scored.mirrored)
    if scored.panel and panels and not is_clear(found):
        # The codes of a panel are those of the whole reference.
        filling = [_filling(panel, as_coded) for panel in panels]
        return filling, filling
    starts = [found.placement]
    if not is_clear(found):
        # What stands still tells the place as well, of which the registration makes no use.
        starts += [as_coded, find_placement(pictures.query, [pictures.reference], pictures.proportions).placement]
    ways = {(start.mirrored, start.quarter_turns): start for start in starts}.values()
    starts += [_filling(panel, way) for panel in panels for way in ways]
    return starts, [_filling(WHOLE, way) for way in ways]


def _filling(panel: Rectangle, found: Placement) -> Placement:
    """The whole reference stretched into a panel, turned as it was found."""
    return replace(found, top=panel.top, left=panel.left, height=panel.height, width=panel.width)


def _snapped(refined: Refined, panels: Sequence[Rectangle]) -> Rectangle:
    """The window, or the panel that it is."""
    seen = clipped(clipped(of_placement(refined.placement), refined.window), WHOLE)
    nearest = max(panels, key=seen.likeness, default=None)
    return refined.window if nearest is None or seen.likeness(nearest) < _SAME_PLACE else nearest
