from pathlib import Path

import pytest
from miniature_datasets import write, write_evve, write_evve_pickle, write_pickle

from vdup.datasets.base import Presence, presence
from vdup.datasets.evve import Event, load_evve
from vdup.errors import ConfigError

CONCERT = Event(
    queries=frozenset(("-q1", "q2")),
    positives=frozenset(("p1", "p2")),
    ambiguous=frozenset(("n0",)),
    negatives=frozenset(("d",)),
)


def test_the_form_of_the_publishers(tmp_path: Path) -> None:
    write_evve(tmp_path)
    evve = load_evve(tmp_path)
    assert list(evve.events) == ["shakira+concert", "strokkur"]
    assert evve.events["shakira+concert"] == CONCERT
    assert evve.events["strokkur"].negatives == {"n1"}
    assert [video.id for video in evve.queries] == ["-q1", "q2", "q3"]
    assert presence(evve.queries) == Presence(present=2, missing=1)
    # d was judged for both events and stands once.
    assert [video.id for video in evve.references] == ["p1", "p2", "n0", "d", "n1"]
    assert evve.references[4].path == tmp_path / "videos" / "strokkur" / "n1.flv"


def test_a_video_of_two_events_is_found_in_either_folder(tmp_path: Path) -> None:
    write_evve(tmp_path)
    (tmp_path / "videos" / "shakira+concert" / "d.mp4").unlink()
    there = {video.id: video.path for video in load_evve(tmp_path).references}
    assert there["d"] == tmp_path / "videos" / "strokkur" / "d.flv"


def test_the_form_of_visil(tmp_path: Path) -> None:
    write_evve_pickle(tmp_path)
    evve = load_evve(tmp_path)
    assert evve.events["shakira+concert"] == Event(CONCERT.queries, CONCERT.positives, CONCERT.ambiguous, frozenset())
    assert presence(evve.queries) == Presence(present=2, missing=1)
    assert presence(evve.references) == Presence(present=5, missing=0)


def test_line_ends_and_tabs(tmp_path: Path) -> None:
    write(tmp_path / "annotations" / "a.dat", "\ufeffq\t1\tquery", "", "p  1 database ", end="\r\n")
    assert load_evve(tmp_path).events["a"] == Event(frozenset("q"), frozenset("p"), frozenset(), frozenset())


@pytest.mark.parametrize("line", ["b 2 database", "b 1 base", "b database", "b 1.0 query"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path / "annotations" / "a.dat", "a 1 query", line)
    with pytest.raises(ConfigError, match=r"a\.dat:2: a line must be 'id gt split'"):
        load_evve(tmp_path)


def test_repeats_are_named(tmp_path: Path) -> None:
    write(tmp_path / "annotations" / "a.dat", "a 1 query", "a 0 database")
    with pytest.raises(ConfigError, match=r"a\.dat:2: a has a line already"):
        load_evve(tmp_path)
    write(tmp_path / "annotations" / "a.dat", "a 1 query")
    write(tmp_path / "annotations" / "b.dat", "a 1 query")
    with pytest.raises(ConfigError, match="annotations: a is a query of two events, a and b"):
        load_evve(tmp_path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"annotations: there is no <event>\.dat"):
        load_evve(tmp_path)
    write(tmp_path / "annotations" / "a.dat")
    with pytest.raises(ConfigError, match=r"a\.dat: there is no line in it"):
        load_evve(tmp_path)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"queries": [], "database": []}, "annotation is not in it"),
        ({"annotation": [], "queries": [], "database": []}, "'annotation' must be a dictionary of events"),
        ({"annotation": {"a": ["b"]}, "queries": [], "database": []}, "the event 'a' must have queries, positives"),
        ({"annotation": {"a": ({"q"}, {1}, set())}, "queries": [], "database": []}, "a list or a set of ids"),
    ],
)
def test_a_broken_pickle_is_named(tmp_path: Path, held: object, said: str) -> None:
    write_pickle(tmp_path / "evve.pickle", held)
    with pytest.raises(ConfigError, match=rf"evve\.pickle: .*{said}"):
        load_evve(tmp_path)
