from pathlib import Path

import pytest
from miniature_datasets import write, write_json, write_vcdb, write_vcdb_boxes

from vdup.datasets.base import Presence, presence
from vdup.datasets.segments import Segment
from vdup.datasets.vcdb import BEYOND_THE_END, BROKEN, MIRRORED, load_vcdb, turned_round
from vdup.errors import ConfigError


def test_the_form_of_the_publishers(tmp_path: Path) -> None:
    write_vcdb(tmp_path)
    vcdb = load_vcdb(tmp_path)
    assert vcdb.segments[:3] == (
        Segment("goal/a.flv", "goal/b.mp4", 10, 20, 30, 40),
        Segment("goal/b.mp4", "goal/a.flv", 0, 10, 40, 50),
        Segment("goal/b.mp4", "goal/c.flv", 5, 15, 3605, 3615),
    )
    assert len(vcdb.segments) == 4
    assert [segment.query_end_seconds for segment in vcdb.whole_videos] == [60, 40]
    assert presence(vcdb.videos) == Presence(present=4, missing=1)
    assert vcdb.queries == vcdb.references == vcdb.videos
    assert vcdb.videos[0].path == tmp_path / "videos" / "goal" / "a.flv"


def test_what_was_left_out_is_told_with_its_lines(tmp_path: Path) -> None:
    write_vcdb(tmp_path)
    left_out = {skipped.reason: skipped.places for skipped in load_vcdb(tmp_path).skipped}
    assert left_out == {
        MIRRORED: (f"{tmp_path}/annotation/goal.txt:5",),
        BROKEN: (f"{tmp_path}/annotation/obama_kicks_door.txt:1",),
    }


def test_all_three_broken_lines_are_left_out(tmp_path: Path) -> None:
    for number, (first, second, start) in enumerate(sorted(BEYOND_THE_END)):
        topic, _, name = first.partition("/")
        other = second.partition("/")[2]
        minutes, seconds = divmod(int(start), 60)
        write(
            tmp_path / "annotation" / f"{topic}.txt",
            f"{name},{other},00:00:0{number},00:00:09,00:00:00,00:00:09",
            f"{name},{other},00:{minutes:02d}:{seconds:02d},00:04:00,00:01:04,00:03:18",
        )
    vcdb = load_vcdb(tmp_path)
    assert len(vcdb.segments) == 3
    assert [(skipped.reason, len(skipped.places)) for skipped in vcdb.skipped] == [(BROKEN, 3)]


def test_published_features_lie_under_their_topics(tmp_path: Path) -> None:
    write_vcdb(tmp_path)
    write(tmp_path / "rmac_resnet34_29" / "goal" / "b.pkl")
    write(tmp_path / "rmac_resnet34_29" / "a.pkl")  # of which topic?
    there = {video.id: video.path for video in load_vcdb(tmp_path, features=Path("rmac_resnet34_29")).videos}
    assert [name for name, path in there.items() if path is not None] == ["goal/b.mp4"]


def test_the_form_of_transvcl(tmp_path: Path) -> None:
    write_vcdb_boxes(tmp_path)
    vcdb = load_vcdb(tmp_path)
    assert vcdb.segments == (
        Segment("a", "b", 10, 20, 30, 40),
        Segment("a", "b", 40, 50, 0, 10),
        Segment("b", "c", 5, 15, 3605, 3615),
    )
    assert vcdb.whole_videos == (Segment("a", "a", 0, 60, 0, 60),)
    assert [video.path and video.path.name for video in vcdb.videos] == ["a.flv", "b.mp4", None]


def test_a_segment_turned_round() -> None:
    segment = Segment("a", "b", 1, 2, 3, 4)
    assert turned_round(segment) == Segment("b", "a", 3, 4, 1, 2)
    assert turned_round(turned_round(segment)) == segment


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a.flv,b.flv,00:00:00,00:00:10,00:00:00", "a line must be 'fileA,fileB,startA,endA,startB,endB'"),
        ("a.flv,,00:00:00,00:00:10,00:00:00,00:00:10", "a line must be"),
        ("a.flv,b.flv,00:00,00:00:10,00:00:00,00:00:10", "a time must be HH:MM:SS, got '00:00'"),
        ("a.flv,b.flv,00:00:-1,00:00:10,00:00:00,00:00:10", "must be a whole number, got '-1'"),
        ("a.flv,b.flv,00:00:00,00:00:60,00:00:00,00:00:10", "a time must be HH:MM:SS, got '00:00:60'"),
        ("a.flv,b.flv,00:00:10,00:00:10,00:00:00,00:00:10", "a stretch must end behind its start"),
        ("a.flv,b.flv,00:00:00,00:00:10,00:00:10,00:00:05", "a stretch must end behind its start"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    write(tmp_path / "annotation" / "goal.txt", "a.flv,a.flv,00:00:00,00:01:00,00:00:00,00:01:00", line)
    with pytest.raises(ConfigError, match=r"goal\.txt:2: ") as caught:
        load_vcdb(tmp_path)
    assert said in str(caught.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"VCDB needs annotation/<topic>\.txt, or pair_file\.csv"):
        load_vcdb(tmp_path)
    write(tmp_path / "pair_file.csv", "query_id,reference_id", "a,b")
    with pytest.raises(ConfigError, match=r"label_file\.json cannot be read"):
        load_vcdb(tmp_path)
    (tmp_path / "annotation").mkdir()
    with pytest.raises(ConfigError, match=r"annotation: there is no <topic>\.txt"):
        load_vcdb(tmp_path)


def test_a_box_of_an_unlisted_pair_is_named(tmp_path: Path) -> None:
    write_vcdb_boxes(tmp_path)
    write_json(tmp_path / "label_file.json", {"a-c": [[0, 0, 1, 1]]})
    with pytest.raises(ConfigError, match=r"label_file\.json: 'a-c' is no pair of .*pair_file\.csv"):
        load_vcdb(tmp_path)
