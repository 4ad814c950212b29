from pathlib import Path

import pytest
from miniature_datasets import SEGMENTS_HEADER, write, write_search_folder

from vdup.datasets.base import Presence, presence
from vdup.datasets.search_folder import load_search_folder
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError


def test_a_folder(tmp_path: Path) -> None:
    write_search_folder(tmp_path / "bench")
    bench = load_search_folder(tmp_path / "bench")
    assert bench.name == "bench"
    assert bench.segments[0] == Segment("Q0", "R1", 4.84, 15.12, 0, 10.28)
    assert [video.id for video in bench.queries] == ["Q0", "Q1", "Q2", "Q3"]
    assert presence(bench.queries) == Presence(present=3, missing=1)
    assert bench.queries[2].path == tmp_path / "bench" / "queries" / "Q2.mkv"
    assert [video.id for video in bench.references] == ["R0", "R1"]
    assert bench.edits == {"Q0": ["crop"], "Q1": ["blur+flip"], "Q2": ["none"], "Q3": ["crop"]}


def test_ids_have_extensions_when_the_truth_has_them(tmp_path: Path) -> None:
    write_search_folder(tmp_path)
    (tmp_path / "edits.csv").unlink()
    write(tmp_path / "gt.csv", SEGMENTS_HEADER, "Q0.mp4,R1,1,2,3,4")
    bench = load_search_folder(tmp_path)
    assert [video.id for video in bench.queries] == ["Q0.mp4", "Q1.mp4", "Q2.mkv"]
    assert [video.id for video in bench.references] == ["R0", "R1"]
    assert presence((*bench.queries, *bench.references)) == Presence(present=5, missing=0)
    assert bench.edits == {}


def test_features_of_both_sides_may_share_a_folder_or_not(tmp_path: Path) -> None:
    write_search_folder(tmp_path)
    for name in ("all/Q0.pkl", "all/R1.pkl", "apart/queries/Q0.pkl", "apart/refs/R1.pkl"):
        write(tmp_path / name)
    for name in ("all", "apart"):
        bench = load_search_folder(tmp_path, features=Path(name))
        assert [video.id for video in bench.queries if video.path is not None] == ["Q0"]
        assert [video.id for video in bench.references if video.path is not None] == ["R1"]


def test_a_folder_without_videos_is_named(tmp_path: Path) -> None:
    write(tmp_path / "gt.csv", SEGMENTS_HEADER)
    with pytest.raises(ConfigError, match="there is no video in queries or query and no annotation names one"):
        load_search_folder(tmp_path)


def test_a_missing_or_broken_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gt\.csv cannot be read"):
        load_search_folder(tmp_path)
    write(tmp_path / "gt.csv", SEGMENTS_HEADER, "Q0,R1,1,2,3,x")
    with pytest.raises(ConfigError, match=r"gt\.csv:2: ref_end must be a number, got 'x'"):
        load_search_folder(tmp_path)
