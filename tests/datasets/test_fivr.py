import json
import pickle
from pathlib import Path

import pytest
from miniature_datasets import FIVR_ANNOTATION, write, write_fivr, write_fivr_5k, write_json, write_pickle

from vdup.datasets.base import Presence, presence
from vdup.datasets.fivr import LABELS, load_fivr_5k, load_fivr_200k
from vdup.errors import ConfigError


def test_fivr_200k(tmp_path: Path) -> None:
    write_fivr(tmp_path)
    fivr = load_fivr_200k(tmp_path)
    assert fivr.name == "FIVR-200K"
    assert [video.id for video in fivr.queries] == ["q1", "q2"]
    assert presence(fivr.references) == Presence(present=8, missing=1)
    assert fivr.labels["q1"]["DS"] == {"d1", "d2"}
    assert fivr.labels["q2"] == {label: frozenset(("d3",)) if label == "DS" else frozenset() for label in LABELS}
    assert fivr.queries[0].path == tmp_path / "videos" / "q1.mp4"


def test_the_files_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    write_json(tmp_path / "annotation.json", FIVR_ANNOTATION)
    write(tmp_path / "youtube_ids.txt", "\ufeffq1", "d3", "", "n1", end="\r\n")
    fivr = load_fivr_200k(tmp_path)
    assert [video.id for video in fivr.references] == ["q1", "d3", "n1"]
    assert presence(fivr.queries) == Presence(present=0, missing=2)  # q2 is in no list, and is a query all the same


def test_fivr_5k(tmp_path: Path) -> None:
    write_fivr_5k(tmp_path)
    fivr = load_fivr_5k(tmp_path)
    assert fivr.name == "FIVR-5K"
    assert [video.id for video in fivr.queries] == list(fivr.labels) == ["q1"]
    assert [video.id for video in fivr.references] == ["c1", "d1", "d2", "i1", "n1", "q1"]  # a set has no order
    assert presence(fivr.references) == Presence(present=5, missing=1)


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ([], "must be an object of queries with labels"),
        ({}, "must be an object of queries with labels"),
        ({"q": ["a"]}, "the query 'q' must have an object of ids by label"),
        ({"q": {"XX": ["a"]}}, "the query 'q' has a label 'XX'; known are ND, DS, CS, IS, DA"),
        ({"q": {"ND": "a"}}, "ND of the query 'q' must be a list of ids"),
        ({"q": {"ND": [1]}}, "ND of the query 'q' must be a list of ids"),
    ],
)
def test_a_broken_annotation_is_named(tmp_path: Path, annotation: object, said: str) -> None:
    write(tmp_path / "annotation.json", json.dumps(annotation))
    with pytest.raises(ConfigError, match=r"annotation\.json: ") as caught:
        load_fivr_200k(tmp_path)
    assert said in str(caught.value)


def test_broken_ids_are_named(tmp_path: Path) -> None:
    write_json(tmp_path / "annotation.json", FIVR_ANNOTATION)
    with pytest.raises(ConfigError, match=r"youtube_ids\.txt cannot be read"):
        load_fivr_200k(tmp_path)
    write(tmp_path / "youtube_ids.txt", "a", "b", "a")
    with pytest.raises(ConfigError, match=r"youtube_ids\.txt:3: a stands in .*youtube_ids\.txt:1 already"):
        load_fivr_200k(tmp_path)
    write(tmp_path / "youtube_ids.txt")
    with pytest.raises(ConfigError, match=r"youtube_ids\.txt: there is no id in it"):
        load_fivr_200k(tmp_path)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"annotation": FIVR_ANNOTATION}, "5k is not in it"),
        ({"annotation": FIVR_ANNOTATION, "5k": {"queries": ["q1"]}}, "'5k' must be a dictionary with 'queries'"),
        ({"annotation": FIVR_ANNOTATION, "5k": {"queries": ["z"], "database": []}}, "'z' of '5k' has no annotation"),
    ],
)
def test_a_broken_pickle_is_named(tmp_path: Path, held: object, said: str) -> None:
    write_pickle(tmp_path / "fivr.pickle", held)
    with pytest.raises(ConfigError, match=rf"fivr\.pickle: .*{said}"):
        load_fivr_5k(tmp_path)


def test_no_pickle_is_executed(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (str(tmp_path / "touched"),)

    (tmp_path / "fivr.pickle").write_bytes(pickle.dumps({"annotation": Touch(), "5k": {}}))
    with pytest.raises(ConfigError, match=r"fivr\.pickle is not read: "):
        load_fivr_5k(tmp_path)
    assert not (tmp_path / "touched").exists()
    (tmp_path / "fivr.pickle").write_bytes(b"noise")
    with pytest.raises(ConfigError, match=r"fivr\.pickle is not read: "):
        load_fivr_5k(tmp_path)
    (tmp_path / "fivr.pickle").unlink()
    with pytest.raises(ConfigError, match=r"fivr\.pickle cannot be read"):
        load_fivr_5k(tmp_path)
