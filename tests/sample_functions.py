"""What decoding processes are made to do in tests: well-behaved, slow, stuck, dying.

The file's name chooses: ``10-crash`` sends 10 batches, then crashes. A module of its own, as workers import it by name.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vdup.errors import NoVideoStreamError, VideoOpenError
from vdup.types import FrameBatch, VideoEnd, VideoInfo
from vdup.video.decoding_process import SamplingPlan

SIDE = 8


def batch(number: int, plan: SamplingPlan) -> FrameBatch:
    """Batch whose pixels and times tell its number."""
    count = plan.batch_size
    return FrameBatch(
        images=np.full((count, plan.side_pixels, plan.side_pixels, 3), number % 256, dtype=np.uint8),
        times_seconds=(number * count + np.arange(count)) / plan.frames_per_second,
        searchable=np.arange(count) % 2 == 0,
    )


def by_name(path: Path, plan: SamplingPlan) -> Iterator[VideoInfo | FrameBatch | VideoEnd]:
    """Sends as many batches as the name says, then does what it says."""
    count_text, _, action = path.name.partition("-")
    count = int(count_text)
    if action == "unopened":
        raise VideoOpenError(path, "not a video")
    if action == "soundtrack":
        raise NoVideoStreamError(path, "no picture")
    length = None if action == "unknown" else count * plan.batch_size / plan.frames_per_second
    yield VideoInfo(width=640, height=360, duration_seconds=length, codec="test", rotation_degrees=0)
    for number in range(count):
        yield batch(number, plan)
        (path.parent / f"{path.name}.sent").write_text(str(number + 1))
        if action in ("slow", "unknown"):
            time.sleep(0.1)
    match action:
        case "exit":
            os._exit(3)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(3600)
        case "bug":
            raise KeyError("missing")
        case "short":
            return
        case "hoard":
            held = []
            while True:
                held.append(np.ones(1 << 20, dtype=np.uint8))
                time.sleep(0.05)
        case "endless":
            number = count
            while True:
                number += 1
                time.sleep(0.05)
                yield VideoInfo(width=640, height=360, duration_seconds=length, codec="test", rotation_degrees=0)
    yield VideoEnd(count * plan.batch_size / plan.frames_per_second)


def heavy_modules(path: Path, plan: SamplingPlan) -> Iterator[VideoInfo | FrameBatch | VideoEnd]:
    """Tells in place of the codec which heavy modules the worker has loaded."""
    loaded = ",".join(name for name in ("torch", "faiss", "hydra", "pytest") if name in sys.modules)
    yield VideoInfo(width=1, height=1, duration_seconds=None, codec=loaded, rotation_degrees=0)
    yield VideoEnd(0.0)


def process_id(path: Path, plan: SamplingPlan) -> Iterator[VideoInfo | FrameBatch | VideoEnd]:
    """Tells its process id in place of the width, then works for ever."""
    path.write_text(str(os.getpid()))
    yield VideoInfo(width=os.getpid(), height=1, duration_seconds=None, codec="", rotation_degrees=0)
    yield batch(0, plan)
    time.sleep(3600)
