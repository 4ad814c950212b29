"""The picture inside bars and plain borders.

A bar is a run of lines along one side of the frame that keep one colour in every frame of a shot and end in a straight
edge. Borders may lie inside one another (a coloured frame inside letterbox bars), so they are peeled off in turns.
"""

import numpy as np
from numpy.typing import NDArray

MIN_PICTURE_PIXELS = 16
"""A picture is never cut to less than this in height or width ..."""
MIN_PICTURE_SHARE = 0.25
"""... nor to less than this share. An upright 9:16 video inside a 16:9 frame keeps 0.316 of the width."""

_MAX_LAYERS = 4
_MAX_SAMPLES = 64
"""Pixels of one line that are looked at."""
_TOLERANCE = 16
"""Largest distance of a bar's pixel from the bar's colour, in levels of any channel; covers coding noise."""
_BLACK_LUMA = 24.0
"""Bars up to this luma count as black; they may lie on one side only."""
_MIN_LINES = 2
_RIM_LINES = 3
"""Lines of another colour that may lie outside a bar: what scaling leaves of the border around it."""
_CLEAN_SHARE = 0.04
"""Pixels of a bar's line that may differ: noise."""
_TEXT_SHARE = 0.30
"""Pixels of a bar's line that may differ where subtitles or a logo lie in the bar."""
_CLEAN_LINES_SHARE = 0.4
"""Lines of a bar that must be free of text."""
_EDGE_LINES = 3
"""Lines within which the step from bar to picture must happen: scaling and coding blur it."""
_EDGE_STEP = 0.25
"""Growth of the share of differing pixels at the edge. A skyline against a black sky grows line by line instead."""
_EDGE_SHARE = 0.4
"""Pixels along the inside edge that must differ from the bar in one frame or another."""

_Bar = tuple[int, NDArray[np.uint8]]
"""Thickness in pixels and RGB colour."""


def _luma(colour: NDArray[np.uint8]) -> float:
    return float(colour @ np.array([0.299, 0.587, 0.114]))


def _differing(lines: NDArray[np.uint8], colour: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of the planar lines uint8 [3, N, L, S] are not of the colour, bool [N, L, S]."""
    low = np.maximum(colour, _TOLERANCE) - np.uint8(_TOLERANCE)
    span = np.minimum(colour, 255 - _TOLERANCE) + np.uint8(_TOLERANCE) - low
    # Levels below the range wrap round to large ones: one comparison tests both ends.
    differs: NDArray[np.bool_] = (lines[0] - low[0]) > span[0]
    for channel in (1, 2):
        differs |= (lines[channel] - low[channel]) > span[channel]
    return differs


def _bar_before(lines: NDArray[np.uint8], rim: int = 0) -> _Bar | None:
    """The bar at the start of the lines.

    Args:
        lines: planar, uint8 [3, N, L, S]: N frames, L lines from outside in, S pixels of each.
        rim: outermost lines that are not looked at and go with the bar.
    """
    outermost = lines[:, :, rim : rim + _MIN_LINES]
    colour = np.median(outermost.reshape(3, -1), axis=1).astype(np.uint8)
    # Most frames have no bars: two lines are enough to know.
    if _differing(outermost, colour).mean(axis=2).max() > _CLEAN_SHARE:
        return None
    differs = _differing(lines[:, :, rim:], colour)
    share = differs.mean(axis=2).max(axis=0)
    beyond = np.flatnonzero(share > _TEXT_SHARE)
    if len(beyond) == 0:
        return None
    thickness = int(beyond[0])
    inside = slice(thickness, thickness + _EDGE_LINES)
    if (
        thickness < _MIN_LINES
        or (share[:thickness] <= _CLEAN_SHARE).mean() < _CLEAN_LINES_SHARE
        or share[inside].max() - share[thickness - 1] < _EDGE_STEP
        or differs[:, inside].any(axis=0).mean(axis=1).max() < _EDGE_SHARE
    ):
        return None
    return thickness + rim, colour


def _bars_along(frames: NDArray[np.uint8]) -> tuple[int, int]:
    """Thickness of the bars at the top and the bottom of frames uint8 [N, H, W, 3]."""
    step = -(-frames.shape[2] // _MAX_SAMPLES)
    lines = np.ascontiguousarray(np.moveaxis(frames[:, :, step // 2 :: step], 3, 0))
    upwards = lines[:, :, ::-1]
    for rim in (0, _RIM_LINES):
        first, last = _bar_before(lines, rim), _bar_before(upwards, rim)
        if first is not None and last is not None:
            apart = np.abs(first[1].astype(np.int16) - last[1].astype(np.int16)).max()
            if apart <= _TOLERANCE:
                return first[0], last[0]
        # One coloured bar alone is more often a wall or a sky than a border.
        start = first[0] if first is not None and _luma(first[1]) <= _BLACK_LUMA else 0
        end = last[0] if last is not None and _luma(last[1]) <= _BLACK_LUMA else 0
        if start or end:
            return start, end
    return 0, 0


def find_picture(frames: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box of the picture inside bars or plain borders.

    Black bars may lie on any side; borders of another colour must lie on two opposite sides. A bar may carry subtitles
    or a small logo. Dark scenes stay whole, as their dark part neither keeps one colour in every frame nor ends in a
    straight edge.

    Args:
        frames: the sampled frames of one shot, RGB, uint8 [N, H, W, 3].

    Returns:
        Top, bottom, left and right of the half-open box, in pixels. The whole frame where no bar was found, where all
        is one colour, or where less than 16 pixels or a quarter of a side would be left.

    Raises:
        ValueError: ``frames`` is not of RGB images, or holds none.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or frames.size == 0:
        raise ValueError(f"frames must be uint8 [N, H, W, 3] and not empty, got {frames.dtype} {frames.shape}")
    height, width = frames.shape[1:3]
    top, bottom, left, right = 0, height, 0, width
    min_height = max(MIN_PICTURE_PIXELS, MIN_PICTURE_SHARE * height)
    min_width = max(MIN_PICTURE_PIXELS, MIN_PICTURE_SHARE * width)
    for _ in range(_MAX_LAYERS):
        before = (top, bottom, left, right)
        if bottom - top > min_height:
            start, end = _bars_along(frames[:, top:bottom, left:right])
            if bottom - end - top - start >= min_height:
                top, bottom = top + start, bottom - end
        if right - left > min_width:
            start, end = _bars_along(frames[:, top:bottom, left:right].swapaxes(1, 2))
            if right - end - left - start >= min_width:
                left, right = left + start, right - end
        if (top, bottom, left, right) == before:
            break
    return top, bottom, left, right
