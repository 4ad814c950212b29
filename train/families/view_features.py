"""Edited views of photographs and their features: what a refiner is fitted on without any labels."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vdup.features.extractor import FrameExtractor
from vdup.types import FloatArray

from .pictures import PhotographFamilies, UnreadableError

logger = logging.getLogger(__name__)

# What no map of a feature can undo: the matcher tries mirrored frames itself, and a picture on its side has other
# activations altogether.
_LEFT_OUT = ("flip", "rotate90")

Progress = Callable[[int, int], None]
"""Called with the number of photographs done and of all."""


@dataclass(frozen=True)
class ViewFeatures:
    """Features of photographs and of edited versions of them."""

    originals: FloatArray
    """float32 [N, D]."""
    views: FloatArray
    """float32 [N, V, D]: V edited versions of each photograph."""


def view_features(
    extractor: FrameExtractor,
    paths: list[Path],
    views: int,
    side_pixels: int,
    seed: int,
    progress: Progress | None = None,
) -> ViewFeatures:
    """Edits photographs as uploaders do and computes the features of all versions.

    Args:
        extractor: the features to compute.
        paths: photographs; unreadable ones are skipped with a warning.
        views: edited versions of each.
        side_pixels: width and height that frames are scaled to.
        seed: of everything drawn at random.
        progress: told of every photograph.

    Returns:
        Features, in the order of the readable photographs.

    Raises:
        ValueError: none of the photographs can be read.
    """
    families = PhotographFamilies(paths, views, side_pixels, seed, _LEFT_OUT)
    originals, edited = [], []
    for number in range(len(paths)):
        try:
            family = families.load(number)[0]
        except UnreadableError as error:
            logger.warning("skipped %s", error)
            continue
        features = extractor.extract(family.images)
        originals.append(features[0])
        edited.append(features[1:])
        if progress is not None:
            progress(len(originals), len(paths))
    if not originals:
        raise ValueError("none of the photographs can be read")
    return ViewFeatures(np.stack(originals), np.stack(edited))
