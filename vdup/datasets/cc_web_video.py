"""CC_WEB_VIDEO: 24 queries to web video sites, and which of the results are near duplicates of a seed.

Wu, Hauptmann and Ngo, "Practical elimination of near-duplicates from web video search", ACM Multimedia 2007. The files,
all in Latin-1:

- ``Video_List.txt`` or ``Video_Complete.txt``: a video a line, columns separated by tabs, first number of the video,
  number of the query, source and file name, such as ``37  1  YouTube  1_38_Y.flv``; a header may stand above.
- ``Seed.txt``: ``*query video``, the seed of each query.
- ``Ground/GT_<query>.rst`` or ``GT/GT_<query>.rst``: ``video label``; E, S, V, M and L are kinds of near duplicates, X
  is another video, -1 one that is missing.
- ``cc_web_video.pickle`` of ViSiL's authors, if there: ``excluded``, the videos of each query whose labels they found
  wrong. Without the other files it is read alone.

The id of a video is its number. It lies at ``videos/<query>/<name>`` or ``videos/<name>``.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vdup.datasets.annotation_file import numbered_lines, reading, whole_number
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media, names_of
from vdup.datasets.pickled import read_pickle, strings
from vdup.errors import ConfigError
from vdup.regular_file import open_regular_text

POSITIVE_LABELS = frozenset("ESVML")
"""Exact duplicate, similar, different version, major change, long version."""
NOT_SIMILAR = "X"
MISSING = "-1"

_LABELS = (*sorted(POSITIVE_LABELS), NOT_SIMILAR, MISSING)
_ENCODING = "latin-1"
_BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"  # as it reads in Latin-1
_LISTS = ("Video_List.txt", "Video_Complete.txt")
_PICKLE = "cc_web_video.pickle"


@dataclass(frozen=True)
class QuerySet:
    """The results of one query and their labels."""

    number: int
    """From 1."""
    seed: str
    """Id of the video that is the query."""
    labels: Mapping[str, str]
    """By id."""
    excluded: frozenset[str] | None
    """Ids that the cleaned protocols leave out; none: the file that tells is missing."""


@dataclass(frozen=True)
class CcWebVideo:
    """All videos and the 24 query sets."""

    name: str
    queries: tuple[VideoFile, ...]
    """The seeds."""
    references: tuple[VideoFile, ...]
    """All videos, seeds as well."""
    query_sets: tuple[QuerySet, ...]
    names: Mapping[str, str]
    """Ids by the name that ViSiL's files use, such as ``1/1_38_Y``."""
    skipped: tuple[Skipped, ...] = ()


def load_cc_web_video(root: Path, *, features: Path | None = None) -> CcWebVideo:
    """Reads CC_WEB_VIDEO.

    Args:
        root: folder with the files that the module's text names.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: a file is missing or a line is wrong; the text names file and line.
    """
    pickle = root / _PICKLE
    held = read_pickle(pickle, ("index", "queries", "ground_truth", "excluded")) if pickle.exists() else None
    listed = next((root / name for name in _LISTS if (root / name).exists()), None)
    if listed is not None:
        files = _read_files(listed)
        sets = _read_sets(root, files, _excluded(pickle, held["excluded"]) if held is not None else {})
    elif held is not None:
        files, sets = _from_pickle(pickle, held)
    else:
        raise ConfigError(f"{root}: CC_WEB_VIDEO needs {' or '.join(_LISTS)}, or {_PICKLE}, in this folder")
    wanted = {video: (file, *names_of(file)) for video, file in files.items()}
    videos = {video.id: video for video in find_media(wanted, root, features=features)}
    names = {str(PurePosixPath(file).with_suffix("")): video for video, file in files.items()}
    return CcWebVideo(
        "CC_WEB_VIDEO", tuple(videos[each.seed] for each in sets), tuple(videos.values()), tuple(sets), names
    )


def _read_files(path: Path) -> dict[str, str]:
    """Path of each video, ``<query>/<name>``, by number."""
    files: dict[str, str] = {}
    for place, row in _tab_rows(path):
        cells = [value.strip() for value in row]
        if len(cells) < 4 or not cells[3]:
            raise ConfigError(f"{place}: a line must have number, query, source and file name, separated by tabs")
        video = str(whole_number(place, "the number of the video", cells[0]))
        query = whole_number(place, "the number of the query", cells[1])
        if video in files:
            raise ConfigError(f"{place}: the video {video} has a line already")
        files[video] = f"{query}/{cells[3]}"
    if not files:
        raise ConfigError(f"{path}: there is no video in it")
    return files


