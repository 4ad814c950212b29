"""Sampled frames together with what is on screen between them, for small grey movies."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.video.scaling import shrink
from vdup.video.ticks import first_tick_at


@dataclass(frozen=True)
class SampledFrame:
    """A frame that gets a code, and the grey pictures from it to the next one."""

    time_seconds: float
    picture: NDArray[np.uint8]
    """RGB, uint8 [H, W, 3]."""
    movie: list[NDArray[np.uint8]] = field(default_factory=list)
    """What is on screen at the ticks of a movie from this frame on, uint8 [H, W] each; behind a cut also what was there
    since it."""


def ticks_between(frames_per_second: float, movie_fps: float) -> int:
    """Ticks of a movie for each sampled frame: as few as give ``movie_fps``; 0 where no movie is wanted."""
    return math.ceil(movie_fps / frames_per_second - 1e-9) if movie_fps > 0 else 0


def parted_at_cut(before: SampledFrame, after: SampledFrame) -> tuple[SampledFrame, SampledFrame]:
    """Two frames with a cut between them, and the grey pictures that lie between where they belong.

    The cut comes somewhere between the two: the last pictures of the first frame go to the second, as long as they are
    more like that one's, and of its size. Order and number stay.
    """
    if len(before.movie) < 2 or not after.movie:
        return before, after
    first, second = shrink(before.movie[0]).astype(np.int16), shrink(after.movie[0]).astype(np.int16)
    kept = len(before.movie)
    while kept > 1 and before.movie[kept - 1].shape == after.movie[0].shape:
        small = shrink(before.movie[kept - 1]).astype(np.int16)
        if np.abs(small - second).mean() >= np.abs(small - first).mean():
            break
        kept -= 1
    return (
        replace(before, movie=before.movie[:kept]),
        replace(after, movie=[*before.movie[kept:], *after.movie]),
    )


def movie_ticks(
    frames: Iterator[tuple[float, NDArray[np.uint8]]],
    frames_per_second: float,
    ticks: int,
    end_seconds: Callable[[], float],
) -> Iterator[SampledFrame]:
    """Picks the sampled frames out of a finer sampling, and makes grey pictures of all of it.

    Args:
        frames: time and RGB picture of the frames on screen at ``frames_per_second * ticks`` moments a second.
        frames_per_second: rate of the sampled frames.
        ticks: moments of the movie for each of them, 1 or more.
        end_seconds: when the last frame leaves the screen; called after the last one.

    Yields:
        Each sampled frame, when the next one is known.
    """
    rate = frames_per_second * ticks
    tick = 0
    current: SampledFrame | None = None
    held: tuple[float, NDArray[np.uint8]] | None = None

    def show(start_seconds: float, picture: NDArray[np.uint8], following: int) -> SampledFrame | None:
        """Gives a frame its ticks; a new sampled frame when one of them is a tick of those."""
        nonlocal tick
        grey = np.asarray(Image.fromarray(picture).convert("L"))
        count = max(0, following - tick)
        sampled = count > 0 and -(-tick // ticks) * ticks < following
        tick = max(tick, following)
        if sampled or current is None:
            return SampledFrame(start_seconds, picture, [grey] * count)
        current.movie.extend([grey] * count)
        return None

    for time_seconds, picture in frames:
        if held is not None:
            fresh = show(*held, first_tick_at(time_seconds, rate))
            if fresh is not None:
                if current is not None:
                    yield current
                current = fresh
        held = time_seconds, picture
    if held is not None:
        fresh = show(*held, max(first_tick_at(end_seconds(), rate), tick + 1))
        if fresh is not None:
            if current is not None:
                yield current
            current = fresh
    if current is not None:
        yield current
