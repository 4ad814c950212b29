"""Edited views of photographs and their features: what a refiner is fitted on without any labels."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vdup.features.extractor import FrameExtractor
from vdup.types import FloatArray

from .edit_types import Surroundings
from .edits import EDITS

logger = logging.getLogger(__name__)

_CHANCE_OF_A_SECOND_EDIT = 0.3

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
    originals, edited = [], []
    for done, pictures in enumerate(_pictures(paths, views, side_pixels, np.random.default_rng(seed)), start=1):
        features = extractor.extract(np.stack(pictures))
        originals.append(features[0])
        edited.append(features[1:])
        if progress is not None:
            progress(done, len(paths))
    if not originals:
        raise ValueError("none of the photographs can be read")
    return ViewFeatures(np.stack(originals), np.stack(edited))


def _pictures(
    paths: list[Path], views: int, side_pixels: int, rng: np.random.Generator
) -> Iterator[list[np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]]]:
    names = [name for name in EDITS if name not in _LEFT_OUT]
    previous = np.full((64, 64, 3), 128, dtype=np.uint8)
    for path in paths:
        try:
            with Image.open(path) as image:
                photograph = np.asarray(image.convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            logger.warning("skipped %s: %s", path, error)
            continue
        surroundings = Surroundings(previous[None])
        pictures = [_squash(photograph, side_pixels)]
        # Without repeats while there are enough edits, so that a photograph meets many kinds.
        first_edits = rng.choice(names, views, replace=views > len(names))
        for first in first_edits:
            edited = EDITS[str(first)].apply(photograph[None], rng, surroundings)
            if rng.random() < _CHANCE_OF_A_SECOND_EDIT:
                edited = EDITS[str(rng.choice(names))].apply(edited, rng, surroundings)
            pictures.append(_squash(edited[0], side_pixels))
        yield pictures
        previous = photograph


def _squash(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], side_pixels: int
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.asarray(Image.fromarray(picture).resize((side_pixels, side_pixels), Image.Resampling.BILINEAR))