def _tab_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    with reading(path, "a table"), open_regular_text(path, _ENCODING, newline="") as file:
        reader = csv.reader(file, delimiter="\t")
        for index, row in enumerate(reader):
            if index == 0 and row:
                row[0] = row[0].removeprefix(_BYTE_ORDER_MARK)
            header = index == 0 and row and not row[0].strip().isdecimal()
            if any(value.strip() for value in row) and not header:
                yield f"{path}:{reader.line_num}", row


def _read_sets(root: Path, files: Mapping[str, str], excluded: Mapping[int, frozenset[str]]) -> list[QuerySet]:
    seeds = _read_seeds(root / "Seed.txt", files)
    folder = next((root / name for name in ("Ground", "GT") if (root / name).is_dir()), None)
    if folder is None:
        raise ConfigError(f"{root}: there is neither Ground/ nor GT/ with GT_<query>.rst in this folder")
    found = {int(match[1]): path for path in folder.glob("*.rst") if (match := re.fullmatch(r"GT_?(\d+)", path.stem))}
    sets = []
    for number, seed in sorted(seeds.items()):
        if number not in found:
            raise ConfigError(f"{folder}: there is no GT_{number}.rst in this folder, but Seed.txt names the query")
        labels = _read_labels(found[number], files)
        sets.append(QuerySet(number, seed, labels, excluded.get(number)))
    return sets


def _read_seeds(path: Path, files: Mapping[str, str]) -> dict[int, str]:
    seeds: dict[int, str] = {}
    for place, line in numbered_lines(path, _ENCODING):
        parts = line.removeprefix(_BYTE_ORDER_MARK).removeprefix("*").split()
        if len(parts) != 2:
            raise ConfigError(f"{place}: a line must be '*query video', got {line!r}")
        query = whole_number(place, "the number of the query", parts[0])
        if query in seeds:
            raise ConfigError(f"{place}: the query {query} has a line already")
        seeds[query] = _known(place, parts[1], files)
    if not seeds:
        raise ConfigError(f"{path}: there is no query in it")
    return seeds


def _read_labels(path: Path, files: Mapping[str, str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for place, line in numbered_lines(path, _ENCODING):
        parts = line.removeprefix(_BYTE_ORDER_MARK).split()
        if len(parts) != 2 or parts[1].upper() not in _LABELS:
            raise ConfigError(f"{place}: a line must be 'video label', label one of {', '.join(_LABELS)}, got {line!r}")
        video = _known(place, parts[0], files)
        if video in labels:
            raise ConfigError(f"{place}: the video {video} has a label already")
        labels[video] = parts[1].upper()  # the publishers wrote one x small
    return labels


def _known(place: str, text: str, files: Mapping[str, str]) -> str:
    video = str(whole_number(place, "the number of the video", text))
    if video not in files:
        raise ConfigError(f"{place}: the video {video} is not in the list of videos")
    return video


def _from_pickle(path: Path, held: Mapping[str, Any]) -> tuple[dict[str, str], list[QuerySet]]:
    index, truth, queries = held["index"], held["ground_truth"], strings(path, held["queries"])
    excluded = _excluded(path, held["excluded"])
    if not isinstance(index, dict) or not all(type(number) is int for number in index.values()):
        raise ConfigError(f"{path}: 'index' must be a dictionary of the numbers of videos")
    if not isinstance(truth, list) or not len(truth) == len(queries) == len(excluded):
        raise ConfigError(f"{path}: 'ground_truth', 'excluded' and 'queries' must be lists of one length")
    files = {str(number): str(name) for name, number in index.items()}
    sets = []
    for number, (query, labels) in enumerate(zip(queries, truth, strict=True), start=1):
        if not isinstance(labels, dict) or not all(str(label).upper() in _LABELS for label in labels.values()):
            raise ConfigError(f"{path}: the labels of the query {number} must be of {', '.join(_LABELS)}")
        if query not in index:
            raise ConfigError(f"{path}: the query {query!r} is not in 'index'")
        by_id = {str(video): str(label).upper() for video, label in labels.items()}
        sets.append(QuerySet(number, str(index[query]), by_id, excluded[number]))
    return files, sets


def _excluded(path: Path, held: object) -> dict[int, frozenset[str]]:
    if not isinstance(held, list) or not all(isinstance(videos, set | frozenset | list) for videos in held):
        raise ConfigError(f"{path}: 'excluded' must be a list of sets of numbers")
    return {number: frozenset(str(video) for video in videos) for number, videos in enumerate(held, start=1)}
