"""Settings of vdup's own matching: how hits become matches."""

from dataclasses import dataclass
from pathlib import Path

from vdup.config.check import require
from vdup.config.pair_matchers import PairMatcherConfig


@dataclass(kw_only=True)
class MatcherConfig(PairMatcherConfig):
    """How hits become matches."""

    threshold: float = 0.5
    """Least score of a reported match."""
    false_alarms: float | None = None
    """False segments that may be expected in an hour of query, such as 0.01; takes the place of ``threshold``, which
    then follows from it, the size of the library and the calibration. None: ``threshold`` counts."""
    calibration: Path | None = None
    """File made by ``+experiment=calibration``; none: the one that ships with vdup for the default codes."""
    max_matches: int = 200
    """Most matches reported for one query."""
    exclude_self: bool = False
    """Leave out library videos whose file is the query's own, byte for byte."""
    mirror: bool = True
    """Try every query frame mirrored as well."""
    panels: bool = True
    """Try the parts of query frames as well: insets, their hosts, split screens, pictures between blurred bars."""
    neighbours: int = 50
    """Nearest stored codes that are looked at for one query frame."""
    max_distance: int = 420
    """Hits farther than this (bits of 1,024) are dropped."""
    coarse_videos: int = 10
    """Stretches nearest by descriptor that are tried besides the frame hits."""
    common_videos: int = 50
    """Content found in more videos than this counts as common and weighs less."""
    min_speed: float = 0.5
    """Slowest playback that is followed."""
    max_speed: float = 2.0
    """Fastest playback that is followed."""
    max_gap_seconds: float = 4.0
    """A stream ends after this long without agreement."""
    min_segment_seconds: float = 1.0
    """Shorter segments are not reported."""

    def __post_init__(self) -> None:
        require(0 <= self.threshold <= 1, "matcher.threshold", self.threshold, "0-1")
        allowed = self.false_alarms is None or 0 < self.false_alarms < float("inf")
        require(allowed, "matcher.false_alarms", self.false_alarms, "above 0")
        require(self.max_matches >= 1, "matcher.max_matches", self.max_matches, "1 or more")
        require(self.neighbours >= 1, "matcher.neighbours", self.neighbours, "1 or more")
        require(0 < self.max_distance <= 1024, "matcher.max_distance", self.max_distance, "1-1024")
        require(self.coarse_videos >= 0, "matcher.coarse_videos", self.coarse_videos, "0 or more")
        require(self.common_videos >= 1, "matcher.common_videos", self.common_videos, "1 or more")
        require(0.1 <= self.min_speed <= 1, "matcher.min_speed", self.min_speed, "0.1-1")
        require(1 <= self.max_speed <= 10, "matcher.max_speed", self.max_speed, "1-10")
        require(self.max_gap_seconds > 0, "matcher.max_gap_seconds", self.max_gap_seconds, "above 0")
        require(self.min_segment_seconds >= 0, "matcher.min_segment_seconds", self.min_segment_seconds, "0 or more")
