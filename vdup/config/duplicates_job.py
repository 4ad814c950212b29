"""Settings of ``python -m vdup.duplicates``."""

from dataclasses import dataclass, field
from pathlib import Path

from vdup.config.check import require
from vdup.config.jobs import LibraryConfig
from vdup.config.matcher import MatcherConfig
from vdup.errors import ConfigError


@dataclass(kw_only=True)
class DuplicatesJobConfig(LibraryConfig):
    """Finds the groups of near-duplicates in a library."""

    output: Path | None = None
    """Where to write the groups: a .csv or .json file."""
    nearly_all: float = 0.8
    """Share of a video that must be in another one for it to count as contained."""
    strong_score: float = 0.95
    """Score from which on one link joins two groups,"""
    strong_distance_bits: float = 280.0
    """if the frames that agree differ by no more than this many of 1,024 bits on average."""
    min_share: float = 0.95
    """Share of a video that strong links must find, in one piece or in order, in one other file for it to be proposed
    for removal,"""
    slack_seconds: float = 0.5
    """after this was added to both ends of every stretch that was found: frames are a second apart, so ends are
    uncertain by about half a second,"""
    max_missing_seconds: float = 2.0
    """and without a gap longer than this, since a small share of a long video is minutes."""
    not_duplicates: list[str] = field(default_factory=list)
    """Ids of videos no two of which are duplicates: remembered by content and left out from now on."""
    duplicates_after_all: list[str] = field(default_factory=list)
    """Ids of videos for which that is taken back."""
    matcher: MatcherConfig = field(default_factory=lambda: MatcherConfig(threshold=0.5))
    """Its threshold is higher than that of a query: what is wrong here may cost a file."""

    def __post_init__(self) -> None:
        require(0.5 < self.nearly_all <= 1, "nearly_all", self.nearly_all, "above 0.5 and at most 1")
        require(0 <= self.strong_score <= 1, "strong_score", self.strong_score, "0-1")
        require(0 <= self.strong_distance_bits <= 1024, "strong_distance_bits", self.strong_distance_bits, "0-1024")
        require(0.5 < self.min_share <= 1, "min_share", self.min_share, "above 0.5 and at most 1")
        require(0 <= self.slack_seconds <= 10, "slack_seconds", self.slack_seconds, "0-10")
        require(self.max_missing_seconds >= 0, "max_missing_seconds", self.max_missing_seconds, "0 or more")
        for name in ("not_duplicates", "duplicates_after_all"):
            ids = getattr(self, name)
            if ids and len(set(ids)) < 2:
                raise ConfigError(f"{name}={','.join(ids)}: give two or more different videos, as {name}=[ID,ID]")
