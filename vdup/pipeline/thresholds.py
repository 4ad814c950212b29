"""Thresholds that were calibrated for a library, kept in its catalogue."""

import json
from dataclasses import asdict, dataclass

from vdup.catalogue.catalogue import Catalogue
from vdup.errors import LibraryDamagedError, LibraryError
from vdup.pipeline.open_library import OpenLibrary

_KEY = "video_threshold"
"""Meta key; the digest of the aggregation stands behind it, as a threshold holds for one kind of vector only."""


@dataclass(frozen=True)
class StoredThreshold:
    """A threshold and how it came about."""

    threshold: float
    """Least cosine of near-duplicates."""
    precision: float
    """On the pairs that it was found on."""
    recall: float
    """On the same."""
    source: str
    """Where these came from."""


def stored_threshold(catalogue: Catalogue, digest: str) -> StoredThreshold | None:
    """The threshold for a kind of vector; none when nothing was calibrated for it.

    Args:
        catalogue: of the library.
        digest: of the aggregation.

    Raises:
        LibraryDamagedError: what is kept is no threshold.
    """
    text = catalogue.meta_text(f"{_KEY}:{digest}")
    if text is None:
        return None
    try:
        return StoredThreshold(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise LibraryDamagedError(
            f"the threshold kept in the library is damaged ({error}): find it anew with `python -m vdup.calibrate`"
        ) from error


def keep_threshold(library: OpenLibrary, threshold: float, precision: float, recall: float, source: str) -> None:
    """Keeps a threshold for the vectors in use, in place of an older one.

    Raises:
        LibraryError: the library keeps no vectors of whole videos.
    """
    if library.whole_videos is None:
        raise LibraryError(f"{library.folder.path}: aggregation=none keeps no vectors; there is nothing to calibrate")
    kept = StoredThreshold(threshold, precision, recall, source)
    digest = library.whole_videos.reader.aggregator.digest
    library.folder.catalogue.set_meta(f"{_KEY}:{digest}", json.dumps(asdict(kept), sort_keys=True))
