"""Pictures inside the picture: insets, halves of a split screen, the sharp middle between blurred bars.

Such a layout stands still while its pictures move. Averaged over the frames of a shot, the step across the border of a
panel therefore stays in one line of pixels, straight and parallel to the frame, whereas the contours of moving content
spread over their surroundings. Panels are the rectangles that such lines, and the sides of the frame, enclose.
"""

from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray

MAX_PANELS = 3
"""Most panels of one layout."""
MIN_PANEL_SHARE = 0.2
"""Least height and width of a panel, as a share of the frame's."""
MIN_FRAMES = 2
"""One frame cannot tell a border that stays from a contour that is passing by."""

_MOST_FRAMES = 8
_MIN_SIDE_PIXELS = 48
"""Frames that are smaller hold no panel worth a look."""

_MOST_STEP = 40
"""Steps count up to so many levels: one strong contour that passes by must not look like a border that stays."""
_ALONG_PIXELS = 13
"""Steps are averaged over this much of a line: where both sides have one colour, the border is not seen."""
_ACROSS_PIXELS = 3
"""Scaling and coding spread a border over so many pixels ..."""
_NEIGHBOURHOOD_PIXELS = 17
"""... and it must stand out among so many."""
_NOISE_LEVELS = 2.0
"""Mean step between neighbouring pixels, in levels of 255, that is put down to noise."""
_STANDS_OUT = 1.5
"""A pixel may belong to a border if the step there is so many times that of its neighbourhood."""

_MOST_LINES = 6
_NEAR_PIXELS = 4
"""Lines nearer to one another than this are one border."""
_SIDE_SHARE = 0.7
"""Least part of a panel's side that is seen as a border; more ..."""
_LONE_SIDE_SHARE = 0.85
"""... where only one side lies inside the frame, so that no corner speaks for it."""
_QUARTER_SHARE = 0.3
"""Least part of every quarter of a side that is seen."""
_BEYOND_SHARE = 0.4
"""Borders end at the corners: at most this part of what lies beyond is seen as one ..."""
_THROUGH_SHARE = 0.7
"""... unless it runs on like this to the side of the frame, as the lines between tiles do."""
_MOST_SHARED = 0.3
"""Panels overlap by at most this part of the smaller one."""
_BLURRED_DETAIL = 0.5
"""Blurred bars have less than this share of the detail of the picture between them ..."""
_PAIRED_SIDE_SHARE = 0.35
"""... and then so much of its two sides is enough."""
_LEAST_DETAIL = 0.1
"""A panel with less than this share of the detail of another one is plain."""


class Box(NamedTuple):
    """A half-open rectangle of pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.right - self.left

    @property
    def area(self) -> int:
        """Pixels inside."""
        return self.height * self.width

    def overlap(self, other: "Box") -> int:
        """Pixels that lie inside both."""
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        width = min(self.right, other.right) - max(self.left, other.left)
        return max(0, height) * max(0, width)

    def likeness(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.overlap(other)
        return shared / (self.area + other.area - shared)

    def inner_sides(self, height: int, width: int) -> int:
        """How many of its sides lie inside a frame of this size, and not along its edge."""
        return (self.top > 0) + (self.bottom < height) + (self.left > 0) + (self.right < width)

    def cut(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What a frame [H, W, ...] shows inside the box; a view, no copy."""
        return frame[self.top : self.bottom, self.left : self.right]


