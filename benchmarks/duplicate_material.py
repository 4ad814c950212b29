"""Plants the small cases: idents, leaders, other takes, slides, damaged files, files that were moved or linked."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from vdup.train.edits.footage_file import even, length_seconds, picture_size, video_frames

from benchmarks.duplicate_cases import Case
from benchmarks.duplicate_drawings import FRAMES_PER_SECOND, SIZE, ident, leader, slides
from vdup.errors import ConfigError
from vdup.video.writer import write_video

Picture = NDArray[np.uint8]

_SHORT_SIDE_PIXELS = 240
_LEAST_SECONDS, _MOST_SECONDS = 3.5, 16.0
"""Of a stretch of a real video."""
_TAKE_SHARE = 0.45
"""Of a video's length, at either end of it: what lies between keeps two takes apart."""
_LECTURES, _SLIDES = 4, 8
_ENDS_KEPT_BYTES = 32
"""At the start of each wrecked packet: without its head a decoder would not take it for a picture at all."""
_MOVED_TO = "moved-away.mp4"
"""Not in the library's folder."""


def plant_cases(videos: Sequence[Path], target: Path) -> list[Case]:
    """Fills a folder with the files of all cases; ids are names in it.

    Every kind has videos of its own, so that no two cases share a picture.

    Args:
        videos: real videos; those too short to be cut in two are left out.
        target: folder; what it holds already is not made again.

    Raises:
        ConfigError: too few videos are long enough.
    """
    target.mkdir(parents=True, exist_ok=True)
    long_enough = [path for path in videos if _TAKE_SHARE * length_seconds(path) >= _LEAST_SECONDS]
    if len(long_enough) < 10:
        raise ConfigError(
            f"{len(long_enough)} of {len(videos)} videos are {_LEAST_SECONDS / _TAKE_SHARE:.0f} s long or longer, and "
            "cases need 10 such videos"
        )
    cases = [*_idents(long_enough[2::5], target), *_leaders(long_enough[3::5], target), _lectures(target)]
    cases += [_takes(video, target) for video in (*long_enough[0::5], *long_enough[1::5])]
    for number, video in enumerate(long_enough[4::5]):
        cases += _files(video, target) if number % 2 else [_damaged(video, target)]
    return cases


def move_away(cases: Iterable[Case], target: Path) -> None:
    """Renames the files that are to be gone: to be called after they were indexed."""
    for case in cases:
        for file, state in case.states.items():
            if state == "gone" and (target / file).exists():
                (target / file).rename(target.parent / f"{Path(file).stem}-{_MOVED_TO}")


def _stretch(video: Path, from_the_end: bool = False, size: tuple[int, int] | None = None) -> Iterator[Picture]:
    """Pictures of one end of a real video."""
    length = length_seconds(video)
    seconds = min(_TAKE_SHARE * length, _MOST_SECONDS)
    start = length - seconds if from_the_end else 0.0
    frames = video_frames(video, FRAMES_PER_SECOND, size or _small(video), seconds, start)
    yield from (np.ascontiguousarray(frame) for frame in frames)


def _small(video: Path) -> tuple[int, int]:
    width, height = picture_size(video)
    scale = min(1.0, _SHORT_SIDE_PIXELS / min(width, height))
    return even(width * scale), even(height * scale)


def _write(target: Path, name: str, pictures: Iterator[Picture], crf: int = 23) -> str:
    """Writes a file unless it is there; its name."""
    if not (target / name).exists():
        options = {"preset": "veryfast", "crf": str(crf), "g": str(FRAMES_PER_SECOND)}
        write_video(target / name, pictures, FRAMES_PER_SECOND, options=options)
    return name


def _idents(videos: Sequence[Path], target: Path) -> list[Case]:
    alone = _write(target, "ident.mp4", ident())
    films = [_write(target, f"ident-{video.stem}.mp4", chain(ident(), _stretch(video, size=SIZE))) for video in videos]
    return [Case("ident that films begin with", (alone, *films), {alone: films})]


