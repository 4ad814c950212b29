"""Families of videos: copies of a moment show it a little earlier or later, or as a blend of two frames.

Uploaders change frame rates, and a search samples other moments than the library did, so a copy seldom shows the very
frame that was stored. Other moments of the same video that look different are the hardest negatives there are.
"""

from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from vdup.errors import VideoError
from vdup.types import FloatArray
from vdup.video.bars import find_picture
from vdup.video.blank import is_blank
from vdup.video.shots import is_cut

from ..edits.types import Surroundings
from ..edits.views import Picture, draw_views
from ..material.photographs import thumbnail
from ..material.video_windows import Window, WindowReader
from .pictures import (
    Family,
    UnreadableError,
    check_drawing,
    decoded_short_side,
    digest_of,
    drawn_surroundings,
    make_family,
)

_REACH_SECONDS = 0.5
"""Farthest a copy is shifted: half the step between two frames of the library."""
_STRETCH_SECONDS = 3.0
"""Least length of video for each moment."""
_MARGIN_SECONDS = 0.75
"""Kept at both ends of a stretch, so that no copy of one moment shows a frame that a copy of the next one shows."""
_DIFFERENT_LEVELS = 12.0
"""Root mean square difference of thumbnails, in levels of 255, from which on two moments look different; talking heads
and still shots stay well below."""
_CHANCE_OF_A_BLEND = 0.3
_PICTURES_FOR_BARS = 5


class VideoFamilies:
    """Families of up to a given number of moments of each video, spread over its length.

    Moments without anything to see, and moments that look like one taken before, are left out. A video whose container
    does not say how long it is gives its first moment only.

    Args:
        paths: videos; they are opened when their families are made.
        views: copies V in a family.
        side_pixels: width and height S of the images.
        seed: of everything drawn at random.
        moments: most families of one video.
        left_out: edits that are not made.

    Raises:
        ValueError: an argument is out of range or names an unknown edit.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        views: int,
        side_pixels: int,
        seed: int,
        moments: int = 8,
        left_out: Collection[str] = (),
    ) -> None:
        check_drawing(views, side_pixels, seed, left_out)
        if moments < 1:
            raise ValueError(f"moments={moments} must be 1 or more")
        self._paths = tuple(paths)
        self._views = views
        self._side_pixels = side_pixels
        self._seed = seed
        self._moments = moments
        self._left_out = tuple(sorted(left_out))

    @property
    def digest(self) -> str:
        """Of the settings and of the names and sizes of the files."""
        settings = {
            "views": self._views,
            "side": self._side_pixels,
            "seed": self._seed,
            "moments": self._moments,
            "left_out": self._left_out,
        }
        return digest_of("videos", settings, self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`~.families.FamilySource.load`; the scene is the video's number."""
        rng = np.random.default_rng([self._seed, epoch, number])
        path = self._paths[number]
        families: list[Family] = []
        seen: list[FloatArray] = []
        try:
            with closing(WindowReader(path, decoded_short_side(self._side_pixels))) as reader:
                for seconds in draw_moments(reader.duration_seconds, self._moments, rng):
                    window = reader.around(seconds, _REACH_SECONDS)
                    if window is None:
                        continue
                    shot, anchor = shot_around(window, window.nearest(seconds))
                    original = shot.pictures[anchor]
                    if is_blank(original) or not _looks_new(original, seen):
                        continue
                    families.append(self._family(number, shot, anchor, rng))
        except VideoError as error:
            raise UnreadableError(error.path, error.reason) from error
        if not families:
            raise UnreadableError(path, "none of its moments can be decoded and shows anything")
        return families

    def _family(self, number: int, shot: Window, anchor: int, rng: np.random.Generator) -> Family:
        centre = float(shot.times_seconds[anchor])
        copied = [draw_frame(shot, centre, rng) for _ in range(self._views)]
        return make_family(
            [shot.pictures[anchor], *copied],
            draw_views(self._views, self._left_out, rng),
            self._side_pixels,
            scene=number,
            rng=rng,
            surround=lambda: self._surroundings(number, rng),
        )

    def _surroundings(self, number: int, rng: np.random.Generator) -> Surroundings:
        others = len(self._paths) - 1
        if others:
            other = int(rng.integers(others))
            try:
                path = self._paths[other + (other >= number)]
                with closing(WindowReader(path, decoded_short_side(self._side_pixels))) as reader:
                    window = reader.around(rng.uniform(0, reader.duration_seconds), _REACH_SECONDS)
            except VideoError:  # told of when its own turn comes
                window = None
            if window is not None:
                return Surroundings(window.pictures[0][None])
        return drawn_surroundings(self._side_pixels, rng)


def draw_moments(duration_seconds: float, most: int, rng: np.random.Generator) -> list[float]:
    """One moment in each of up to ``most`` equal stretches of a video, in seconds, increasing."""
    count = max(1, min(most, int(duration_seconds // _STRETCH_SECONDS)))
    stretch = duration_seconds / count
    margin = min(_MARGIN_SECONDS, stretch / 4)
    return [place * stretch + float(rng.uniform(margin, stretch - margin)) for place in range(count)]


def shot_around(window: Window, anchor: int) -> tuple[Window, int]:
    """The frames of a window that belong to the shot of one of them, without bars, and that one's new number."""
    pictures = window.pictures
    start, stop = anchor, anchor + 1
    while start > 0 and not is_cut(pictures[anchor], pictures[start - 1]):
        start -= 1
    while stop < len(pictures) and not is_cut(pictures[anchor], pictures[stop]):
        stop += 1
    shot = pictures[start:stop]
    top, bottom, left, right = find_picture(np.stack(shot[:: max(1, len(shot) // _PICTURES_FOR_BARS)]))
    cut = tuple(np.ascontiguousarray(picture[top:bottom, left:right]) for picture in shot)
    return Window(window.times_seconds[start:stop], cut), anchor - start


def draw_frame(shot: Window, seconds: float, rng: np.random.Generator) -> Picture:
    """A frame up to half a second from a moment, or a blend of two neighbours, as a changed frame rate gives it."""
    place = shot.nearest(seconds + float(rng.uniform(-_REACH_SECONDS, _REACH_SECONDS)))
    picture = shot.pictures[place]
    if place + 1 < len(shot.pictures) and rng.random() < _CHANCE_OF_A_BLEND:
        weight = float(rng.uniform(0.25, 0.75))
        blended = Image.blend(Image.fromarray(picture), Image.fromarray(shot.pictures[place + 1]), weight)
        return np.asarray(blended, dtype=np.uint8)
    return picture


def _looks_new(picture: Picture, seen: list[FloatArray]) -> bool:
    """Whether a picture differs from all before; it is added to them when it does."""
    small = thumbnail(Image.fromarray(picture))
    if any(np.sqrt(np.mean((small - other) ** 2)) < _DIFFERENT_LEVELS for other in seen):
        return False
    seen.append(small)
    return True
