"""vdup finds which parts of which videos appear inside another video.

::

    import vdup

    with vdup.Library.open("library", create=True) as library:
        library.index("videos/")
        for match in library.search("suspect.mp4"):
            print(match.reference_id, match.query_start_seconds, match.score)

Names load on first use, so that ``import vdup`` brings in neither torch nor FAISS.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from vdup._checkout import attach_folders

attach_folders()

if TYPE_CHECKING:
    from vdup.config import LibraryConfig, MatcherConfig
    from vdup.errors import VdupError
    from vdup.pipeline.indexer import IndexReport
    from vdup.pipeline.library import Library
    from vdup.types import Colour, Edits, Evidence, Match, Rectangle, VideoCodes, VideoInfo

_HOMES = {
    "Colour": "vdup.types",
    "Edits": "vdup.types",
    "Evidence": "vdup.types",
    "IndexReport": "vdup.pipeline.indexer",
    "Library": "vdup.pipeline.library",
    "LibraryConfig": "vdup.config",
    "Match": "vdup.types",
    "MatcherConfig": "vdup.config",
    "Rectangle": "vdup.types",
    "VdupError": "vdup.errors",
    "VideoCodes": "vdup.types",
    "VideoInfo": "vdup.types",
}

__all__ = [
    "Colour",
    "Edits",
    "Evidence",
    "IndexReport",
    "Library",
    "LibraryConfig",
    "Match",
    "MatcherConfig",
    "Rectangle",
    "VdupError",
    "VideoCodes",
    "VideoInfo",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'vdup' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
