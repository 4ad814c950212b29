"""Pooling: feature maps to region vectors, and region vectors to one vector.

R-MAC: Tolias, Sicre and Jegou, "Particular object retrieval with integral max-pooling of CNN activations", ICLR 2016.
GeM: Radenovic, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation", 2018.
iMAC: Kordopatis-Zilos et al., "Near-duplicate video retrieval by aggregating intermediate CNN layers", 2017.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vdup.config import GeMConfig, IMACConfig, PoolingConfig, RMACConfig


class Pooling(ABC):
    """Turns a feature map into vectors, one a region."""

    name: str
    """Kind and settings, such as ``rmac_levels3_overlap0.4``."""

    @abstractmethod
    def regions(self, feature_map: Tensor) -> Tensor:
        """Pools a batch.

        Args:
            feature_map: non-negative, floating [B, C, h, w].

        Returns:
            Region vectors, not normalised, [B, R, C]; R is 1 for pooling over the whole map.
        """


class RMAC(Pooling):
    """Maximum of every channel in square regions of several sizes."""

    def __init__(self, levels: int = 3, overlap: float = 0.4) -> None:
        self.levels = levels
        self.overlap = overlap
        self.name = f"rmac_levels{levels}_overlap{overlap:g}"

    def regions(self, feature_map: Tensor) -> Tensor:
        """Region vectors [B, R, C], in the order of :func:`rmac_regions`."""
        height, width = feature_map.shape[2:]
        squares = rmac_regions(height, width, self.levels, self.overlap)
        # One axis at a time: a maximum over two axes at once took PyTorch some thirty times as long on a CPU.
        rows = feature_map.permute(0, 2, 3, 1)
        maxima = [rows[:, top : top + side, left : left + side].amax(1).amax(1) for top, left, side in squares]
        return torch.stack(maxima, dim=1)


class GeM(Pooling):
    """Power mean of every channel over the map: (mean of x^p)^(1/p)."""

    def __init__(self, power: float = 3.0) -> None:
        self.power = power
        self.name = f"gem_power{power:g}"

    def regions(self, feature_map: Tensor) -> Tensor:
        """One vector a map, [B, 1, C]; negative values count as zero."""
        values = feature_map.clamp(min=0)
        # Relative to the channel's maximum, so that no power overflows; a channel of zeros stays zero.
        peak = values.amax(2, keepdim=True).amax(3, keepdim=True)
        relative = values / torch.where(peak > 0, peak, 1)
        mean = relative.pow(self.power).mean((2, 3)).pow(1 / self.power)
        return (mean * peak[:, :, 0, 0]).unsqueeze(1)


class IMAC(Pooling):
    """Maximum of every channel over the map."""

    name = "imac"

    def regions(self, feature_map: Tensor) -> Tensor:
        """One vector a map, [B, 1, C]."""
        return feature_map.amax(2).amax(2).unsqueeze(1)


def build_pooling(config: PoolingConfig) -> Pooling:
    """Builds the pooling that the settings choose."""
    match config:
        case RMACConfig():
            return RMAC(config.levels, config.overlap)
        case GeMConfig():
            return GeM(config.power)
        case IMACConfig():
            return IMAC()
    raise TypeError(f"no pooling is known for {type(config).__name__}")


def rmac_regions(height: int, width: int, levels: int, overlap: float) -> list[tuple[int, int, int]]:
    """Square regions of R-MAC on a feature map.

    Level l has squares of side 2 * min(height, width) / (l + 1), rounded down: l of them along the shorter side and
    l + m - 1 along the longer one, spread evenly from border to border. m is the number of squares of level 1 (whose
    side is the shorter side) for which consecutive squares overlap by the share nearest to ``overlap``; it is 1 on a
    square map. Maps too small for that many distinct squares get each square of a level once.

    Args:
        height: rows of the map.
        width: columns of the map.
        levels: number of scales.
        overlap: wanted overlap, as a share of the side, at least 0 and below 1.

    Returns:
        (top, left, side) of every region, by level, then row, then column. An 8 x 8 map has 1 + 4 + 9 with 3 levels.

    Raises:
        ValueError: the map is empty or ``levels`` is below 1.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a feature map of {height} x {width} has no regions")
    if levels < 1:
        raise ValueError(f"levels={levels} must be 1 or more")
    short, long = min(height, width), max(height, width)
    extra = _squares_along(long, short, overlap) - 1
    squares: list[tuple[int, int, int]] = []
    for level in range(1, levels + 1):
        side = max(1, 2 * short // (level + 1))
        tops = _spread(height - side, level + (extra if height > width else 0))
        lefts = _spread(width - side, level + (extra if width > height else 0))
        squares += [(top, left, side) for top in tops for left in lefts]
    return squares


def aggregate_regions(regions: Tensor, whiten: Callable[[Tensor], Tensor]) -> Tensor:
    """Classic aggregation of R-MAC: L2, whitening, L2, sum over regions, L2.

    Args:
        regions: region vectors, [B, R, C].
        whiten: maps unit vectors [..., C] to [..., D].

    Returns:
        Unit vectors, [B, D]. A region of zeros adds nothing; a row without other regions is zero.
    """
    silent = (regions == 0).all(dim=2, keepdim=True)
    whitened = normalize(whiten(normalize(regions, dim=2)), dim=2)
    return normalize(whitened.masked_fill(silent, 0).sum(dim=1), dim=1)


def _squares_along(long: int, short: int, overlap: float) -> int:
    """Number of squares of side ``short`` along ``long`` whose overlap is nearest to the wanted one."""
    if long == short:
        return 1
    # With m squares, neighbours are (long - short) / (m - 1) apart. More than one per position would repeat squares.
    counts = range(2, long - short + 2)
    return min(counts, key=lambda count: abs(1 - (long - short) / ((count - 1) * short) - overlap))


def _spread(last: int, count: int) -> list[int]:
    """Positions 0 to ``last``, evenly spread and rounded down, without repetition."""
    if count == 1:
        return [0]
    return sorted({index * last // (count - 1) for index in range(count)})
