"""What was done to the picture of a copy, in a few words."""

from vdup.types import Colour, Edits, Match, Placement, Rectangle

_EDGE = 0.06
"""Edges that lie this near to one another, in sides of the query's picture, count as the same."""
_INSET_SHARE = 0.5
"""A smaller share of the query's picture is an inset; a larger one has a border."""
_MOSTLY = 0.6
"""From this share of the picture on, a part in its place counts as the whole."""
_LEAST_CONFIDENCE = 0.7
"""Rectangles and turns of less are not told."""
_COLOURS = {Colour.grey: "grey", Colour.changed: "colours changed"}


def describe_picture(match: Match) -> str:
    """How the reference's picture appears in the query.

    Returns:
        Words such as ``whole``, ``mirrored, cropped to 56%``, ``inset of 20%`` or ``grey``; ``-`` where it is not
        known. Where nothing moves, ``place uncertain`` and the stretch of the reference that fits equally.
    """
    if match.identical:
        return "whole"
    evidence = match.evidence
    if evidence is not None and evidence.place_uncertain_seconds is not None:
        start, end = evidence.place_uncertain_seconds
        return f"{'mirrored, ' if evidence.mirrored else ''}place uncertain, {start:.1f} - {end:.1f} s"
    if match.edits is not None:
        return _edited(match.edits, evidence is not None and evidence.mirrored)
    if evidence is None or evidence.picture is None or not evidence.picture.clear:
        return "mirrored" if evidence is not None and evidence.mirrored else "-"
    found = evidence.picture.placement
    words = ["mirrored"] if found.mirrored else []
    if found.quarter_turns:
        words.append(f"turned {90 * found.quarter_turns}°")
    words += _tilted(found.tilt_degrees)
    return ", ".join([*words, *_rectangle(found)]) or "whole"


def _edited(edits: Edits, mirrored: bool) -> str:
    colour = [] if edits.colour is None or edits.colour is Colour.kept else [_COLOURS[edits.colour]]
    if edits.confidence < _LEAST_CONFIDENCE:
        return "mirrored" if mirrored else "-"
    words = ["mirrored"] if edits.mirrored else []
    if edits.turned_degrees:
        words.append(f"turned {edits.turned_degrees}°")
    words += _tilted(edits.tilted_degrees)
    if not edits.turned_degrees and not edits.tilted_degrees and _in_place(edits):
        # Neither cropped nor moved: what is not told of is plain, or covered by something else.
        if edits.fills.area < _MOSTLY:
            words.append(f"{100 * edits.fills.area:.0f}% of it in place")
        return ", ".join([*words, *colour]) or "whole"
    if _is_part(edits.shown):
        words.append(f"cropped to {100 * edits.shown.area:.0f}%")
    if _is_part(edits.fills):
        filled = 100 * edits.fills.area
        words.append(f"inset of {filled:.0f}%" if filled < 100 * _INSET_SHARE else f"bordered, {filled:.0f}%")
    return ", ".join([*words, *colour]) or "whole"


def _tilted(degrees: float) -> list[str]:
    return [f"tilted {abs(degrees):.0f}° to the {'left' if degrees > 0 else 'right'}"] if degrees else []


def _in_place(edits: Edits) -> bool:
    """Whether the part that is shown lies where it lies in the reference, as far as it is mirrored."""
    shown, fills = edits.shown, edits.fills
    left = 1 - shown.left - shown.width if edits.mirrored else shown.left
    pairs = ((shown.top, fills.top), (left, fills.left), (shown.height, fills.height), (shown.width, fills.width))
    return all(abs(mine - other) <= _EDGE for mine, other in pairs)


def _is_part(found: Rectangle) -> bool:
    """Whether an edge lies clearly within the picture."""
    ends = (1 - found.top - found.height, 1 - found.left - found.width)
    return max(found.top, found.left, *ends) > _EDGE


def _rectangle(found: Placement) -> list[str]:
    bottom, right = found.top + found.height, found.left + found.width
    words = []
    beyond = found.top < -_EDGE or found.left < -_EDGE or bottom > 1 + _EDGE or right > 1 + _EDGE
    within = found.top > _EDGE or found.left > _EDGE or bottom < 1 - _EDGE or right < 1 - _EDGE
    shown = (min(bottom, 1) - max(found.top, 0)) * (min(right, 1) - max(found.left, 0))
    if beyond:
        words.append(f"cropped to {100 * shown / (found.height * found.width):.0f}%")
    if within:
        words.append(f"inset of {100 * shown:.0f}%" if shown < _INSET_SHARE else f"bordered, {100 * shown:.0f}%")
    return words
