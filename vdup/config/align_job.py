"""Settings of the command that brings two recordings into step."""

from dataclasses import dataclass
from pathlib import Path

from vdup.config.check import require
from vdup.config.model import ExtractorConfig


@dataclass(kw_only=True)
class AlignJobConfig(ExtractorConfig):
    """Settings of ``python -m vdup.align``."""

    a: Path
    """A recording: a video, or a file of features of its frames."""
    b: Path
    """The recording that is laid over it."""
    output: Path | None = None
    """A .json file for the result."""
    plot: Path | None = None
    """A .png file for the score over the offset; its numbers go into a .csv file beside it."""
    trim: bool = False
    """Print the ffmpeg commands that cut both into step."""
    fps: float = 5.0
    """Frames a second that are compared. More place the offset better and take longer."""
    file_fps: float = 15.0
    """Frames a second of feature files that do not say it (.pkl and .npy)."""
    min_speed: float = 0.5
    """Least speed of b that is tried: seconds of a that pass in one second of b."""
    max_speed: float = 2.0
    """Greatest speed of b that is tried; 1 for both tries no other."""
    min_overlap_seconds: float = 3.0
    """Least length that the two recordings share; of short ones 0.8 of the shorter is enough."""
    threshold: float = 0.5
    """Least confidence at which an alignment counts as found."""

    def __post_init__(self) -> None:
        require(0 < self.fps <= 120, "fps", self.fps, "above 0 and at most 120")
        require(0 < self.file_fps <= 120, "file_fps", self.file_fps, "above 0 and at most 120")
        require(0.1 <= self.min_speed <= 10, "min_speed", self.min_speed, "0.1-10")
        expected = f"from min_speed={self.min_speed} to 10"
        require(self.min_speed <= self.max_speed <= 10, "max_speed", self.max_speed, expected)
        require(0 < self.min_overlap_seconds < 1e6, "min_overlap_seconds", self.min_overlap_seconds, "above 0")
        require(0 <= self.threshold <= 1, "threshold", self.threshold, "0-1")
