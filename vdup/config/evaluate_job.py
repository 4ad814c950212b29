"""Settings of ``python -m vdup.evaluate``: which data set by which protocol, and where the answers come from."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from vdup.config.check import require
from vdup.config.lookup import AutoIndexConfig, FrameIndexConfig, StoreConfig
from vdup.config.matcher import MatcherConfig
from vdup.config.model import ModelConfig
from vdup.config.pair_matchers import PairMatcherConfig
from vdup.errors import ConfigError


@dataclass(kw_only=True)
class DatasetConfig:
    """Base of the dataset group: a data set and the settings of its protocol."""

    name: str
    """Loader of the data set; set by the option."""


@dataclass(kw_only=True)
class RecordingsDatasetConfig(DatasetConfig):
    """Madonna and Climbing: localisation error."""


class VCDBMeasure(Enum):
    """How VCDB is evaluated."""

    known_bounds = "known_bounds"
    """The protocol of LAMV: every annotated segment is a query with known bounds; best F1."""
    copy_overlap = "copy_overlap"
    """VCSL's measure on pairs of whole videos."""


@dataclass(kw_only=True)
class VCDBDatasetConfig(DatasetConfig):
    """VCDB core."""

    measure: VCDBMeasure = VCDBMeasure.known_bounds
    """known_bounds (LAMV) or copy_overlap (VCSL)."""
    all_pairs: bool = False
    """For copy_overlap: also compare videos of which no common segment is annotated, for false alarms."""


class QueryExpansionChoice(Enum):
    """Query expansion of Douze et al. 2013."""

    none = "none"
    aqe = "aqe"
    """Average query expansion."""
    don = "don"
    """Difference of neighbourhood."""


@dataclass(kw_only=True)
class EVVEDatasetConfig(DatasetConfig):
    """EVVE: mean average precision of events."""

    expansion: QueryExpansionChoice = QueryExpansionChoice.none
    """none, aqe or don; the latter two need matcher=tmk."""
    nearest: int = 10
    """N1: descriptors that are averaged with the query."""
    neighbourhood: int = 2000
    """N2: descriptors whose mean is taken off by don."""
    temporal_consistency: bool = False
    """Average only the half of the N1 nearest whose offsets agree best with one another."""
    as_published: bool = False
    """With temporal_consistency: divide by N1 + 1 although fewer are summed, as the videoalignment program does."""
    moved_neighbourhood: bool = False
    """Move the N2 nearest onto the query's time before their mean is taken off; the videoalignment program does not."""

    def __post_init__(self) -> None:
        require(self.nearest >= 1, "dataset.nearest", self.nearest, "1 or more")
        require(self.neighbourhood >= 1, "dataset.neighbourhood", self.neighbourhood, "1 or more")


@dataclass(kw_only=True)
class FIVRDatasetConfig(DatasetConfig):
    """FIVR-200K and FIVR-5K: mean average precision of DSVR, CSVR, ISVR, DAVR."""


@dataclass(kw_only=True)
class CCWebVideoDatasetConfig(DatasetConfig):
    """CC_WEB_VIDEO: mean average precision cc, cc*, cc_c, cc*_c."""


@dataclass(kw_only=True)
class VCSLDatasetConfig(DatasetConfig):
    """VCSL: segment precision, recall and F1."""


@dataclass(kw_only=True)
class VSC2022DatasetConfig(DatasetConfig):
    """VSC2022: the matching track; with descriptor files, the descriptor track."""

    query_descriptors: Path | None = None
    """Descriptor file (.npz) of the queries; given, the descriptor track is evaluated and no matcher runs."""
    reference_descriptors: Path | None = None
    """Descriptor file (.npz) of the references."""
    noise_descriptors: Path | None = None
    """Descriptor file (.npz) of videos that are in neither; given, scores are normalised against them."""
    beta: float = 1.0
    """Weight of the similarity to the noise set."""
    noise_neighbours: int = 1
    """Nearest noise vectors whose mean similarity is taken."""
    threshold: float | None = None
    """Score from which on a segment counts in shares of segments found; none: matcher.threshold of matcher=vdup, for
    all others every segment counts."""

    def __post_init__(self) -> None:
        if (self.query_descriptors is None) != (self.reference_descriptors is None):
            raise ConfigError("dataset.query_descriptors and dataset.reference_descriptors must be given together")
        if self.noise_descriptors is not None and self.query_descriptors is None:
            raise ConfigError("dataset.noise_descriptors needs dataset.query_descriptors")
        require(self.beta >= 0, "dataset.beta", self.beta, "0 or more")
        require(self.noise_neighbours >= 1, "dataset.noise_neighbours", self.noise_neighbours, "1 or more")


@dataclass(kw_only=True)
class FolderDatasetConfig(DatasetConfig):
    """A folder with queries/, refs/ and gt.csv: measures of the matching track, recall by edit and by length."""

    threshold: float | None = None
    """As dataset.threshold of vsc2022."""


@dataclass(kw_only=True)
class ActionsDatasetConfig(DatasetConfig):
    """UCF101, HMDB51 and JHMDB: mean average precision of short codes, by class; no matcher takes part."""

    weights: Path | None = None
    """Network that makes the codes, a file of ``+experiment=c3d_hash``. Must be given."""


@dataclass(kw_only=True)
class DataSourceConfig:
    """Where the data set lies."""

    root: Path | None = None
    """Its folder. Must be given."""
    features: Path | None = None
    """Folder in it, or anywhere, with features of frames to use in place of videos; none: videos if there are any, else
    a folder rmac_* or features."""


@dataclass(kw_only=True)
class EvaluateJobConfig(ModelConfig):
    """Settings of ``python -m vdup.evaluate``."""

    dataset: DatasetConfig
    data: DataSourceConfig = field(default_factory=DataSourceConfig)
    matcher: PairMatcherConfig = field(default_factory=MatcherConfig)
    index: FrameIndexConfig = field(default_factory=AutoIndexConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    predictions: Path | None = None
    """File with the answers of another program, to evaluate in place of a matcher: .csv of segments (vsc2022, folder),
    .json of VCSL's segments (vcsl, vcdb), .json of similarities (evve, fivr, cc_web_video)."""
    output: Path | None = None
    """File for the results, .json."""
    plots: Path | None = None
    """Folder for plots (.png) and their numbers (.csv)."""
    work: Path = Path("evaluation")
    """Folder for what a run that is cut off goes on with: pairs that were compared, the library of matcher=vdup."""
    kept_videos: int = 1000
    """Most videos whose descriptors are in memory at once."""

    def __post_init__(self) -> None:
        if self.data.root is None:
            raise ConfigError("the setting data.root is missing; give it as data.root=DIR")
        require(self.kept_videos >= 1, "kept_videos", self.kept_videos, "1 or more")
