"""Indexing one very long video: time, and that memory does not grow with length.

::

    python -m benchmarks.long_video [hours=3] [size=1920x1080]

A minute of moving pictures is encoded once and its packets are repeated up to the wanted length; the file is kept in
the system's folder for temporary files, and used again by the next run. ``python -m vdup.index`` then indexes it into
an empty library, while the memory of that process and of those it starts is looked at five times a second. The exit
status is 1 when they had more than 1.5 GB together at any one look.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.footage import FRAMES_PER_SECOND, check_times, repeat_video, write_moving_pictures
from benchmarks.processes import MemorySample, MemoryWatch

MOST_BYTES = 1.5e9
"""What all processes may take together."""

_PIECE_SECONDS = 60
_X264_OPTIONS = {"preset": "ultrafast", "crf": "24"}
_LINES = 12
_USAGE = "usage: python -m benchmarks.long_video [hours=3] [size=1920x1080]"


def long_video(size: tuple[int, int], hours: float) -> Path:
    """The test video, made when the folder of temporary files does not hold it yet."""
    folder = Path(tempfile.gettempdir()) / "vdup-long-video"
    folder.mkdir(exist_ok=True)
    path = folder / f"{size[0]}x{size[1]}-{hours:g}h.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".part.mp4")
        with tempfile.TemporaryDirectory() as name:
            piece = Path(name) / "piece.mp4"
            write_moving_pictures(piece, size, _PIECE_SECONDS, 0, _X264_OPTIONS)
            frames = repeat_video(piece, unfinished, 3600 * hours)
        last = check_times(unfinished)
        if abs(last - (frames - 1) / FRAMES_PER_SECOND) > 1e-3:
            raise RuntimeError(f"{unfinished} ends at {last} s, which does not fit its {frames} frames")
        unfinished.rename(path)
    return path


def thinned(samples: Sequence[MemorySample], lines: int) -> list[MemorySample]:
    """Largest values within equal stretches of time, one for each; times are the ends of the stretches."""
    if not samples:
        return []
    length = samples[-1].seconds / lines or 1.0
    result = []
    for line in range(lines):
        part = [one for one in samples if line * length < one.seconds <= (line + 1) * length]
        if part:
            largest = max(one.main for one in part), max(one.started for one in part)
            result.append(MemorySample((line + 1) * length, *largest))
    return result


def _index(video: Path, library: Path) -> tuple[float, MemoryWatch]:
    started = time.perf_counter()
    command = [sys.executable, "-m", "vdup.index", f"videos='{video}'", f"library='{library}'"]
    with subprocess.Popen(command) as process, MemoryWatch(process.pid) as watch:
        status = process.wait()
    if status:
        sys.exit(f"vdup.index ended with status {status}")
    return time.perf_counter() - started, watch


def main() -> None:
    """Runs the command."""
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    size = re.fullmatch(r"(\d+)x(\d+)", settings.get("size", "1920x1080"))
    try:
        hours = float(settings.get("hours", 3))
    except ValueError:
        sys.exit(_USAGE)
    if settings.keys() - {"hours", "size"} or size is None or hours <= 0:
        sys.exit(_USAGE)
    console = Console()
    video = long_video((int(size[1]), int(size[2])), hours)
    console.print(f"{video}: {video.stat().st_size / 1e6:,.0f} MB")
    with tempfile.TemporaryDirectory() as name:
        seconds, watch = _index(video, Path(name) / "library")

    summary = Table(title=f"Indexing {hours:g} hours of {size[0]}")
    summary.add_column("")
    summary.add_column("value", justify="right")
    summary.add_row("seconds", f"{seconds:,.0f}")
    summary.add_row("seconds of video a second", f"{3600 * hours / seconds:,.1f}")
    summary.add_row("peak MB of vdup.index", f"{watch.main_peak_bytes / 1e6:,.0f}")
    summary.add_row("peak MB of a process it started", f"{watch.started_peak_bytes / 1e6:,.0f}")
    summary.add_row("peak MB together", f"{watch.together_peak_bytes / 1e6:,.0f}")
    console.print(summary)
    course = Table(title="Largest resident memory within each stretch of time")
    for heading in ("until s", "vdup.index MB", "what it started MB"):
        course.add_column(heading, justify="right")
    for sample in thinned(watch.samples, _LINES):
        course.add_row(f"{sample.seconds:,.0f}", f"{sample.main / 1e6:,.0f}", f"{sample.started / 1e6:,.0f}")
    console.print(course)
    if watch.together_peak_bytes > MOST_BYTES:
        sys.exit(f"more than {MOST_BYTES / 1e9:g} GB")


if __name__ == "__main__":
    main()
