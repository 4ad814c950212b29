"""What all data sets have in common: videos that are there or missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video of a data set."""

    id: str
    """Name by which the annotations call it."""
    path: Path | None
    """The video, or a file of its frame features; none: it is not in the folder."""


@dataclass(frozen=True, slots=True)
class Presence:
    """How many videos of a list are in the folder."""

    present: int
    missing: int


def presence(videos: Iterable[VideoFile]) -> Presence:
    """Counts the videos that are there and those that are not."""
    there = [video.path is not None for video in videos]
    return Presence(sum(there), len(there) - sum(there))
