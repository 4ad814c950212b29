"""What an evaluation says: numbers with the name of their protocol, and how much of the data set was there."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vdup.datasets.base import Presence, Skipped, VideoFile

Plot = Callable[[Path], list[Path]]
"""Draws into a file whose name ends in .png, writes the numbers as CSV beside it, and returns both."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number."""

    name: str
    value: float
    """A share of 1, or a count; nan where it has no meaning."""

    @property
    def shown(self) -> str:
        """For the screen: counts as they are, shares with four decimals."""
        if math.isnan(self.value):
            return "-"
        return str(self.value) if isinstance(self.value, int) else f"{self.value:.4f}"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Measures of parts of a data set, such as events or edits."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As they are shown."""
    on_screen: bool = True
    """False for what is too long for it; files have it all the same."""


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of a publication."""

    method: str
    values: Mapping[str, float]
    """By name of the measure; shares of 1."""
    source: str
    comparable: str
    """What must hold for a comparison with them."""


@dataclass(frozen=True)
class Outcome:
    """Result of one protocol on one data set."""

    dataset: str
    """With its split or version."""
    protocol: str
    """Its name."""
    definition: str
    """What is measured, in a sentence or two."""
    answers: str
    """What gave the answers: a matcher or a file."""
    queries: Presence
    references: Presence
    measures: tuple[Measure, ...]
    breakdowns: tuple[Breakdown, ...] = ()
    published: tuple[Published, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know of this run."""
    skipped: tuple[Skipped, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Videos that are there and could not be read: why, by id. They count as missing."""
    plots: Mapping[str, Plot] = field(default_factory=dict)
    """By the name of the file, without suffix."""

    def measure(self, name: str) -> float:
        """Value of a measure.

        Raises:
            KeyError: there is none of that name.
        """
        return {measure.name: measure.value for measure in self.measures}[name]


def counted(videos: Sequence[VideoFile], took_part: Collection[str]) -> Presence:
    """Counts the videos of a list that took part, by id, and those that did not."""
    present = sum(video.id in took_part for video in videos)
    return Presence(present, len(videos) - present)
