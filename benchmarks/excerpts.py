"""Whether short excerpts of library videos are found where they were cut out.

::

    python -m benchmarks.excerpts videos=DIR [keep=DIR] [seed=1] [override ...]

Of every video in DIR five excerpts of 2-10 s are made: plain, cropped, mirrored, 1.25 times as fast, and shown twice in
a row, all encoded anew. The videos are indexed, the excerpts searched for. An excerpt **moves** when its brightness on
a grid of 32 by 32 cells differs from its mean over time by 2 grey levels or more (root mean square): only such a one
can be placed. It is placed when one match covers it and both ends lie within half a second on both sides. A speed is
right within the larger of 2 % and 0.2 s over the length. What is shown twice is found, placed and so on when each
showing is. ``keep`` keeps excerpts and library for the next run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from vdup.train.edits.footage_file import even, length_seconds, picture_size, video_frames, write_frames

from benchmarks.commands import matches_of
from vdup.errors import ConfigError, VideoError
from vdup.types import MOVIE_VIEW
from vdup.video.discover import find_videos
from vdup.video.sampler import sample_video

_USAGE = "usage: python -m benchmarks.excerpts videos=DIR [keep=DIR] [seed=1] [override ...]"
KINDS = ("plain", "cropped", "mirrored", "1.25x", "twice")
_RATE = Fraction(25)
_LENGTHS_SECONDS = (2.0, 10.0)
_SHORT_SIDE_PIXELS = 320
_FAST = 1.25
_SLACK_SECONDS = 0.5
_MOVES_GREY_LEVELS = 2.0


@dataclass(frozen=True)
class Excerpt:
    """Where an excerpt comes from."""

    name: str
    source: str
    kind: str
    start_seconds: float
    """In the source."""
    end_seconds: float
    seconds: float
    """Its own length, shown once."""
    motion: float
    """Grey levels, root mean square."""

    @property
    def shown_from_seconds(self) -> tuple[float, ...]:
        """Where in the file it is shown."""
        return (0.0, self.seconds) if self.kind == "twice" else (0.0,)

    @property
    def moves(self) -> bool:
        """Whether it can be placed."""
        return self.motion >= _MOVES_GREY_LEVELS


@dataclass(frozen=True)
class Outcome:
    """Result of the search for one excerpt."""

    excerpt: Excerpt
    found: bool
    """Some match is of its source and overlaps what was cut out."""
    placed: bool
    speed_right: bool
    mirrored_right: bool
    extra: int
    """Matches besides the best right one of each showing."""


def make_excerpts(videos: Path, target: Path, seed: int) -> list[Excerpt]:
    """Writes the excerpts and says where each comes from.

    Raises:
        VideoError: a video cannot be read.
    """
    target.mkdir(parents=True, exist_ok=True)
    # What is shown twice was added later, and the other excerpts are to stay those that they were.
    random = np.random.default_rng(seed)
    random_twice = np.random.default_rng([seed, 1])
    excerpts = []
    for source, path in find_videos(videos):
        length = length_seconds(path)
        for kind in KINDS:
            rng = random_twice if kind == "twice" else random
            speed = _FAST if kind == "1.25x" else 1.0
            least, most = _LENGTHS_SECONDS
            seconds = float(rng.uniform(least, min(most, max(least, length / speed))))
            start = float(rng.uniform(0, max(0.0, length - seconds * speed)))
            name = f"{source.replace('/', '_').rsplit('.', 1)[0]}-{kind}.mp4"
            file = target / name
            count = _write(path, file, kind, start, seconds, speed, rng)
            shown = count / float(_RATE) / (2 if kind == "twice" else 1)
            excerpts.append(Excerpt(name, source, kind, start, start + shown * speed, shown, motion_of(file)))
    return excerpts


def _write(
    path: Path, file: Path, kind: str, start: float, seconds: float, speed: float, rng: np.random.Generator
) -> int:
    width, height = picture_size(path)
    scale = min(1.0, _SHORT_SIDE_PIXELS / min(width, height))
    size = even(width * scale), even(height * scale)
    top, left = (float(rng.uniform(0, 0.25)) for _ in range(2))

    def pieces() -> Iterator[NDArray[np.uint8]]:
        for _ in range(2 if kind == "twice" else 1):
            yield from showing()

    def showing() -> Iterator[NDArray[np.uint8]]:
        # Frames at a lower rate shown at the usual one play faster.
        rate = _RATE / Fraction(speed).limit_denominator(100)
        for frame in video_frames(path, rate, size, seconds * speed, start):
            shown = frame
            if kind == "mirrored":
                shown = shown[:, ::-1]
            elif kind == "cropped":
                y, x = int(top * size[1]), int(left * size[0])
                shown = shown[y : y + int(0.75 * size[1]), x : x + int(0.75 * size[0])]
            yield np.ascontiguousarray(shown)[None]

    written: int = write_frames(file, pieces(), size, _RATE, crf=28)
    return written


def motion_of(path: Path) -> float:
    """Root mean square, over all cells and moments, of the brightness less its mean over time, in grey levels."""
    with sample_video(path, frames_per_second=1.0, side_pixels=8, crop_bars=False, movie_fps=4.0) as sampler:
        pictures = np.concatenate([batch.images[..., 0] for batch in sampler if batch.view == MOVIE_VIEW])
    changes = pictures.astype(np.float64) - pictures.mean(axis=0)
    return float(np.sqrt((changes**2).mean()))


def judge(excerpt: Excerpt, matches: Sequence[Mapping[str, object]]) -> Outcome:
    """Compares the matches of one excerpt, best first, with the truth."""
    best = [_best(excerpt, shown_from, matches) for shown_from in excerpt.shown_from_seconds]
    right = [match for match in best if match is not None]
    if len(right) < len(best):
        return Outcome(excerpt, False, False, False, False, len(matches) - len(right))
    speed = _FAST if excerpt.kind == "1.25x" else 1.0
    placed, mirrored_right = [], []
    for match, shown_from in zip(right, excerpt.shown_from_seconds, strict=True):
        ends = (
            _number(match, "query_start_seconds") - shown_from,
            _number(match, "query_end_seconds") - shown_from - excerpt.seconds,
            _number(match, "reference_start_seconds") - excerpt.start_seconds,
            _number(match, "reference_end_seconds") - excerpt.end_seconds,
        )
        placed.append(max(map(abs, ends)) <= _SLACK_SECONDS)
        evidence = match["evidence"]
        mirrored = isinstance(evidence, dict) and bool(evidence["mirrored"])
        mirrored_right.append(mirrored == (excerpt.kind == "mirrored"))
    slack = max(0.02, 0.2 / excerpt.seconds)
    return Outcome(
        excerpt,
        True,
        all(placed),
        all(abs(_number(match, "speed") / speed - 1) <= slack for match in right),
        all(mirrored_right),
        len(matches) - len({id(match) for match in right}),
    )


def _best(excerpt: Excerpt, shown_from: float, matches: Sequence[Mapping[str, object]]) -> Mapping[str, object] | None:
    """The match of the highest score that overlaps a showing and what was cut out; none when there is none."""
    for match in matches:
        if (
            match["reference_id"] == excerpt.source
            and _number(match, "query_start_seconds") < shown_from + excerpt.seconds
            and _number(match, "query_end_seconds") > shown_from
            and _number(match, "reference_start_seconds") < excerpt.end_seconds
            and _number(match, "reference_end_seconds") > excerpt.start_seconds
            and _mostly_here(match, shown_from, excerpt.seconds)
        ):
            return match
    return None


def _mostly_here(match: Mapping[str, object], shown_from: float, seconds: float) -> bool:
    """Whether half of the match or more lies in this showing, or half of the showing in the match."""
    start, end = _number(match, "query_start_seconds"), _number(match, "query_end_seconds")
    shared = min(end, shown_from + seconds) - max(start, shown_from)
    return shared >= 0.5 * min(end - start, seconds)


def _number(match: Mapping[str, object], name: str) -> float:
    value = match[name]
    if not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r}")
    return float(value)


def print_outcomes(outcomes: Sequence[Outcome], console: Console) -> None:
    """Prints a row a kind: all excerpts, and those that move."""
    table = Table(title="excerpts of library videos")
    heads = ("kind", "excerpts", "found", "that move", "found", "placed", "speed right", "mirror right", "extra match")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right")
    for kind in (*KINDS, "all"):
        mine = [one for one in outcomes if kind in (one.excerpt.kind, "all")]
        moving = [one for one in mine if one.excerpt.moves]
        shares = (
            [one.found for one in moving],
            [one.placed for one in moving],
            [one.speed_right for one in moving],
            [one.mirrored_right for one in moving],
            [one.extra > 0 for one in moving],
        )
        cells = [f"{np.mean(share):.3f}" if share else "-" for share in shares]
        found = f"{np.mean([one.found for one in mine]):.3f}" if mine else "-"
        table.add_row(kind, str(len(mine)), found, str(len(moving)), *cells)
    console.print(table)


def measure(videos: Path, place: Path, seed: int, overrides: Sequence[str]) -> list[Outcome]:
    """Makes excerpts, indexes, searches, compares.

    Raises:
        VideoError: a video cannot be read.
        subprocess.CalledProcessError: a command failed.
    """
    excerpts = make_excerpts(videos, place / "excerpts", seed)
    matches = matches_of(videos, place / "excerpts", place, overrides)
    return [judge(one, [match for match in matches if match["query_id"] == one.name]) for one in excerpts]


def main(arguments: list[str]) -> None:
    """Runs the benchmark that the words describe."""
    words = dict(word.split("=", 1) for word in arguments if "=" in word)
    if "videos" not in words or len(words) != len(arguments):
        raise SystemExit(_USAGE)
    videos, keep, seed_word = Path(words.pop("videos")), words.pop("keep", None), words.pop("seed", "1")
    if not seed_word.isdecimal():
        raise SystemExit(f"seed={seed_word} is not a whole number\n{_USAGE}")
    seed = int(seed_word)
    overrides = [f"{name}={value}" for name, value in words.items()]
    try:
        if keep is not None:
            outcomes = measure(videos, Path(keep), seed, overrides)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                outcomes = measure(videos, Path(scratch), seed, overrides)
    except (ConfigError, VideoError, OSError) as error:
        raise SystemExit(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(error.cmd[1:3])} ended with status {error.returncode}") from error
    print_outcomes(outcomes, Console())


if __name__ == "__main__":
    main(sys.argv[1:])
