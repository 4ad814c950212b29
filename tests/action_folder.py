"""A tiny action set of real videos: squares that move in one of two ways, in colours that say nothing of the class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.video.writer import write_video

CLASSES = ("Across", "Down")
FRAMES = 12
_SIDE_PIXELS = 48


def moving_square(down: bool, seed: int) -> list[NDArray[np.uint8]]:
    """Frames of a square that crosses the picture; colours and track are drawn from the seed."""
    rng = np.random.default_rng(seed)
    background, colour = rng.integers(0, 256, (2, 3), dtype=np.uint8)
    track = int(rng.integers(0, _SIDE_PIXELS - 16))
    frames = []
    for number in range(FRAMES):
        place = number * (_SIDE_PIXELS - 16) // (FRAMES - 1)
        top, left = (place, track) if down else (track, place)
        frame = np.empty((_SIDE_PIXELS, _SIDE_PIXELS, 3), np.uint8)
        frame[:] = background
        frame[top : top + 16, left : left + 16] = colour
        frames.append(frame)
    return frames


def write_action_set(root: Path, training: int = 6, test: int = 2) -> None:
    """Writes clips of both classes with the official lists of UCF101 beside them.

    Args:
        root: folder to write to.
        training: clips of each class for training, each of a recording of its own.
        test: clips of each class for the test.
    """
    lists: dict[str, list[str]] = {"trainlist01.txt": [], "testlist01.txt": []}
    for number, name in enumerate(CLASSES, start=1):
        (root / name).mkdir(parents=True)
        for group in range(training + test):
            clip = f"{name}/v_{name}_g{group:02d}_c01.avi"
            # MPEG-4 part 2: small and quick at this size.
            write_video(root / clip, moving_square(name == "Down", 100 * number + group), 12, "mpeg4")
            if group < training:
                lists["trainlist01.txt"].append(f"{clip} {number}")
            else:
                lists["testlist01.txt"].append(clip)
    lists["classInd.txt"] = [f"{number} {name}" for number, name in enumerate(CLASSES, start=1)]
    for file, lines in lists.items():
        (root / file).write_text("\n".join(lines) + "\n")