class _Borders:
    """Where lines of one direction may be borders; written for upright lines, the level ones come transposed."""

    def __init__(self, steps: FloatArray) -> None:
        """Takes the mean steps from every pixel to the one on its right, float32 [H, W - 1]."""
        # Column x holds the step from pixel x - 1 to pixel x, so a border there cuts before x.
        steps = np.pad(steps, ((0, 0), (1, 0)))
        self.height, self.width = steps.shape
        self.detail = steps
        along = _running_sum(steps.T, _ALONG_PIXELS).T / np.float32(_ALONG_PIXELS)
        step = _running_sum(along, _ACROSS_PIXELS)
        around = _running_sum(along, _NEIGHBOURHOOD_PIXELS) - step
        usual = around * (_ACROSS_PIXELS / (_NEIGHBOURHOOD_PIXELS - _ACROSS_PIXELS))
        seen = step > _STANDS_OUT * (usual + _ACROSS_PIXELS * _NOISE_LEVELS)
        # A border that is off by one pixel along a part of the line is still the same border.
        near = seen.copy()
        near[:, 1:] |= seen[:, :-1]
        near[:, :-1] |= seen[:, 1:]
        self._sums = np.zeros((self.height + 1, self.width), dtype=np.int64)
        np.cumsum(near, axis=0, out=self._sums[1:])
        self.places = self._strongest(seen, along.mean(axis=0))

    def _strongest(self, seen: NDArray[np.bool_], steps: FloatArray) -> list[int]:
        """Columns with the longest stretches that look like a border, from left to right.

        Args:
            seen: where a border may be, bool [H, W].
            steps: mean step of every column, float32 [W].
        """
        stretch = longest = np.zeros(self.width)
        for row in seen:
            stretch = np.maximum(0.0, stretch + np.where(row, 1 - _SIDE_SHARE, -_SIDE_SHARE))
            longest = np.maximum(longest, stretch)
        least = 0.5 * (1 - _SIDE_SHARE) * MIN_PANEL_SHARE * self.height
        places: list[int] = []
        for column in np.argsort(-longest, kind="stable").tolist():
            if longest[column] < least or len(places) == _MOST_LINES:
                break
            inside = _NEAR_PIXELS <= column <= self.width - _NEAR_PIXELS
            if inside and all(abs(column - place) > _NEAR_PIXELS for place in places):
                # Neighbours see the same border; it is where the step is.
                places.append(column - 1 + int(np.argmax(steps[column - 1 : column + 2])))
        return sorted(places)

    def share(self, column: int, top: int, bottom: int) -> float:
        """Part of a stretch of a line that is seen as a border, 0 to 1; 0 when it is empty."""
        if bottom <= top:
            return 0.0
        return float(self._sums[bottom, column] - self._sums[top, column]) / (bottom - top)

    def side(self, column: int, top: int, bottom: int) -> float | None:
        """How much of a panel's side is seen; None where it cannot be one."""
        share = self.share(column, top, bottom)
        if share < _SIDE_SHARE:
            return None
        marks = np.linspace(top, bottom, 5).astype(int).tolist()
        if min(self.share(column, *ends) for ends in pairwise(marks)) < _QUARTER_SHARE:
            return None
        reach = (bottom - top) // 2
        margin = _ALONG_PIXELS // 2 + 1  # averaging along the line carries a border this far beyond its end
        for near, far in ((max(0, top - reach), top - margin), (bottom + margin, min(self.height, bottom + reach))):
            beyond = self.share(column, near, far)
            to_the_end = self.share(column, *((0, top) if far < top else (bottom, self.height)))
            if far - near >= margin and beyond > _BEYOND_SHARE and to_the_end < _THROUGH_SHARE:
                return None
        return share


def _mean_step(planes: NDArray[np.uint8], neighbours: NDArray[np.uint8]) -> FloatArray:
    """Largest difference of any channel, averaged over the frames: uint8 [3, N, H, W] twice to float32 [H, W]."""
    step = np.zeros(planes.shape[1:], dtype=np.uint8)
    for plane, neighbour in zip(planes, neighbours, strict=True):
        np.maximum(step, np.maximum(plane, neighbour) - np.minimum(plane, neighbour), out=step)
    mean: FloatArray = np.minimum(step, _MOST_STEP).mean(axis=0, dtype=np.float32)
    return mean


