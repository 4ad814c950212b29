"""Thresholds that were calibrated for a library, kept in its catalogue."""

import json
from dataclasses import asdict, dataclass

from vdup.catalogue.catalogue import Catalogue

_KEY = "video_threshold"
"""Meta key; the digest of the aggregation stands behind it, as a threshold holds for one kind of vector only."""


@dataclass(frozen=True)
class StoredThreshold:
    """A threshold and how it came about."""

    threshold: float
    """Least cosine of near-duplicates."""
    precision: float
    """Of the pairs at or above it that it was found on."""
    recall: float
    false_alarm_rate: float
    """Share of the pairs that are no duplicates that lie at or above it."""
    pairs: int
    """Pairs that it was found on."""
    source: str
    """Where these came from."""


def stored_threshold(catalogue: Catalogue, digest: str) -> StoredThreshold | None:
    """The threshold for a kind of vector; none when nothing was calibrated for it.

    Args:
        catalogue: of the library.
        digest: of the aggregation.
    """
    text = catalogue.meta_text(f"{_KEY}:{digest}")
    if text is None:
        return None
    return StoredThreshold(**json.loads(text))


def store_threshold(catalogue: Catalogue, digest: str, threshold: StoredThreshold) -> None:
    """Keeps a threshold for a kind of vector, in place of an older one."""
    catalogue.set_meta(f"{_KEY}:{digest}", json.dumps(asdict(threshold), sort_keys=True))
