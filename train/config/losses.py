"""Settings of the metric losses: what pulls the code of a copy towards its original and pushes others away.

All distances are relaxed Hamming distances, (1 - cosine) / 2: of two binary codes that is the share of bits that
differ, so that a margin of 0.1 means 102 bits of 1,024.
"""

from dataclasses import dataclass
from enum import Enum

from vdup.config.check import require


class Miner(Enum):
    """Which triplets of a batch a loss looks at."""

    none = "none"
    """All of them."""
    hard = "hard"
    """For every picture the farthest copy and the nearest non-copy."""
    semihard = "semihard"
    """For every picture the farthest copy and the nearest non-copy that is farther than that."""


@dataclass(kw_only=True)
class LossConfig:
    """Base of the loss group."""


@dataclass(kw_only=True)
class TripletLossConfig(LossConfig):
    """max(0, D(v, copy) - D(v, other) + margin), mean over the triplets above zero (Schroff et al. 2015)."""

    margin: float = 0.15
    """By how much a copy must be nearer than a non-copy, as a share of bits."""
    miner: Miner = Miner.hard
    """Which triplets count."""

    def __post_init__(self) -> None:
        require(0 < self.margin <= 1, "loss.margin", self.margin, "above 0 and at most 1")


@dataclass(kw_only=True)
class NTXentLossConfig(LossConfig):
    """Normalised temperature-scaled cross entropy over all pairs (Sohn 2016; Chen et al. 2020)."""

    temperature: float = 0.05
    """Divides the cosines; small values look at the nearest non-copies only."""

    def __post_init__(self) -> None:
        require(0 < self.temperature <= 10, "loss.temperature", self.temperature, "above 0 and at most 10")


@dataclass(kw_only=True)
class MultiSimilarityLossConfig(LossConfig):
    """Weights every pair by its own and its neighbours' similarity (Wang et al. 2019)."""

    alpha: float = 2.0
    """Sharpness for copies."""
    beta: float = 50.0
    """Sharpness for non-copies."""
    base: float = 0.3
    """Cosine at which a pair counts half."""
    epsilon: float = 0.1
    """Pairs are mined that violate the order of the hardest opposite pair by this much cosine; below 0: all pairs."""

    def __post_init__(self) -> None:
        require(self.alpha > 0, "loss.alpha", self.alpha, "above 0")
        require(self.beta > 0, "loss.beta", self.beta, "above 0")
        require(-1 <= self.base <= 1, "loss.base", self.base, "-1 to 1")


LOSSES: dict[str, type[LossConfig]] = {
    "triplet": TripletLossConfig,
    "ntxent": NTXentLossConfig,
    "multi_similarity": MultiSimilarityLossConfig,
}
"""Choices of the loss group."""
