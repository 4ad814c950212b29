from pathlib import Path

import pytest
from miniature_datasets import write, write_json, write_vcsl

from vdup.datasets.base import Presence, presence
from vdup.datasets.segments import Segment
from vdup.datasets.vcsl import load_vcsl, load_vcsl_test, load_vcsl_val
from vdup.errors import ConfigError


def test_the_test_split(tmp_path: Path) -> None:
    write_vcsl(tmp_path)
    vcsl = load_vcsl_test(tmp_path)
    assert vcsl.name == "VCSL test"
    assert vcsl.pairs == (("q1", "r1"), ("q1", "r2"), ("q2", "r1"))
    assert vcsl.segments == {
        ("q1", "r1"): (Segment("q1", "r1", 0, 20, 10, 30), Segment("q1", "r1", 30, 40, 50, 60)),
        ("q1", "r2"): (Segment("q1", "r2", 5, 15, 0, 12),),
    }
    assert vcsl.query_sets == {"a": (("q1", "r1"), ("q1", "r2")), "b": (("q2", "r1"),)}
    assert [video.id for video in vcsl.queries] == ["q1", "q2"]
    assert presence(vcsl.references) == Presence(present=1, missing=1)
    assert vcsl.frame_counts["r1"] == 70
    assert vcsl.urls == {"q1": "https://example.org/watch?v=1", "r1": "https://example.org/2"}


def test_another_split_has_its_own_pairs(tmp_path: Path) -> None:
    write_vcsl(tmp_path)
    vcsl = load_vcsl_val(tmp_path)
    assert vcsl.pairs == (("q3", "r1"),)
    assert list(vcsl.segments) == [("q3", "r1")]
    with pytest.raises(ValueError, match="split must be one of train, val, test"):
        load_vcsl(tmp_path, "all")


def test_files_that_may_be_missing(tmp_path: Path) -> None:
    write_vcsl(tmp_path)
    for name in ("split_meta_pairs.json", "frames_all.csv", "videos_url_uuid.csv"):
        (tmp_path / "data" / name).unlink()
    vcsl = load_vcsl_test(tmp_path)
    assert (vcsl.query_sets, vcsl.frame_counts, vcsl.urls) == (None, {}, {})


def test_folders_of_frames_stand_for_videos(tmp_path: Path) -> None:
    write_vcsl(tmp_path, place=lambda path: None)
    for number in range(45):
        write(tmp_path / "frames" / "q1" / f"{number:05d}.jpg")
    for number in range(19):  # one of 20 is missing
        write(tmp_path / "frames" / "q2" / f"{number:05d}.jpg")
    there = {video.id: video.path for video in load_vcsl_test(tmp_path).queries}
    assert there == {"q1": tmp_path / "frames" / "q1", "q2": None}


def test_published_features(tmp_path: Path) -> None:
    write_vcsl(tmp_path)
    write(tmp_path / "isc" / "q2.npy")
    assert [video.path and video.path.name for video in load_vcsl_test(tmp_path, features=Path("isc")).queries] == [
        None,
        "q2.npy",
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("split_meta_pairs.json", {"val": {}}, r"'test' in it an object of query sets"),
        ("split_meta_pairs.json", {"test": {"a": []}}, r"the query set 'a' of 'test' must be a list of pairs"),
        ("split_meta_pairs.json", {"test": {"a": ["q3-r1"]}}, r"'q3-r1' of the query set 'a' is no pair of the split"),
        ("label_file_uuid_total.json", {"q1-r1": [[3, 3, 2, 2]]}, r"'q1-r1': a box must end behind its start"),
    ],
)
def test_broken_json_is_named(tmp_path: Path, name: str, value: object, said: str) -> None:
    write_vcsl(tmp_path)
    write_json(tmp_path / "data" / name, value)
    with pytest.raises(ConfigError, match=rf"{name}: .*{said}"):
        load_vcsl_test(tmp_path)


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("frames_all.csv", ["uuid,path", "q1,q1"], r"frames_all\.csv:1: no column frame_count"),
        ("frames_all.csv", ["uuid,path,frame_count", "q1,q1,few"], r"frames_all\.csv:2: frame_count must be a whole"),
        (
            "frames_all.csv",
            ["uuid,path,frame_count", "q1,q1,1", "q1,q1,1"],
            r"frames_all\.csv:3: q1 has a line",
        ),
        ("videos_url_uuid.csv", ["url,uuid", ",q1"], r"videos_url_uuid\.csv:2: url is empty"),
        ("pair_file_test.csv", ["query_id,ref", "a,b"], r"pair_file_test\.csv:1: no column reference_id"),
    ],
)
def test_broken_tables_are_named(tmp_path: Path, name: str, lines: list[str], said: str) -> None:
    write_vcsl(tmp_path)
    write(tmp_path / "data" / name, *lines)
    with pytest.raises(ConfigError, match=said):
        load_vcsl_test(tmp_path)


@pytest.mark.parametrize("name", ["pair_file_test.csv", "label_file_uuid_total.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    write_vcsl(tmp_path)
    (tmp_path / "data" / name).unlink()
    with pytest.raises(ConfigError, match=rf"{name} cannot be read"):
        load_vcsl_test(tmp_path)
