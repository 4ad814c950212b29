"""Layouts made of two scenes that move independently."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Frames = NDArray[np.uint8]
Bounds = tuple[int, int, int, int]
"""Top, bottom, left and right."""
HEIGHT, WIDTH = 180, 320


def scene(seed: int, count: int = 6, height: int = HEIGHT, width: int = WIDTH) -> Frames:
    """A camera travelling over patches of colour of all sizes, with grain: [count, height, width, 3]."""
    rng = np.random.default_rng(seed)
    room = (height + 12 * count, width + 18 * count)
    wide = np.full((*room, 3), 128.0)
    for patches in (4, 9, 30):
        coarse = rng.integers(0, 256, (patches, patches, 3), dtype=np.uint8)
        wide += (np.asarray(Image.fromarray(coarse).resize(room[::-1])).astype(float) - 128) / patches**0.3
    grain = rng.normal(0, 2, (count, height, width, 3))
    shots = np.stack([wide[12 * n : 12 * n + height, 18 * n : 18 * n + width] for n in range(count)])
    return np.clip(shots + grain, 0, 255).astype(np.uint8)


def inset(host: Frames, guest: Frames, bounds: Bounds) -> Frames:
    """The host with a scene scaled into a box of it."""
    top, bottom, left, right = bounds
    result = host.copy()
    for place, picture in zip(result, guest, strict=True):
        place[top:bottom, left:right] = Image.fromarray(picture).resize((right - left, bottom - top))
    return result


def between_blurred_bars(frames: Frames, bounds: Bounds) -> Frames:
    """The scene in a box of its own blurred picture."""
    size = (frames.shape[2], frames.shape[1])
    blurred = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize(size).filter(ImageFilter.GaussianBlur(12))) // 5 * 4
            for frame in frames
        ]
    )
    return inset(blurred, frames, bounds)
