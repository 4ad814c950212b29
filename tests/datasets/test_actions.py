from collections.abc import Callable
from pathlib import Path

import pytest
from miniature_datasets import write, write_action_lists, write_hmdb51, write_jhmdb, write_ucf101

from vdup.datasets.actions import ActionSet, load_hmdb51, load_jhmdb, load_ucf101
from vdup.datasets.base import Presence, Skipped, presence
from vdup.errors import ConfigError


def test_ucf101(tmp_path: Path) -> None:
    write_ucf101(tmp_path)
    ucf = load_ucf101(tmp_path)
    assert ucf.name == "UCF101 split 1"
    assert [video.id for video in ucf.queries] == [
        "Archery/v_Archery_g01_c01.avi",
        "Biking/v_Biking_g01_c01.avi",
    ]
    assert presence(ucf.references) == Presence(present=3, missing=1)
    assert ucf.queries[0].path == tmp_path / "UCF-101" / "Archery" / "v_Archery_g01_c01.avi"
    assert [ucf.class_of[video.id] for video in ucf.references] == [1, 1, 2, 2]
    assert ucf.class_names == {1: "Archery", 2: "Biking"}


def test_hmdb51(tmp_path: Path) -> None:
    write_hmdb51(tmp_path)
    hmdb = load_hmdb51(tmp_path)
    assert [video.id for video in hmdb.queries] == ["brush_hair/b.avi", "wave/a (1).avi"]
    assert [video.id for video in hmdb.references] == ["brush_hair/a (1).avi", "wave/d.avi"]
    assert presence(hmdb.queries) == Presence(present=1, missing=1)
    assert hmdb.class_names == {1: "brush_hair", 2: "wave"}
    assert hmdb.class_of["wave/a (1).avi"] == 2
    unused = (f"{tmp_path}/testTrainMulti_7030_splits/brush_hair_test_split1.txt:3",)
    assert hmdb.skipped == (Skipped("are of neither part of the split", unused),)


def test_jhmdb(tmp_path: Path) -> None:
    write_jhmdb(tmp_path)
    jhmdb = load_jhmdb(tmp_path)
    assert jhmdb.name == "JHMDB split 1"
    assert [video.path for video in jhmdb.queries] == [
        tmp_path / "ReCompress_Videos" / name for name in ("catch/b.avi", "pour/d.avi")
    ]
    assert jhmdb.skipped == ()


@pytest.mark.parametrize("load", [load_ucf101, load_hmdb51, load_jhmdb])
def test_lists_with_a_class_in_each_line(tmp_path: Path, load: Callable[[Path], ActionSet]) -> None:
    write_action_lists(tmp_path)
    actions = load(tmp_path)
    assert actions.class_of == {"wave/a b.avi": 1, "run/c.avi": 0, "wave/d.avi": 1, "run/e.avi": 0}
    assert presence((*actions.queries, *actions.references)) == Presence(present=4, missing=0)
    assert actions.class_names == {}


def test_another_split(tmp_path: Path) -> None:
    write_hmdb51(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no \*_test_split2\.txt here or in"):
        load_hmdb51(tmp_path, split=2)
    write(tmp_path / "wave_test_split2.txt", "d.avi 2", "e.avi 1")
    assert [video.id for video in load_hmdb51(tmp_path, split=2).queries] == ["wave/d.avi"]


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("classInd.txt", "3", r"classInd\.txt:3: a line must be 'number class'"),
        ("classInd.txt", "2 Diving", r"classInd\.txt:3: the class Diving or its number has a line already"),
        ("trainlist01.txt", "Diving/v.avi 3", r"trainlist01\.txt:5: a line must be '<class>/<clip>' with a class of"),
        (
            "trainlist01.txt",
            "Archery/v.avi 2",
            r"trainlist01\.txt:5: the class is 2, but classInd\.txt has 1",
        ),
        ("testlist01.txt", "Archery/v_Archery_g01_c01.avi", r"testlist01\.txt:3: Archery/.* has a line already"),
        ("testlist01.txt", "Archery/v_Archery_g08_c01.avi", r"is in the training and in the test list of UCF101"),
    ],
)
def test_a_broken_line_of_ucf101_is_named(tmp_path: Path, name: str, line: str, said: str) -> None:
    write_ucf101(tmp_path)
    with (tmp_path / "ucfTrainTestlist" / name).open("a", newline="") as file:
        file.write(line + "\n")
    with pytest.raises(ConfigError, match=said):
        load_ucf101(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("e.avi 3", r"wave_test_split1\.txt:3: a line must be 'clip use' with use 0, 1 or 2"),
        ("e.avi", r"wave_test_split1\.txt:3: a line must be"),
        ("d.avi 1", r"wave_test_split1\.txt:3: wave/d\.avi has a line already"),
        ("d.avi 2", r"wave/d\.avi is in the training and in the test list of HMDB51"),
    ],
)
def test_a_broken_line_of_hmdb51_is_named(tmp_path: Path, line: str, said: str) -> None:
    write_hmdb51(tmp_path)
    with (tmp_path / "testTrainMulti_7030_splits" / "wave_test_split1.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ConfigError, match=said):
        load_hmdb51(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run/f.avi", r"train\.txt:3: a line must be 'path class' or 'path,class'"),
        ("run/f.avi,one", r"train\.txt:3: the class must be a whole number, got 'one'"),
        ("run/c.avi 0", r"train\.txt:3: run/c\.avi has a line already"),
    ],
)
def test_a_broken_line_of_a_list_is_named(tmp_path: Path, line: str, said: str) -> None:
    write_action_lists(tmp_path)
    with (tmp_path / "train.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ConfigError, match=said):
        load_jhmdb(tmp_path)


def test_missing_and_empty_lists_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no trainlist01\.txt here or in ucfTrainTestlist"):
        load_ucf101(tmp_path)
    write(tmp_path / "train.txt", "a.avi 1")
    with pytest.raises(ConfigError, match=r"test\.txt cannot be read"):
        load_ucf101(tmp_path)
    write(tmp_path / "test.txt")
    with pytest.raises(ConfigError, match="the test list of UCF101 is empty"):
        load_ucf101(tmp_path)
