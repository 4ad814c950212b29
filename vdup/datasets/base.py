"""What all data sets have in common: videos that are there or missing, and lines that were left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video of a data set."""

    id: str
    """Name by which the annotations call it."""
    path: Path | None
    """The video, a folder of its images at one a second, or a file of its features; none: it is not there."""


@dataclass(frozen=True, slots=True)
class Presence:
    """How many videos of a list are in the folder."""

    present: int
    missing: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Annotations that are left out, as the protocol of the data set has it."""

    reason: str
    """Goes on from "annotations that ..."."""
    places: tuple[str, ...]
    """Where they stand: ``file:line``, or the key in a JSON file."""


class Dataset(Protocol):
    """What every data set can tell, whatever its ground truth."""

    @property
    def name(self) -> str:
        """Name as publications write it, with the split or version."""
        ...

    @property
    def queries(self) -> Sequence[VideoFile]:
        """Videos that are searched for, each once."""
        ...

    @property
    def references(self) -> Sequence[VideoFile]:
        """Videos that are searched in, each once; those of :attr:`queries` where every video is both."""
        ...

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Annotations that were left out, one entry a reason."""
        ...


def presence(videos: Iterable[VideoFile]) -> Presence:
    """Counts the videos that are there and those that are not."""
    there = [video.path is not None for video in videos]
    return Presence(sum(there), len(there) - sum(there))
