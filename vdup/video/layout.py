"""What is shown of a query besides whole frames: the panels of its layout, and the host of an inset without it.

The views of a video are told apart by numbers. A view that stays where it was keeps its number from one stretch of the
video to the next, so that its frames can be followed through time as if they were a video of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.video.bars import find_picture
from vdup.video.filling import filled_smoothly
from vdup.video.panels import MAX_PANELS, MIN_FRAMES, Box, find_panels

MAX_VIEWS = MAX_PANELS + 1
"""Most views of one layout: its panels and a host."""

_SAME_PICTURE = 0.85
"""A panel that is so like the picture inside the bars shows nothing new."""
_SAME_PLACE = 0.7
"""Views that are so like one another continue each other."""
_MOST_COVERED = 0.5
"""Insets that take more of their host than this leave nothing worth a look."""


@dataclass(frozen=True)
class View:
    """A part of the frame that is shown as a picture of its own."""

    box: Box
    insets: tuple[Box, ...] = ()
    """Parts of the frame that are painted over."""

    def show(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What a frame uint8 [H, W, 3] shows of it, as a contiguous array."""
        if self.insets:
            frame = filled_smoothly(frame, self.insets)
        return np.ascontiguousarray(self.box.cut(frame))

    def continues(self, other: "View") -> bool:
        """Whether the two show the same place."""
        return len(self.insets) == len(other.insets) and all(
            mine.likeness(its) > _SAME_PLACE
            for mine, its in zip((self.box, *self.insets), (other.box, *other.insets), strict=True)
        )


def find_views(frames: NDArray[np.uint8], crop_bars: bool) -> list[View]:
    """Panels, and the host of insets with these painted over.

    Args:
        frames: frames of a stretch whose layout stands still, RGB, uint8 [N, H, W, 3].
        crop_bars: whole frames are cut to the picture inside their bars; panels are then, too.

    Returns:
        At most ``MAX_VIEWS``; empty where whole frames show all there is.
    """
    whole = Box(0, frames.shape[1], 0, frames.shape[2])
    found = find_panels(frames)
    if not found:
        return []
    picture = _inside_bars(frames, whole) if crop_bars else whole
    panels = [_inside_bars(frames, box) if crop_bars else box for box in found]
    panels = [box for box in panels if box.likeness(picture) < _SAME_PICTURE]
    views = [View(box) for box in panels]
    # Halves of a split screen reach from side to side; with one of them there is no host.
    are_insets = all(box.height < picture.height and box.width < picture.width for box in panels)
    if panels and are_insets and sum(box.area for box in panels) <= _MOST_COVERED * picture.area:
        views.append(View(picture, tuple(sorted(panels))))
    return views


def _inside_bars(frames: NDArray[np.uint8], box: Box) -> Box:
    top, bottom, left, right = find_picture(frames[:, box.top : box.bottom, box.left : box.right])
    return Box(box.top + top, box.top + bottom, box.left + left, box.left + right)


class LayoutTracker:
    """Finds the views of one stretch of a video after the other, and numbers them."""

    def __init__(self, crop_bars: bool) -> None:
        """See :func:`find_views`."""
        self._crop_bars = crop_bars
        self._current: dict[int, View] = {}
        self._latest: dict[int, View] = {}
        """What each number showed last; the number that was in use longest ago comes first."""

    def views(self, frames: Sequence[NDArray[np.uint8]]) -> dict[int, View]:
        """Views of the next stretch.

        Args:
            frames: frames of the stretch, uint8 [H, W, 3]. What is left at a video's end may be too short to tell;
                it shows what the stretch before it does.

        Returns:
            Number, from 1 to ``MAX_VIEWS``, and view. None where the frames differ in size.
        """
        if any(frame.shape != frames[0].shape for frame in frames):
            self._current = {}
        elif len(frames) >= MIN_FRAMES:
            self._current = self._number(find_views(np.stack(frames), self._crop_bars))
        return self._current

    def _number(self, views: list[View]) -> dict[int, View]:
        numbered: dict[int, View] = {}
        new = []
        for view in views:
            number = next(
                (one for one, last in self._latest.items() if one not in numbered and view.continues(last)), None
            )
            if number is None:
                new.append(view)
            else:
                numbered[number] = view
        for view in new:
            never_used = [number for number in range(1, MAX_VIEWS + 1) if number not in {**numbered, **self._latest}]
            longest_unused = [number for number in self._latest if number not in numbered]
            numbered[(never_used + longest_unused)[0]] = view
        for number, view in numbered.items():
            self._latest.pop(number, None)
            self._latest[number] = view
        return numbered
