"""What was done to the picture of a copy, in a few words."""

from vdup.types import Match, Placement

_EDGE = 0.06
"""Edges that lie this near to one another, in sides of the query's picture, count as the same."""
_INSET_SHARE = 0.5
"""A smaller share of the query's picture is an inset; a larger one has a border."""


def describe_picture(match: Match) -> str:
    """How the reference's picture appears in the query.

    Returns:
        Words such as ``whole``, ``mirrored, cropped to 56%`` or ``inset of 20%``; ``-`` where it is not known. Where
        nothing moves, ``place uncertain`` and the stretch of the reference that fits equally.
    """
    if match.identical:
        return "whole"
    evidence = match.evidence
    if evidence is not None and evidence.place_uncertain_seconds is not None:
        start, end = evidence.place_uncertain_seconds
        return f"{'mirrored, ' if evidence.mirrored else ''}place uncertain, {start:.1f} - {end:.1f} s"
    if evidence is None or evidence.picture is None or not evidence.picture.clear:
        return "mirrored" if evidence is not None and evidence.mirrored else "-"
    found = evidence.picture.placement
    words = ["mirrored"] if found.mirrored else []
    if found.quarter_turns:
        words.append(f"turned {90 * found.quarter_turns}°")
    return ", ".join([*words, *_rectangle(found)]) or "whole"


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
