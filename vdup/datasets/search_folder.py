"""A folder of queries, references and a CSV file of the segments that they share.

``queries/``, ``refs/`` (or ``references/``), ``gt.csv`` in the form of the Video Similarity Challenge (see
:mod:`vdup.datasets.segment_csv`), and ``edits.csv``, which may be missing: what was done to each query. Ids are file
names, with extension where the ground truth writes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media, media_in
from vdup.datasets.segment_csv import read_edits, read_ground_truth
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError

QUERY_FOLDERS = ("queries", "query")
REFERENCE_FOLDERS = ("refs", "references", "reference")


@dataclass(frozen=True)
class SearchSet:
    """Queries, references and the segments that they share."""

    name: str
    queries: tuple[VideoFile, ...]
    """All that are in the folder or named by an annotation, sorted; most may be in no segment."""
    references: tuple[VideoFile, ...]
    """Likewise."""
    segments: tuple[Segment, ...]
    edits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Labels of what was done to a query, by its id; empty: not told."""
    durations_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of queries and references, by id; empty: not told."""
    skipped: tuple[Skipped, ...] = ()


def load_search_folder(root: Path, *, features: Path | None = None) -> SearchSet:
    """Reads a folder with ``gt.csv``.

    Args:
        root: the folder.
        features: folder of features, if not ``rmac_*`` or ``features``; see :func:`find_media`.

    Raises:
        ConfigError: a file is missing or a row is wrong, the text names file and line; or there is no query or no
            reference.
    """
    segments = read_ground_truth(root / "gt.csv")
    edits = read_edits(root / "edits.csv") if (root / "edits.csv").exists() else {}
    named = [segment.query_id for segment in segments], [segment.reference_id for segment in segments]
    return SearchSet(
        root.resolve().name,
        find_side(root, QUERY_FOLDERS, (*named[0], *edits), features),
        find_side(root, REFERENCE_FOLDERS, named[1], features),
        tuple(segments),
        edits,
    )


def find_side(root: Path, folders: Sequence[str], named: Iterable[str], features: Path | None) -> tuple[VideoFile, ...]:
    """Finds the queries, or the references: those that annotations name and those that lie in the folder.

    Args:
        root: folder of the data set.
        folders: names that the folder of videos may have; the first that is there counts.
        named: ids.
        features: as in :func:`find_media`.

    Returns:
        Sorted by id, each once.

    Raises:
        ConfigError: there is neither a video nor an id.
    """
    files = media_in(next((root / name for name in folders if (root / name).is_dir()), root / folders[0]))
    ids = set(named)
    # Ids have extensions when annotations name a file by its whole name.
    whole_names = not ids.isdisjoint(files)
    ids.update(name if whole_names else name.removesuffix(path.suffix) for name, path in files.items())
    if not ids:
        raise ConfigError(f"{root}: there is no video in {' or '.join(folders)} and no annotation names one")
    # Features of queries and references may lie in folders of their own.
    wanted = {video: (video, *(f"{name}/{video}" for name in folders)) for video in sorted(ids)}
    return find_media(wanted, root, videos=folders, features=features)