def _leaders(videos: Sequence[Path], target: Path) -> list[Case]:
    clips = [
        _write(target, f"leader-{video.stem}.mp4", chain(leader(number), _stretch(video, size=SIZE)))
        for number, video in enumerate(videos)
    ]
    return [Case("leader before different clips", tuple(clips))]


def _lectures(target: Path) -> Case:
    lectures = [_write(target, f"lecture-{number}.mp4", slides(number, _SLIDES)) for number in range(_LECTURES)]
    return Case("lectures on one template", tuple(lectures))


def _takes(video: Path, target: Path) -> Case:
    takes = [
        _write(target, f"take-{video.stem}-{name}.mp4", _stretch(video, from_the_end=name == "b")) for name in "ab"
    ]
    return Case("other takes", tuple(takes))


def _damaged(video: Path, target: Path) -> Case:
    whole = _write(target, f"damaged-{video.stem}-whole.mp4", _stretch(video), crf=30)
    name = f"damaged-{video.stem}-wrecked.mp4"
    if not (target / name).exists():
        # Written whole first, under a name that is not indexed, so that an interruption leaves no file half wrecked.
        unharmed = target.parent / name
        _write(target.parent, name, _stretch(video), crf=18)
        wreck_middle(unharmed, target / name)
        unharmed.unlink()
    return Case("damaged in the middle", (whole, name), {name: [whole]})


def wreck_middle(source: Path, target: Path) -> None:
    """Copies a video and overwrites its encoded pictures from one third of its length to two thirds with noise."""
    with av.open(str(source)) as reader:
        stream = reader.streams.video[0]
        packets = [packet for packet in reader.demux(stream) if packet.pts is not None]
        last = max(packet.pts for packet in packets if packet.pts is not None)
        middle = [packet for packet in packets if packet.pts is not None and last <= 3 * packet.pts <= 2 * last]
        places = [(packet.pos, packet.size) for packet in middle]
    content = bytearray(source.read_bytes())
    rng = np.random.default_rng(len(content))
    for position, size in places:
        if position is not None and size > _ENDS_KEPT_BYTES:
            content[position + _ENDS_KEPT_BYTES : position + size] = rng.bytes(size - _ENDS_KEPT_BYTES)
    target.write_bytes(bytes(content))


def _files(video: Path, target: Path) -> list[Case]:
    """A file that is moved while a worse copy stays; a file with two more names; the same bytes twice."""
    better = f"gone-{video.stem}.mp4"
    if not (target.parent / f"{Path(better).stem}-{_MOVED_TO}").exists():
        _write(target, better, _stretch(video), crf=18)
    half = _small(video)
    smaller = (
        np.asarray(Image.fromarray(picture).resize((even(half[0] / 2), even(half[1] / 2))))
        for picture in _stretch(video)
    )
    worse = _write(target, f"gone-{video.stem}-worse.mp4", smaller, crf=28)
    named = _write(target, f"links-{video.stem}.mp4", _stretch(video, from_the_end=True))
    symbolic, hard, twin = (f"links-{video.stem}-{name}.mp4" for name in ("symbolic", "hard", "same-bytes"))
    if not (target / symbolic).exists():
        (target / symbolic).symlink_to(named)
    if not (target / hard).exists():
        (target / hard).hardlink_to(target / named)
    if not (target / twin).exists():
        shutil.copy(target / named, target / twin)
    return [
        Case("file that was moved", (better, worse), {worse: [better], better: [worse]}, {better: "gone"}),
        Case(
            "links and identical bytes",
            (named, symbolic, hard, twin),
            {
                name: [other for other in (named, symbolic, hard, twin) if other != name]
                for name in (named, symbolic, hard, twin)
            },
            {symbolic: "link"},
        ),
    ]
