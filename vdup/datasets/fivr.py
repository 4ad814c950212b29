"""FIVR-200K and FIVR-5K: videos of the same incident, with a label for how much they share with a query.

Kordopatis-Zilos et al., "FIVR: fine-grained incident video retrieval", IEEE Transactions on Multimedia 2019. The files
are ``annotation.json``, ``{query: {"ND": [ids], "DS": [...], "CS": [...], "IS": [...], "DA": [...]}}`` with labels left
out where they have no video, and ``youtube_ids.txt``, the ids of the collection, one a line; both in the folder itself
or in ``dataset/``. FIVR-5K, 50 of the queries and about 5,000 videos, was published by ViSiL's authors in
``fivr.pickle``: ``annotation`` as above, ``5k`` and ``200k`` with ``queries`` and ``database``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vdup.datasets.annotation_file import numbered_lines, read_json
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media
from vdup.datasets.pickled import read_pickle, strings
from vdup.errors import ConfigError

LABELS = ("ND", "DS", "CS", "IS", "DA")
"""Near duplicate, duplicate scene, complementary scene, incident scene, duplicate audio."""


@dataclass(frozen=True)
class Fivr:
    """Queries, the collection, and the videos that share something with each query."""

    name: str
    queries: tuple[VideoFile, ...]
    references: tuple[VideoFile, ...]
    """The collection; the queries are in it."""
    labels: Mapping[str, Mapping[str, frozenset[str]]]
    """Ids by query and label; every query has all of :data:`LABELS`."""
    skipped: tuple[Skipped, ...] = ()


def load_fivr_200k(root: Path, *, features: Path | None = None) -> Fivr:
    """Reads FIVR-200K. Time and memory grow with the number of ids, not with queries times ids.

    Args:
        root: folder with ``annotation.json`` and ``youtube_ids.txt``, or with ``dataset/`` that holds them.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: a file is missing or wrong; the text names file and line, or the query.
    """
    folder = root / "dataset" if (root / "dataset").is_dir() else root
    labels = read_labels(folder / "annotation.json")
    collection = _read_ids(folder / "youtube_ids.txt")
    return _make("FIVR-200K", labels, tuple(labels), collection, root, features)


def load_fivr_5k(root: Path, *, features: Path | None = None) -> Fivr:
    """Reads FIVR-5K.

    Args:
        root: folder with ``fivr.pickle``, or with ``dataset/`` that holds it.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: the file is missing, holds anything but plain values, or has another form.
    """
    path = root / "fivr.pickle"
    if not path.exists() and (root / "dataset" / "fivr.pickle").exists():
        path = root / "dataset" / "fivr.pickle"
    held = read_pickle(path, ("annotation", "5k"))
    version = held["5k"]
    if not isinstance(version, dict) or not {"queries", "database"} <= version.keys():
        raise ConfigError(f"{path}: '5k' must be a dictionary with 'queries' and 'database'")
    labels = _check_labels(path, held["annotation"])
    queries, collection = strings(path, version["queries"]), strings(path, version["database"])
    unlabelled = [query for query in queries if query not in labels]
    if unlabelled:
        raise ConfigError(f"{path}: the query {unlabelled[0]!r} of '5k' has no annotation")
    return _make("FIVR-5K", labels, queries, collection, root, features)


def _make(
    name: str,
    labels: Mapping[str, Mapping[str, frozenset[str]]],
    queries: tuple[str, ...],
    collection: tuple[str, ...],
    root: Path,
    features: Path | None,
) -> Fivr:
    """Finds the files of a version of FIVR; see :class:`Fivr`.

    Args:
        name: of the version.
        labels: as :func:`read_labels` gives them.
        queries: ids; each has labels.
        collection: ids.
        root: folder of the data set.
        features: as in :func:`find_media`.
    """
    # Queries that the list of the collection lacks are looked for all the same.
    wanted = {video: (video,) for video in (*collection, *queries)}
    found = {video.id: video for video in find_media(wanted, root, features=features)}
    return Fivr(
        name,
        tuple(found[query] for query in queries),
        tuple(found[video] for video in collection),
        {query: labels[query] for query in queries},
    )


def read_labels(path: Path) -> dict[str, dict[str, frozenset[str]]]:
    """Reads ``annotation.json``.

    Returns:
        Ids by query and label, in the order of the file; every query has all of :data:`LABELS`.

    Raises:
        ConfigError: the file cannot be read or has another form; the text names file and query.
    """
    return _check_labels(path, read_json(path))


def _check_labels(path: Path, annotation: object) -> dict[str, dict[str, frozenset[str]]]:
    """Checks annotations that were read from a file, and fills in the labels that have no video.

    Raises:
        ConfigError: they have another form; the text names file and query.
    """
    if not isinstance(annotation, dict) or not annotation:
        raise ConfigError(f"{path}: must be an object of queries with labels")
    checked: dict[str, dict[str, frozenset[str]]] = {}
    for query, labels in annotation.items():
        if not isinstance(query, str) or not isinstance(labels, dict):
            raise ConfigError(f"{path}: the query {query!r} must have an object of ids by label")
        for label, ids in labels.items():
            if label not in LABELS:
                raise ConfigError(f"{path}: the query {query!r} has a label {label!r}; known are {', '.join(LABELS)}")
            if not isinstance(ids, list | set | frozenset | tuple) or not all(isinstance(video, str) for video in ids):
                raise ConfigError(f"{path}: {label} of the query {query!r} must be a list of ids")
        checked[query] = {label: frozenset(labels.get(label, ())) for label in LABELS}
    return checked


def _read_ids(path: Path) -> tuple[str, ...]:
    ids: dict[str, str] = {}
    for place, line in numbered_lines(path):
        if line in ids:
            raise ConfigError(f"{place}: {line} stands in {ids[line]} already")
        ids[line] = place
    if not ids:
        raise ConfigError(f"{path}: there is no id in it")
    return tuple(ids)
