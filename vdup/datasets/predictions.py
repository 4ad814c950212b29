"""Results that other programs wrote: similarities in ViSiL's and FIVR's JSON, segments in VCSL's JSON.

Segments in the CSV form of the Video Similarity Challenge are read by :mod:`vdup.datasets.segment_csv`, its descriptors
by :mod:`vdup.feature_files.vsc_descriptors`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vdup.datasets.annotation_file import read_json
from vdup.datasets.boxes import VideoPair, pairs_by_key, read_boxes
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError


@dataclass(frozen=True)
class PairPredictions:
    """Predicted segments of listed pairs."""

    segments: Mapping[VideoPair, tuple[Segment, ...]]
    """Of the pairs that the file names; a pair may have none."""
    missing: tuple[VideoPair, ...]
    """Listed pairs that the file does not name; VCSL's own evaluation stops at the first of them."""
    unknown: int
    """Pairs of the file that are not listed."""


def read_similarities(path: Path) -> dict[str, dict[str, float]]:
    """Reads similarities of query videos to others: ``{query: {video: similarity}}``.

    Args:
        path: JSON file.

    Returns:
        By query and video, in the order of the file; a query may have none.

    Raises:
        ConfigError: the file cannot be read, or a value is no finite number; the text names file and query.
    """
    held = read_json(path)
    if not isinstance(held, dict):
        raise ConfigError(f"{path}: must be an object of similarities by query, got {type(held).__name__}")
    for query, similarities in held.items():
        if not isinstance(similarities, dict):
            raise ConfigError(f"{path}: {query!r} must have an object of similarities by video")
        for video, similarity in similarities.items():
            if type(similarity) not in (int, float) or not math.isfinite(similarity):
                raise ConfigError(f"{path}: the similarity of {query!r} and {video!r} must be a finite number")
    return held


def read_pair_predictions(path: Path, pairs: Sequence[VideoPair]) -> PairPredictions:
    """Reads segments in the form of VCSL; see :mod:`vdup.datasets.boxes`.

    Args:
        path: JSON file. Boxes may be empty, unlike those of a ground truth.
        pairs: pairs of a query and a reference that are evaluated.

    Raises:
        ConfigError: the file cannot be read, or a box is wrong; the text names file and pair.
    """
    segments, unknown = read_boxes(path, pairs_by_key(pairs), may_be_empty=True)
    return PairPredictions(segments, tuple(pair for pair in pairs if pair not in segments), len(unknown))
