"""EVVE: videos of 13 events, to be found among 2,375 others.

Revaud et al., "Event retrieval in large video collections with circulant temporal encoding", CVPR 2013. The annotations
are ``annotations/<event>.dat`` with lines ``id gt split``: gt 1 for a video of the event, 0 where even people are not
sure, -1 for another; split ``query`` or ``database``. Videos lie at ``videos/<event>/<id>``. Where there are no
annotations but ViSiL's ``evve.pickle``, that is read: for each event the queries, positives and ambiguous videos, and
the queries and the database of all. It does not tell which event a negative was judged for.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vdup.datasets.annotation_file import numbered_lines
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media
from vdup.datasets.pickled import read_pickle, strings
from vdup.errors import ConfigError

_LABELS = ("1", "0", "-1")
_SPLITS = ("query", "database")


@dataclass(frozen=True)
class Event:
    """Ids of the videos that were judged for one event; all but the queries are of the database."""

    queries: frozenset[str]
    positives: frozenset[str]
    ambiguous: frozenset[str]
    negatives: frozenset[str]


@dataclass(frozen=True)
class Evve:
    """Queries, the database, and what was judged for each event."""

    name: str
    queries: tuple[VideoFile, ...]
    references: tuple[VideoFile, ...]
    """The database; a video that was judged for two events stands once."""
    events: Mapping[str, Event]
    """By name."""
    skipped: tuple[Skipped, ...] = ()


def load_evve(root: Path, *, features: Path | None = None) -> Evve:
    """Reads EVVE.

    Args:
        root: folder with ``annotations/``, or with ``evve.pickle``.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: a file is missing or a line is wrong; the text names file and line.
    """
    folder = root / "annotations"
    files = sorted(folder.glob("*.dat"))
    if not files and (root / "evve.pickle").exists():
        return _load_pickle(root / "evve.pickle", root, features)
    if not files:
        raise ConfigError(f"{folder}: there is no <event>.dat in this folder")
    events: dict[str, Event] = {}
    wanted: dict[str, dict[str, tuple[str, ...]]] = {split: {} for split in _SPLITS}
    for file in files:
        event = file.stem
        judged = _read_event(file)
        events[event] = Event(
            queries=frozenset(video for video, (_, split) in judged.items() if split == "query"),
            positives=_of_database(judged, "1"),
            ambiguous=_of_database(judged, "0"),
            negatives=_of_database(judged, "-1"),
        )
        for video, (_, split) in judged.items():
            wanted[split][video] = (*wanted[split].get(video, ()), f"{event}/{video}", video)
    _check_one_event_each(events, folder)
    return _make(events, wanted["query"], wanted["database"], root, features)


def _make(
    events: Mapping[str, Event],
    queries: Mapping[str, tuple[str, ...]],
    database: Mapping[str, tuple[str, ...]],
    root: Path,
    features: Path | None,
) -> Evve:
    """Finds the files of the queries and the database, which are given with the names under which they may lie."""
    found = {video.id: video for video in find_media({**database, **queries}, root, features=features)}
    return Evve("EVVE", tuple(found[video] for video in queries), tuple(found[video] for video in database), events)


def _load_pickle(path: Path, root: Path, features: Path | None) -> Evve:
    held = read_pickle(path, ("annotation", "queries", "database"))
    judged, queries, database = held["annotation"], strings(path, held["queries"]), strings(path, held["database"])
    if not isinstance(judged, dict):
        raise ConfigError(f"{path}: 'annotation' must be a dictionary of events")
    events: dict[str, Event] = {}
    folders: dict[str, list[str]] = defaultdict(list)
    for name, sets in judged.items():
        if not isinstance(name, str) or not isinstance(sets, tuple | list) or len(sets) != 3:
            raise ConfigError(f"{path}: the event {name!r} must have queries, positives and ambiguous videos")
        asked, positives, ambiguous = (frozenset(strings(path, ids)) for ids in sets)
        events[name] = Event(asked, positives, ambiguous, frozenset())
        for video in asked | positives | ambiguous:
            folders[video].append(name)
    _check_one_event_each(events, path)

    def names(video: str) -> tuple[str, ...]:
        # A negative may lie in the folder of any event.
        return (video, *(f"{event}/{video}" for event in folders.get(video, sorted(events))))

    asked_names, searched_names = ({video: names(video) for video in videos} for videos in (queries, database))
    return _make(events, asked_names, searched_names, root, features)


def _read_event(file: Path) -> dict[str, tuple[str, str]]:
    judged: dict[str, tuple[str, str]] = {}
    for place, line in numbered_lines(file):
        parts = line.rsplit(maxsplit=2)
        if len(parts) != 3 or parts[1] not in _LABELS or parts[2] not in _SPLITS:
            raise ConfigError(
                f"{place}: a line must be 'id gt split' with gt 1, 0 or -1 and split query or database, got {line!r}"
            )
        if parts[0] in judged:
            raise ConfigError(f"{place}: {parts[0]} has a line already")
        judged[parts[0]] = (parts[1], parts[2])
    if not judged:
        raise ConfigError(f"{file}: there is no line in it")
    return judged


def _of_database(judged: Mapping[str, tuple[str, str]], label: str) -> frozenset[str]:
    return frozenset(video for video, entry in judged.items() if entry == (label, "database"))


def _check_one_event_each(events: Mapping[str, Event], source: Path) -> None:
    owner: dict[str, str] = {}
    for name, event in events.items():
        for video in sorted(event.queries):
            if video in owner:
                raise ConfigError(f"{source}: {video} is a query of two events, {owner[video]} and {name}")
            owner[video] = name
