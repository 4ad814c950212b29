"""Cost of indexing: decoding, the network, the whole of it, memory and disk.

::

    python -m benchmarks.indexing [videos=DIR] [fps=1]

``videos`` is a file or a folder of videos; without it two videos of two minutes, 854x480, H.264, are made. Each line is
measured in a process of its own, three times when that is quick; the median counts. "decoding here" samples one video
after the other in the measuring process, "decoding apart" uses the pool of decoding processes that indexing uses. The
network gets frames that are ready in memory. The whole is ``Library.open`` on an empty folder and ``Library.index``, in
the middle of which both compete for the processor.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.footage import write_moving_pictures
from benchmarks.processes import MemoryWatch, disk_bytes, run_apart
from vdup.config import LibraryConfig, SamplingConfig
from vdup.pipeline.encoder import build_encoder
from vdup.pipeline.indexer import Outcome
from vdup.pipeline.library import Library
from vdup.video.discover import find_videos
from vdup.video.sampler import sample_video
from vdup.video.workers import DecoderPool

_USAGE = "usage: python -m benchmarks.indexing [videos=DIR] [fps=1]"
_MADE_SIZE = (854, 480)
_MADE_SECONDS = 120
_QUICK_SECONDS = 30.0
"""What takes no longer than this is measured three times."""
_NETWORK_FRAMES = 128


@dataclass(frozen=True)
class Measurement:
    """One line of the table."""

    seconds: float
    """Median of the repetitions."""
    repetitions: int
    frames: int
    """Sampled frames that went through."""
    video_seconds: float
    """Length of the videos they stand for."""
    main_peak_bytes: int
    decoder_peak_bytes: int
    """Largest of the decoding processes; 0 without any."""


@dataclass(frozen=True)
class Work:
    """What one repetition did."""

    frames: int
    video_seconds: float


def repeated(work: Callable[[], Work]) -> Measurement:
    """Does something once, or three times when it is quick."""
    times: list[float] = []
    with MemoryWatch() as watch:
        while len(times) < 3 and (not times or times[0] <= _QUICK_SECONDS):
            started = time.perf_counter()
            done = work()
            times.append(time.perf_counter() - started)
    return Measurement(
        statistics.median(times),
        len(times),
        done.frames,
        done.video_seconds,
        watch.main_peak_bytes,
        watch.started_peak_bytes,
    )


def decode_here(paths: list[Path], fps: float) -> Measurement:
    """Samples the videos in this process."""
    config = LibraryConfig()

    def work() -> Work:
        frames, seconds = 0, 0.0
        for path in paths:
            with sample_video(
                path,
                frames_per_second=fps,
                side_pixels=config.backbone.image_side_pixels,
                crop_bars=config.sampling.crop_bars,
            ) as sampler:
                frames += sum(len(batch) for batch in sampler)
                seconds += sampler.duration_seconds
        return Work(frames, seconds)

    return repeated(work)


def decode_apart(paths: list[Path], fps: float) -> Measurement:
    """Samples the videos through the pool of decoding processes; their start counts."""
    config = LibraryConfig()

    def work() -> Work:
        frames, seconds = 0, 0.0
        with DecoderPool(
            workers=config.sampling.workers,
            frames_per_second=fps,
            side_pixels=config.backbone.image_side_pixels,
            crop_bars=config.sampling.crop_bars,
            timeout_base_seconds=config.sampling.timeout_base_seconds,
            timeout_per_second=config.sampling.timeout_per_second,
        ) as pool:
            for video in pool.videos(paths):
                frames += sum(len(batch) for batch in video)
                seconds += video.duration_seconds
        return Work(frames, seconds)

    return repeated(work)


def encode_frames(paths: list[Path], fps: float) -> Measurement:
    """Puts prepared frames through the network; they are taken from the videos, again and again if need be."""
    config = LibraryConfig()
    encoder = build_encoder(config)
    images = _prepared(paths, fps, config.backbone.image_side_pixels)
    encoder.encode(images[: config.backbone.batch_size])  # the first pass sets up the arithmetic

    def work() -> Work:
        encoder.encode(images)
        return Work(len(images), len(images) / fps)

    return repeated(work)


def _prepared(paths: list[Path], fps: float, side_pixels: int) -> NDArray[np.uint8]:
    parts: list[NDArray[np.uint8]] = []
    for path in paths:
        with sample_video(path, frames_per_second=fps, side_pixels=side_pixels, crop_bars=True) as sampler:
            for batch in sampler:
                parts.append(batch.images)
                if sum(len(part) for part in parts) >= _NETWORK_FRAMES:
                    return np.concatenate(parts)[:_NETWORK_FRAMES]
    images = np.concatenate(parts)
    return np.resize(images, (_NETWORK_FRAMES, *images.shape[1:]))


def index_whole(videos: Path, library: Path, fps: float) -> Measurement:
    """Indexes into an empty folder, once."""
    with MemoryWatch() as watch:
        started = time.perf_counter()
        with Library.open(_config(library, fps), create=True) as opened:
            report = opened.index(videos)
            seconds = time.perf_counter() - started
            frames = sum(record.frames_sampled for record in opened.videos())
    failed = [file for file in report.files if file.outcome is Outcome.failed]
    for file in failed:
        print(f"{file.video_id}: {file.reason}", file=sys.stderr)
    return Measurement(seconds, 1, frames, report.seconds_indexed, watch.main_peak_bytes, watch.started_peak_bytes)


def index_again(videos: Path, library: Path, fps: float) -> Measurement:
    """Indexes what the library has already; nothing is decoded."""

    def work() -> Work:
        with Library.open(_config(library, fps)) as opened:
            report = opened.index(videos)
            if report.count(Outcome.indexed):
                raise RuntimeError(f"{report.count(Outcome.indexed)} videos were indexed a second time")
            seconds = sum(record.duration_seconds or 0.0 for record in opened.videos())
        return Work(0, seconds)

    return repeated(work)


def disk_parts(library: Path) -> dict[str, int]:
    """Bytes on the disk by part of the library."""
    parts = {
        "codes and rows": [*library.glob("codes-*.bin"), *library.glob("rows-*.bin")],
        "frame index": list(library.glob("frames-*.index")),
        "descriptors": [library / "descriptors"],
    }
    sizes = {name: disk_bytes(*paths) for name, paths in parts.items()}
    return sizes | {"catalogue and the rest": disk_bytes(library) - sum(sizes.values())}


def _config(library: Path, fps: float) -> LibraryConfig:
    return LibraryConfig(library=library, sampling=SamplingConfig(library_fps=fps))


def _cost_table(lines: dict[str, Measurement], title: str) -> Table:
    table = Table(title=title)
    table.add_column("")
    for heading in ("seconds", "median of", "video s / s", "ms / frame", "peak MB", "a decoder's MB"):
        table.add_column(heading, justify="right")
    for name, line in lines.items():
        table.add_row(
            name,
            f"{line.seconds:.2f}",
            str(line.repetitions),
            f"{line.video_seconds / line.seconds:,.1f}",
            f"{1000 * line.seconds / line.frames:.1f}" if line.frames else "-",
            f"{line.main_peak_bytes / 1e6:,.0f}",
            f"{line.decoder_peak_bytes / 1e6:,.0f}" if line.decoder_peak_bytes else "-",
        )
    return table


def _disk_table(parts: dict[str, int], video_seconds: float) -> Table:
    table = Table(title=f"Library of {video_seconds / 3600:.2f} hours on the disk")
    table.add_column("")
    for heading in ("kB", "kB an hour of video"):
        table.add_column(heading, justify="right")
    for name, size in (parts | {"all": sum(parts.values())}).items():
        table.add_row(name, f"{size / 1e3:,.0f}", f"{size / 1e3 / (video_seconds / 3600):,.0f}")
    return table


def main() -> None:
    """Runs the command."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do; the measuring processes inherit it
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    try:
        fps = float(settings.get("fps", 1))
    except ValueError:
        sys.exit(_USAGE)
    if settings.keys() - {"videos", "fps"} or fps <= 0:
        sys.exit(_USAGE)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if "videos" in settings:
            videos = Path(settings["videos"])
        else:
            videos = scratch / "videos"
            videos.mkdir()
            for seed in range(2):
                write_moving_pictures(videos / f"{seed}.mp4", _MADE_SIZE, _MADE_SECONDS, seed)
        paths = [path for _, path in find_videos(videos)]
        library = scratch / "library"
        lines = {
            "decoding here": run_apart(decode_here, paths, fps),
            "decoding apart": run_apart(decode_apart, paths, fps),
            "network": run_apart(encode_frames, paths, fps),
            "whole": run_apart(index_whole, videos, library, fps),
            "whole, again": run_apart(index_again, videos, library, fps),
        }
        whole = lines["whole"]
        console = Console(width=110)
        console.print(_cost_table(lines, f"Indexing {len(paths)} videos at {fps:g} frames a second"))
        console.print(_disk_table(disk_parts(library), whole.video_seconds))


if __name__ == "__main__":
    main()