def _running_sum(values: FloatArray, length: int) -> FloatArray:
    """Sums over ``length`` (odd) neighbours in each row, the rows continued by their end values."""
    half = length // 2
    padded = np.pad(values, ((0, 0), (half + 1, half)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    result: FloatArray = (sums[:, length:] - sums[:, :-length]).astype(np.float32)
    return result


def find_panels(frames: NDArray[np.uint8]) -> list[Box]:
    """Finds the panels of one layout.

    Args:
        frames: sampled frames of a stretch whose layout stands still, RGB, uint8 [N, H, W, 3].

    Returns:
        At most ``MAX_PANELS`` boxes, the most certain first, each at least ``MIN_PANEL_SHARE`` of the frame high and
        wide and none of them the whole frame. Empty for ordinary footage, for fewer than ``MIN_FRAMES`` frames, and
        for frames under 48 pixels.

    Raises:
        ValueError: ``frames`` is not of RGB images.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ValueError(f"frames must be uint8 [N, H, W, 3], got {frames.dtype} {frames.shape}")
    height, width = frames.shape[1:3]
    if len(frames) < MIN_FRAMES or min(height, width) < _MIN_SIDE_PIXELS:
        return []
    chosen = np.linspace(0, len(frames) - 1, min(_MOST_FRAMES, len(frames))).astype(int)
    planes = np.ascontiguousarray(np.moveaxis(frames[chosen], 3, 0))
    upright = _Borders(_mean_step(planes[..., 1:], planes[..., :-1]))
    level = _Borders(_mean_step(planes[:, :, 1:], planes[:, :, :-1]).T)
    if not upright.places and not level.places:
        return []
    rated = _rectangles(upright, level)
    rated.sort(key=lambda item: -item[0])
    # A tile between plain margins has three sides or four; two or less may be the picture between blurred bars.
    if all(box.inner_sides(height, width) <= 2 for _, box in rated):
        middle = _middle_of_blurred_bars(upright, level)
        if middle is not None:
            return [middle]
    panels: list[Box] = []
    for _, box in rated:
        if all(box.overlap(other) <= _MOST_SHARED * min(box.area, other.area) for other in panels):
            panels.append(box)
    details = [_detail(box, upright, level) for box in panels]
    shown = [box for box, detail in zip(panels, details, strict=True) if detail >= _LEAST_DETAIL * max(details)]
    return shown[:MAX_PANELS]


def _middle_of_blurred_bars(upright: _Borders, level: _Borders) -> Box | None:
    """The sharp strip between two equally wide blurred ones.

    The bars are made from the picture, so in places they have its colours; the symmetry makes up for that.
    """
    for borders in (upright, level):
        for first, second in combinations(borders.places, 2):
            if abs(first + second - borders.width) > _NEAR_PIXELS or second - first < MIN_PANEL_SHARE * borders.width:
                continue
            if min(borders.share(place, 0, borders.height) for place in (first, second)) < _PAIRED_SIDE_SHARE:
                continue
            strips = [
                Box(0, upright.height, start, end) if borders is upright else Box(start, end, 0, upright.width)
                for start, end in ((0, first), (first, second), (second, borders.width))
            ]
            before, middle, after = (_detail(strip, upright, level) for strip in strips)
            if max(before, after) < _BLURRED_DETAIL * middle:
                return strips[1]
    return None


def _rectangles(upright: _Borders, level: _Borders) -> list[tuple[float, Box]]:
    """Rectangles whose sides are borders or sides of the frame, with how much speaks for each."""
    height, width = upright.height, upright.width
    found = []
    for left, right in combinations([0, *upright.places, width], 2):
        if right - left < MIN_PANEL_SHARE * width:
            continue
        for top, bottom in combinations([0, *level.places, height], 2):
            if bottom - top < MIN_PANEL_SHARE * height:
                continue
            sides = [upright.side(x, top, bottom) for x in (left, right) if 0 < x < width]
            sides += [level.side(y, left, right) for y in (top, bottom) if 0 < y < height]
            seen = [side for side in sides if side is not None]
            if len(seen) < len(sides) or not seen or (len(seen) == 1 and seen[0] < _LONE_SIDE_SHARE):
                continue
            # Each side inside the frame is a coincidence the less; a side seen in part counts for less.
            found.append((sum(side - _SIDE_SHARE / 2 for side in seen), Box(top, bottom, left, right)))
    return found


def _detail(box: Box, upright: _Borders, level: _Borders) -> float:
    """Mean step between neighbouring pixels inside a box, its rim left out."""
    inner = Box(box.top + _NEAR_PIXELS, box.bottom - _NEAR_PIXELS, box.left + _NEAR_PIXELS, box.right - _NEAR_PIXELS)
    across = upright.detail[inner.top : inner.bottom, inner.left : inner.right]
    down = level.detail[inner.left : inner.right, inner.top : inner.bottom]
    return float(across.mean() + down.mean()) if across.size else 0.0
