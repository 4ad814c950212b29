"""Settings of ``python -m vdup.calibrate``."""

from dataclasses import dataclass, field
from pathlib import Path

from vdup.config.check import require
from vdup.config.jobs import LibraryConfig, SearchLevel
from vdup.config.matcher import MatcherConfig
from vdup.errors import ConfigError


@dataclass(kw_only=True)
class CalibrateJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.calibrate``."""

    level: SearchLevel = SearchLevel.video
    """video: the similarity from which on whole videos are near-duplicates; segment: how often segments of each score
    are right, and how many false ones come up."""
    precision: float | None = None
    """Least share of the reported pairs that must be near-duplicates; none: 0.99 unless false_alarm_rate is given."""
    false_alarm_rate: float | None = None
    """Greatest share of the other pairs that may be reported."""
    pairs: Path | None = None
    """CSV file of labelled pairs with the columns video_a, video_b and duplicate: ids of videos of the library, or
    paths of files; none: copies are generated of the library's videos."""
    most_videos: int = 200
    """Videos of the library that copies are generated of, drawn at random."""
    copies: int = 3
    """Copies generated of each; with level=segment, excerpts of 4 to 12 seconds."""
    plot: Path | None = None
    """PNG file for precision, recall and F1 over the threshold, with level=segment for the reliability diagram; a CSV
    file comes beside it."""
    store_threshold: bool = True
    """Keep what was found in the library, where queries take it from."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    """Of the search for segments."""
    seed: int = 0
    """Of everything that is drawn at random."""

    def __post_init__(self) -> None:
        for name in ("precision", "false_alarm_rate"):
            value = getattr(self, name)
            require(value is None or 0 <= value <= 1, name, value, "0-1")
        require(self.most_videos >= 2, "most_videos", self.most_videos, "2 or more")
        require(self.copies >= 1, "copies", self.copies, "1 or more")
        require(self.seed >= 0, "seed", self.seed, "0 or more")
        require(self.level is not SearchLevel.hash, "level", self.level.value, "video or segment")
        if self.level is SearchLevel.segment:
            for name in ("precision", "false_alarm_rate", "pairs"):
                if getattr(self, name) is not None:
                    raise ConfigError(f"{name}={getattr(self, name)}: it counts with level=video; leave it out")
        if self.plot is not None and self.plot.suffix.lower() != ".png":
            raise ConfigError(f"plot={self.plot}: its name must end in .png")
