"""From a placement of pictures inside their bars to rectangles of whole frames."""

from vdup.types import FloatArray, Placement, Rectangle

WHOLE = Rectangle(0.0, 0.0, 1.0, 1.0)
_AT_EDGE = 0.04
"""So near, in sides of the picture inside the bars, an edge lies at that picture's."""


def clipped(first: Rectangle, second: Rectangle) -> Rectangle:
    """What two rectangles share; without height or width where they share nothing."""
    top, left = max(first.top, second.top), max(first.left, second.left)
    bottom = min(first.top + first.height, second.top + second.height)
    right = min(first.left + first.width, second.left + second.width)
    return Rectangle(top, left, max(bottom - top, 0.0), max(right - left, 0.0))


def within(part: Rectangle, outer: Rectangle) -> Rectangle:
    """A part of a rectangle, itself given in shares of that, as a rectangle beside ``outer``."""
    return Rectangle(
        outer.top + outer.height * part.top,
        outer.left + outer.width * part.left,
        outer.height * part.height,
        outer.width * part.width,
    )


def relative(part: Rectangle, outer: Rectangle) -> Rectangle:
    """The inverse of :func:`within`: a rectangle in shares of another one."""
    return Rectangle(
        (part.top - outer.top) / outer.height,
        (part.left - outer.left) / outer.width,
        part.height / outer.height,
        part.width / outer.width,
    )


def turned_back(part: Rectangle, placement: Placement) -> Rectangle:
    """A part of the reference's picture as it was turned and mirrored, as it lies in the picture itself."""
    for _ in range(placement.quarter_turns):
        part = Rectangle(part.left, 1 - part.top - part.height, part.width, part.height)
    if placement.mirrored:
        part = Rectangle(part.top, 1 - part.left - part.width, part.height, part.width)
    return part


def turned_over(part: Rectangle, placement: Placement) -> Rectangle:
    """The inverse of :func:`turned_back`."""
    if placement.mirrored:
        part = Rectangle(part.top, 1 - part.left - part.width, part.height, part.width)
    for _ in range(placement.quarter_turns):
        part = Rectangle(1 - part.left - part.width, part.top, part.width, part.height)
    return part


def of_placement(placement: Placement) -> Rectangle:
    """All that the reference's picture would fill, in sides of the query's; it may reach beyond it."""
    return Rectangle(placement.top, placement.left, placement.height, placement.width)


def of_box(box: FloatArray) -> Rectangle:
    """Of top, left, height and width, float32 [4]."""
    top, left, height, width = (float(value) for value in box)
    return Rectangle(top, left, height, width)


def shown_and_filled(
    placement: Placement, window: Rectangle, query_box: Rectangle, reference_box: Rectangle
) -> tuple[Rectangle, Rectangle] | None:
    """Which part of the reference's frame is shown, and which part of the query's it fills.

    Args:
        placement: of the reference's picture in the query's.
        window: the part of the query's picture in which the reference is seen.
        query_box: where the query's picture lies in its frame.
        reference_box: likewise of the reference.

    Returns:
        Both; None where nothing of the reference lies in the window.
    """
    filled = clipped(clipped(of_placement(placement), window), WHOLE)
    if filled.height <= 0 or filled.width <= 0:
        return None
    # The reference's whole frame as it would lie in the query's, its own bars with it.
    turned_box = turned_over(reference_box, placement)
    around = relative(WHOLE, turned_box)
    placed = within(of_placement(placement), query_box)
    frame = within(around, placed)
    fills = _with_bars(within(filled, query_box), query_box, placed, frame)
    shown = turned_back(relative(fills, frame), placement)
    return clipped(shown, WHOLE), fills


def _with_bars(fills: Rectangle, query_box: Rectangle, placed: Rectangle, frame: Rectangle) -> Rectangle:
    """Bars that both sides have at the same edge belong to the copy: it goes on into them as far as the frame does."""
    (tops, bottoms), (lefts, rights) = (
        zip(*(_ends(part, upright) for part in (fills, query_box, placed, frame)), strict=True)
        for upright in (True, False)
    )
    top, left = (_outwards(ends, 0.0, size) for ends, size in ((tops, query_box.height), (lefts, query_box.width)))
    bottom, right = (
        _outwards(ends, 1.0, size) for ends, size in ((bottoms, query_box.height), (rights, query_box.width))
    )
    return Rectangle(top, left, bottom - top, right - left)


def _ends(part: Rectangle, upright: bool) -> tuple[float, float]:
    """Where a part begins and ends, from top to bottom or from left to right."""
    start, length = (part.top, part.height) if upright else (part.left, part.width)
    return start, start + length


def _outwards(ends: tuple[float, ...], limit: float, size: float) -> float:
    """An edge of what is filled, or that of the frame beyond it where the picture ends at that of the query's box."""
    filled, box, placed, frame = ends
    tolerance = _AT_EDGE * size
    if abs(placed - box) > tolerance or abs(filled - box) > tolerance:
        return filled
    return max(min(filled, frame), limit) if limit == 0.0 else min(max(filled, frame), limit)
