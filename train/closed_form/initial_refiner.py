"""Where the training of a refiner starts."""

import logging

import numpy as np
import torch
from torch import nn

from vdup.codes.refiner import Refiner, build_refiner
from vdup.config import RefinerConfig
from vdup.errors import ConfigError
from vdup.types import CODE_BITS, FloatArray

from ..config.triplet import Start
from ..families.view_features import ViewFeatures
from .rotation import fit_rotation

logger = logging.getLogger(__name__)

_SHIFT = 2.0
"""Input at which GELU is nearly a straight line of slope 1.085 ..."""

_SPREAD = 0.5
"""... over a range of this many standard deviations' length."""


def initial_refiner(
    start: Start,
    config: RefinerConfig,
    features: ViewFeatures,
    fingerprint: dict[str, str | int | float],
    seed: int,
) -> Refiner:
    """A refiner whose values have a mean size of 1 and whose bits are on for half of the originals.

    Args:
        start: what it starts as.
        config: width of its hidden layer, and for ``Start.refiner`` its file.
        features: training families.
        fingerprint: of the features.
        seed: of what is drawn at random.

    Raises:
        ConfigError: the start does not fit the features or the hidden layer.
        WeightsError: the file of ``Start.refiner`` cannot be used.
    """
    dimensions = features.originals.shape[1]
    widths = [dimensions, config.hidden, CODE_BITS] if config.hidden else [dimensions, CODE_BITS]
    match start:
        case Start.random:
            refiner = _random_refiner(widths, seed)
        case Start.rotation:
            try:
                weights, biases = fit_rotation(features, CODE_BITS, seed)
            except ValueError as error:
                raise ConfigError(f"no rotation can be fitted ({error}); set experiment.init=random") from error
            refiner = _with_hidden_layer(weights, features, widths, seed) if config.hidden else Refiner(widths)
            if not config.hidden:
                _set(refiner.layers[0], weights, biases)
        case Start.refiner:
            if config.hidden:
                raise ConfigError(
                    f"refiner.hidden={config.hidden} does not go with experiment.init=refiner, whose file has widths "
                    "of its own; leave refiner.hidden out"
                )
            refiner = build_refiner(config, fingerprint).requires_grad_(True)
    _centre(refiner, features.originals, move_thresholds=start is not Start.refiner)
    return refiner


def _random_refiner(widths: list[int], seed: int) -> Refiner:
    refiner = Refiner(widths)
    generator = torch.Generator().manual_seed(seed)
    for layer in refiner.layers:
        assert isinstance(layer, nn.Linear)
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5, generator=generator)
        nn.init.zeros_(layer.bias)
    return refiner


def _with_hidden_layer(
    weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]], features: ViewFeatures, widths: list[int], seed: int
) -> Refiner:
    """Nearly the linear map ``weights``: the hidden layer works where GELU is almost straight, until training bends it.

    A hidden layer that is narrower than the features keeps the map's strongest directions; units to spare start at
    random and count for nothing yet.
    """
    refiner = _random_refiner(widths, seed)
    first, last = refiner.layers
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    hidden, dimensions = widths[1], widths[0]
    kept = min(hidden, dimensions)
    directions = np.eye(dimensions) if kept == dimensions else np.linalg.svd(weights)[2][:kept]
    mean = features.originals.mean(axis=0, dtype=np.float64)
    spread = float(((features.originals - mean) @ directions.T).std())
    scale = _SPREAD / max(spread, 1e-12)
    with torch.no_grad():
        first.weight[:kept] = torch.from_numpy(scale * directions).float()
        first.bias[:kept] = torch.from_numpy(_SHIFT - scale * directions @ mean).float()
        last.weight.zero_()
        last.weight[:, :kept] = torch.from_numpy(weights @ directions.T / scale).float()
    return refiner


def _set(layer: nn.Module, weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]], biases: object) -> None:
    layer.load_state_dict({"weight": torch.as_tensor(weights), "bias": torch.as_tensor(biases)})


@torch.no_grad()
def _centre(refiner: Refiner, originals: FloatArray, move_thresholds: bool) -> None:
    """Moves every bit's threshold to its median and scales all values alike, to a mean size of 1."""
    values = refiner(torch.from_numpy(np.ascontiguousarray(originals, dtype=np.float32)))
    last = refiner.layers[-1]
    assert isinstance(last, nn.Linear)
    if move_thresholds:
        # NumPy's median, as torch's takes the lower of the two middle values.
        middle = torch.from_numpy(np.median(values.numpy(), axis=0))
        last.bias.sub_(middle)
        values = values - middle
    size = float(values.abs().mean())
    if size > 0:
        last.weight.div_(size)
        last.bias.div_(size)
