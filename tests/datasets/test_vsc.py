from pathlib import Path

import pytest
from miniature_datasets import SEGMENTS_HEADER, write, write_vsc2022

from vdup.datasets.base import Presence, presence
from vdup.datasets.segments import Segment
from vdup.datasets.vsc import load_vsc2022
from vdup.errors import ConfigError


def test_a_split(tmp_path: Path) -> None:
    write_vsc2022(tmp_path)
    vsc = load_vsc2022(tmp_path)
    assert vsc.segments == (Segment("Q100001", "R100002", 2.5, 12.5, 30, 40),)
    assert presence(vsc.queries) == Presence(present=2, missing=1)
    assert [video.id for video in vsc.references] == ["R100001", "R100002"]
    assert vsc.references[0].path == tmp_path / "reference" / "R100001.mp4"
    assert vsc.durations_seconds["Q100003"] == 30.0


def test_without_metadata_the_videos_are_those_that_are_there(tmp_path: Path) -> None:
    write_vsc2022(tmp_path)
    for file in tmp_path.glob("*_metadata.csv"):
        file.unlink()
    vsc = load_vsc2022(tmp_path)
    assert presence(vsc.queries) == Presence(present=2, missing=0)
    assert vsc.durations_seconds == {}


def test_the_names_of_the_download(tmp_path: Path) -> None:
    write_vsc2022(tmp_path)
    (tmp_path / "query").rename(tmp_path / "queries")
    (tmp_path / "reference").rename(tmp_path / "refs")
    (tmp_path / "train_matching_ground_truth.csv").rename(tmp_path / "ground_truth.csv")
    assert presence(load_vsc2022(tmp_path).references) == Presence(present=2, missing=0)


def test_two_ground_truths_are_one_too_many(tmp_path: Path) -> None:
    write_vsc2022(tmp_path)
    write(tmp_path / "test_matching_ground_truth.csv", SEGMENTS_HEADER)
    with pytest.raises(ConfigError, match=r"test_matching_ground_truth\.csv and train_matching_.*: keep one"):
        load_vsc2022(tmp_path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no ground truth; it is called ground_truth\.csv or"):
        load_vsc2022(tmp_path)
    write_vsc2022(tmp_path)
    write(tmp_path / "train_query_metadata.csv", "video_id,duration_sec", "Q100001,long")
    with pytest.raises(ConfigError, match=r"train_query_metadata\.csv:2: duration_sec must be a number, got 'long'"):
        load_vsc2022(tmp_path)
    write(tmp_path / "train_query_metadata.csv", "id", "Q100001")
    with pytest.raises(ConfigError, match=r"train_query_metadata\.csv:1: no column video_id"):
        load_vsc2022(tmp_path)
