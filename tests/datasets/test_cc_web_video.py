from pathlib import Path

import pytest
from miniature_datasets import (
    CC_NAMES,
    write,
    write_cc_web_video,
    write_cc_web_video_pickle,
    write_pickle,
)

from vdup.datasets.base import Presence, presence
from vdup.datasets.cc_web_video import QuerySet, load_cc_web_video
from vdup.errors import ConfigError


def test_the_form_of_the_publishers(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    web = load_cc_web_video(tmp_path)
    assert web.query_sets == (
        QuerySet(1, "1", {"1": "E", "2": "S", "3": "X"}, None),
        QuerySet(2, "4", {"4": "E", "5": "-1", "7": "M"}, None),
    )
    assert [video.id for video in web.queries] == ["1", "4"]
    assert [video.id for video in web.references] == list(CC_NAMES)
    assert presence(web.references) == Presence(present=5, missing=1)
    assert web.references[1].path == tmp_path / "videos" / "1" / "1_2_G.flv"
    assert web.names["2/2_4_Y"] == "7"


def test_the_pickle_tells_what_the_clean_labels_leave_out(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    write_cc_web_video_pickle(tmp_path)
    assert [each.excluded for each in load_cc_web_video(tmp_path).query_sets] == [frozenset(("2",)), frozenset()]


def test_the_pickle_alone_tells_the_same(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    write_cc_web_video_pickle(tmp_path)
    whole = load_cc_web_video(tmp_path)
    (tmp_path / "Video_Complete.txt").unlink()
    alone = load_cc_web_video(tmp_path)
    assert (alone.query_sets, alone.names, alone.queries) == (whole.query_sets, whole.names, whole.queries)
    assert alone.references == whole.references


def test_the_short_list_and_other_folders(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    (tmp_path / "Ground").rename(tmp_path / "GT")
    (tmp_path / "GT" / "GT_1.rst").rename(tmp_path / "GT" / "GT1.rst")
    for number, name in CC_NAMES.items():
        with (tmp_path / "Video_List.txt").open("a", encoding="latin-1") as file:
            file.write(f'"{number}"\t{name[0]}\t"YouTube"\t"{name[2:]}.flv"\n')
    (tmp_path / "Video_Complete.txt").write_text("not read")
    assert load_cc_web_video(tmp_path).query_sets[0].labels == {"1": "E", "2": "S", "3": "X"}


def test_a_byte_order_mark_is_no_part_of_a_number(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    for name in ("Seed.txt", "Ground/GT_1.rst"):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    write(tmp_path / "Video_List.txt", *(f"{n}\t{v[0]}\tYouTube\t{v[2:]}.flv" for n, v in CC_NAMES.items()))
    path = tmp_path / "Video_List.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    web = load_cc_web_video(tmp_path)
    assert len(web.references) == 6
    assert len(web.query_sets[0].labels) == 3


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        (
            "Video_Complete.txt",
            "8\t1\tYouTube",
            r"Complete\.txt:8: a line must have number, query, source",
        ),
        (
            "Video_Complete.txt",
            "x\t1\tYouTube\ta.flv",
            r"Complete\.txt:8: the number of the video must be a",
        ),
        ("Video_Complete.txt", "1\t1\tYouTube\ta.flv", r"Complete\.txt:8: the video 1 has a line already"),
        ("Seed.txt", "*3", r"Seed\.txt:3: a line must be '\*query video'"),
        ("Seed.txt", "*3 99", r"Seed\.txt:3: the video 99 is not in the list of videos"),
        ("Seed.txt", "*2 1", r"Seed\.txt:3: the query 2 has a line already"),
        ("Seed.txt", "*3 1", r"Ground: there is no GT_3\.rst"),
        ("Ground/GT_1.rst", "7 Y", r"GT_1\.rst:4: a line must be 'video label'"),
        ("Ground/GT_1.rst", "99 E", r"GT_1\.rst:4: the video 99 is not in the list"),
        ("Ground/GT_1.rst", "1 S", r"GT_1\.rst:4: the video 1 has a label already"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, name: str, line: str, said: str) -> None:
    write_cc_web_video(tmp_path)
    with (tmp_path / name).open("a", newline="") as file:
        file.write(line + "\r\n")
    with pytest.raises(ConfigError, match=said):
        load_cc_web_video(tmp_path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    write_cc_web_video(tmp_path)
    for name in ("GT_1.rst", "GT_2.rst"):
        (tmp_path / "Ground" / name).unlink()
    (tmp_path / "Ground").rmdir()
    with pytest.raises(ConfigError, match="there is neither Ground/ nor GT/"):
        load_cc_web_video(tmp_path)
    (tmp_path / "Seed.txt").unlink()
    with pytest.raises(ConfigError, match=r"Seed\.txt cannot be read"):
        load_cc_web_video(tmp_path)
    (tmp_path / "Video_Complete.txt").unlink()
    with pytest.raises(ConfigError, match=r"needs Video_List\.txt or Video_Complete\.txt, or cc_web_video\.pickle"):
        load_cc_web_video(tmp_path)


WHOLE = {"index": {"1/1_1_Y": 1}, "queries": ["1/1_1_Y"], "ground_truth": [{1: "E"}], "excluded": [set()]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"index": {"1/1_1_Y": "1"}}, "'index' must be a dictionary of the numbers"),
        ({"ground_truth": []}, "must be lists of one length"),
        ({"ground_truth": [{1: "Q"}]}, "the labels of the query 1 must be of"),
        ({"queries": ["2/2_1_Y"]}, "the query '2/2_1_Y' is not in 'index'"),
        ({"excluded": {1}}, "'excluded' must be a list of sets"),
    ],
)
def test_a_broken_pickle_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    write_pickle(tmp_path / "cc_web_video.pickle", WHOLE | change)
    with pytest.raises(ConfigError, match=rf"cc_web_video\.pickle: .*{said}"):
        load_cc_web_video(tmp_path)
