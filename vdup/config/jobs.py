"""Settings of the commands."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from vdup.config.lookup import AutoIndexConfig, FrameIndexConfig, StoreConfig
from vdup.config.matcher import MatcherConfig
from vdup.config.model import ModelConfig
from vdup.config.video_hash import HashConfig
from vdup.config.whole_video import AggregationConfig, DMLAggregationConfig, WholeVideoConfig


@dataclass(kw_only=True)
class LibraryConfig(ModelConfig):
    """A library: how its codes are made, looked up and stored."""

    library: Path = Path("library")
    index: FrameIndexConfig = field(default_factory=AutoIndexConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    aggregation: AggregationConfig = field(default_factory=DMLAggregationConfig)
    hash: HashConfig = field(default_factory=HashConfig)


@dataclass(kw_only=True)
class IndexJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.index``."""

    videos: Path
    """A file, a folder (searched recursively), or a .txt file with one path a line."""


class SearchLevel(Enum):
    """What a search compares."""

    segment = "segment"
    """Frames, followed through time: which part of which video."""
    video = "video"
    """One vector of every video: which videos are near-duplicates as a whole."""
    hash = "hash"
    """One short code of every video: which videos show the same kind of action."""


@dataclass(kw_only=True)
class QueryJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.query``."""

    videos: Path
    """A file, a folder (searched recursively), or a .txt file with one path a line."""
    output: Path | None = None
    """Where to write the matches: a .csv, .json or .jsonl file."""
    level: SearchLevel = SearchLevel.segment
    """segment: the parts that were copied; video: the nearest videos as a whole; hash: likewise by short codes,
    which needs hash.weights."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    whole_video: WholeVideoConfig = field(default_factory=WholeVideoConfig)


class LibraryAction(Enum):
    """What ``python -m vdup.library`` does."""

    list = "list"
    stats = "stats"
    remove = "remove"
    check = "check"
    rebuild = "rebuild"
    move_store = "move_store"


@dataclass(kw_only=True)
class LibraryJobConfig(LibraryConfig):
    """Settings of ``python -m vdup.library``."""

    action: LibraryAction
    ids: list[str] = field(default_factory=list)
    """Video ids that the action is for (``remove``)."""
