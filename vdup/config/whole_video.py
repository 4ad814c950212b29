"""Settings of whole-video search: what one vector stands for a video, and what is reported."""

from dataclasses import dataclass, field
from pathlib import Path

from vdup.config.check import require


@dataclass(kw_only=True)
class AggregationConfig:
    """Base of the aggregation group: layer maxima of frames -> one vector a video."""

    layers: list[str] = field(default_factory=list)
    """Convolutions of the backbone whose maxima are taken, by name, ``*`` for any characters; none: the output of every
    block."""
    fill_in: bool = False
    """When indexing, also decode unchanged videos again that have no vector of this kind yet."""


@dataclass(kw_only=True)
class MeanAggregationConfig(AggregationConfig):
    """Mean over the frames, less its own mean, at unit length."""


@dataclass(kw_only=True)
class DMLAggregationConfig(AggregationConfig):
    """The mean, refined by a network that a triplet loss has taught what copies look like."""

    weights: Path | None = None
    """File made by ``python -m vdup.train +experiment=dml``; none: the one that ships with vdup for the default
    backbone and layers."""


@dataclass(kw_only=True)
class BagAggregationConfig(AggregationConfig):
    """Bag of frames: histogram of visual words, weighted by tf-idf."""

    codebook: Path
    """File made by ``python -m vdup.train +experiment=codebook``; it says whether words are of vectors or of layers."""


@dataclass(kw_only=True)
class NoAggregationConfig(AggregationConfig):
    """No vectors of whole videos are kept; ``level=video`` finds nothing then."""


@dataclass(kw_only=True)
class WholeVideoConfig:
    """What ``level=video`` reports."""

    threshold: float | None = None
    """Least similarity of a near-duplicate, -1 to 1; none: the one that ``python -m vdup.calibrate`` stored in the
    library, else that of the weights."""
    nearest: int = 10
    """Videos reported for one query, whether they are near-duplicates or not."""
    shares: bool = True
    """Also say what share of each side the other covers: the query is decoded once more and compared with the reported
    videos stretch by stretch."""

    def __post_init__(self) -> None:
        if self.threshold is not None:
            require(-1 <= self.threshold <= 1, "whole_video.threshold", self.threshold, "-1 to 1")
        require(self.nearest >= 1, "whole_video.nearest", self.nearest, "1 or more")
