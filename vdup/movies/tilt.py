"""Pictures turned by some degrees, as by a camera that was not held straight."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch.nn.functional import grid_sample

from vdup.types import FloatArray


def tilted(pictures: FloatArray, degrees: float, shape: float) -> FloatArray:
    """Pictures turned anticlockwise about their middle, in a frame that stays as large as it is.

    Args:
        pictures: float32 [N, S, S], squeezed to a square.
        degrees: by which they are turned.
        shape: width over height of what was squeezed: a turned picture is sheared otherwise by it.

    Returns:
        float32 [N, S, S]; 0 in corners that nothing reaches.
    """
    if degrees == 0:
        return pictures
    grid = _grid(pictures.shape[-1], degrees, shape)
    source = torch.from_numpy(np.require(pictures, np.float32, ["C", "W"]))[None]
    turned: torch.Tensor = grid_sample(source, grid, padding_mode="zeros", align_corners=False)
    found: FloatArray = turned.numpy().reshape(pictures.shape)
    return found


@lru_cache(maxsize=512)
def reached(side: int, degrees: float, shape: float) -> FloatArray:
    """The share of each pixel that a turned picture covers, float32 [side, side]."""
    whole = tilted(np.ones((1, side, side), dtype=np.float32), degrees, shape)
    found: FloatArray = whole.reshape(side, side)
    return found


@lru_cache(maxsize=512)
def _grid(side: int, degrees: float, shape: float) -> torch.Tensor:
    """Where each pixel comes from: float32 [1, side, side, 2], -1 to 1 across and down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    centres = (torch.arange(side, dtype=torch.float32) + 0.5) / side * 2 - 1
    down, across = torch.meshgrid(centres, centres, indexing="ij")
    # The inverse turn, clockwise, in a picture that is ``shape`` wide and 1 high; rows count downwards.
    from_across = cosine * across - sine * down / shape
    from_down = sine * across * shape + cosine * down
    return torch.stack([from_across, from_down], dim=-1)[None]
