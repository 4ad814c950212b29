"""Segments in the JSON form of VCSL: ``{"query-reference": [[q_start, r_start, q_end, r_end], ...]}``, in seconds.

He et al., "A large-scale comprehensive dataset and copy-overlap aware evaluation protocol for segment-level video copy
detection", CVPR 2022. The order is that of corners: both starts, then both ends.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vdup.datasets.annotation_file import cell, csv_rows, read_json
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError

VideoPair = tuple[str, str]
"""Ids of a query and a reference."""


def read_pairs(path: Path) -> tuple[VideoPair, ...]:
    """Reads a pair file: CSV with columns ``query_id,reference_id``.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a pair is incomplete or stands twice.
    """
    pairs: dict[VideoPair, str] = {}
    for place, row in csv_rows(path, ("query_id", "reference_id")):
        pair = cell(place, row, "query_id"), cell(place, row, "reference_id")
        if pair in pairs:
            raise ConfigError(f"{place}: the pair {pair[0]}, {pair[1]} stands in {pairs[pair]} already")
        pairs[pair] = place
    return tuple(pairs)


def pairs_by_key(pairs: Iterable[VideoPair]) -> dict[str, VideoPair]:
    """Pairs by the key that stands for them in JSON files.

    Raises:
        ConfigError: ids with hyphens give two pairs one key.
    """
    keys: dict[str, VideoPair] = {}
    for pair in pairs:
        key = "-".join(pair)
        if keys.setdefault(key, pair) != pair:
            raise ConfigError(f"{key!r} stands for two pairs of videos, as their ids have hyphens")
    return keys


def read_boxes(
    path: Path, keys: Mapping[str, VideoPair], *, may_be_empty: bool = False
) -> tuple[dict[VideoPair, tuple[Segment, ...]], list[str]]:
    """Reads the segments of pairs.

    Args:
        path: JSON file. A box may have further numbers behind the four, such as a score; they are left out.
        keys: pairs by key, of :func:`pairs_by_key`.
        may_be_empty: take boxes that end where they start.

    Returns:
        Segments of each pair that the file names, in its order, and the keys of pairs that ``keys`` lacks.

    Raises:
        ConfigError: the file cannot be read, or a box is wrong; the text names file and pair.
    """
    read = read_json(path)
    if not isinstance(read, dict):
        raise ConfigError(f"{path}: must be an object of boxes by 'query-reference', got {_kind(read)}")
    segments: dict[VideoPair, tuple[Segment, ...]] = {}
    unknown: list[str] = []
    for key, boxes in read.items():
        if not isinstance(boxes, list):
            raise ConfigError(f"{path}: {key!r} must have a list of boxes, got {_kind(boxes)}")
        pair = keys.get(key)
        if pair is None:
            unknown.append(key)
        else:
            segments[pair] = tuple(_segment(f"{path}: {key!r}", pair, box, may_be_empty) for box in boxes)
    return segments, unknown


def _segment(place: str, pair: VideoPair, box: Any, may_be_empty: bool) -> Segment:
    numbers = isinstance(box, list) and len(box) >= 4 and all(type(value) in (int, float) for value in box)
    if not numbers:
        raise ConfigError(f"{place}: a box must be [q_start, r_start, q_end, r_end], got {box!r}")
    query_start, reference_start, query_end, reference_end = (float(value) for value in box[:4])
    if not all(math.isfinite(value) for value in box):
        raise ConfigError(f"{place}: the numbers of a box must be finite, got {box!r}")
    shortest = min(query_end - query_start, reference_end - reference_start)
    if shortest < 0 or (shortest == 0 and not may_be_empty):
        raise ConfigError(f"{place}: a box must end behind its start on both axes, got {box!r}")
    return Segment(*pair, query_start, query_end, reference_start, reference_end)


def _kind(value: object) -> str:
    return type(value).__name__
