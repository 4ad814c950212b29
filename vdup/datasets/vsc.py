"""VSC2022: the Video Similarity Challenge, about 8,400 queries and 40,300 references in its training split.

Pizzi et al., "The 2023 video similarity dataset and challenge", 2023. A split is a folder with ``queries/`` or
``query/``, ``refs/``, ``references/`` or ``reference/``, all of mp4 named by id (``Q100001``, ``R100001``), and the
ground truth of the matching track, ``ground_truth.csv`` or ``*matching_ground_truth.csv``. Where
``*query_metadata.csv`` and ``*reference_metadata.csv`` are there (``video_id``, and ``duration_sec`` if told), videos
that they name and the folder lacks count as missing.
"""

from collections.abc import Iterator
from pathlib import Path

from vdup.datasets.annotation_file import cell, csv_rows, number
from vdup.datasets.search_folder import QUERY_FOLDERS, REFERENCE_FOLDERS, SearchSet, find_side
from vdup.datasets.segment_csv import read_ground_truth
from vdup.errors import ConfigError

_TRUTH = ("ground_truth.csv", "*matching_ground_truth.csv", "gt.csv")


def load_vsc2022(root: Path, *, features: Path | None = None) -> SearchSet:
    """Reads one split.

    Args:
        root: folder of the split.
        features: folder of features, if not ``rmac_*`` or ``features``; see
            :func:`~vdup.datasets.media.find_media`. Descriptor files of the challenge hold all videos in one; they are
            read by :mod:`vdup.feature_files.vsc_descriptors`.

    Raises:
        ConfigError: a file is missing or a row is wrong; the text names file and line.
    """
    segments = read_ground_truth(_ground_truth(root))
    durations: dict[str, float] = {}
    named: dict[str, set[str]] = {
        "query": {segment.query_id for segment in segments},
        "reference": {segment.reference_id for segment in segments},
    }
    for side, ids in named.items():
        for video, duration in _metadata(root, side):
            ids.add(video)
            if duration is not None:
                durations[video] = duration
    return SearchSet(
        "VSC2022",
        find_side(root, QUERY_FOLDERS, named["query"], features),
        find_side(root, REFERENCE_FOLDERS, named["reference"], features),
        tuple(segments),
        durations_seconds=durations,
    )


def _ground_truth(root: Path) -> Path:
    for pattern in _TRUTH:
        found = sorted(root.glob(pattern))
        if len(found) > 1:
            raise ConfigError(f"{root}: {found[0].name} and {found[1].name}: keep one, data.root is one split")
        if found:
            return found[0]
    raise ConfigError(f"{root}: there is no ground truth; it is called {' or '.join(_TRUTH)}")


def _metadata(root: Path, side: str) -> Iterator[tuple[str, float | None]]:
    for file in sorted(root.glob(f"*{side}_metadata.csv")):
        for place, row in csv_rows(file, ("video_id",)):
            duration = row.get("duration_sec", "").strip()
            yield cell(place, row, "video_id"), number(place, "duration_sec", duration) if duration else None
