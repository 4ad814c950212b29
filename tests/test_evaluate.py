"""The command itself: words to numbers, exit codes, messages."""

import json
from pathlib import Path

import pytest
from command_runner import run_command
from miniature_datasets import SEGMENTS_HEADER, write, write_search_folder

from vdup.evaluate import main


def test_a_folder_with_predictions(tmp_path: Path) -> None:
    """Of 20.28 true seconds 10.28 are found, and nothing wrong."""
    write_search_folder(tmp_path / "my data")
    write(tmp_path / "found.csv", f"{SEGMENTS_HEADER},score", "Q0.mp4,R1.mp4,4.84,15.12,0,10.28,0.9")
    words = ("dataset=folder", "data.root=my data", "predictions=found.csv", "output=o.json", "plots=pictures")
    result = run_command(main, tmp_path, *words)
    assert result.code == 0, result.err
    assert "my data, matching track (VSC2022), file found.csv" in result.out
    document = json.loads((tmp_path / "o.json").read_text())
    assert abs(document["measures"]["segment AP"] - 10.28 / 20.28) < 1e-9
    assert (tmp_path / "pictures" / "recall_by_edit.csv").exists()


def test_a_wrong_annotation_is_wrong_use(tmp_path: Path) -> None:
    write_search_folder(tmp_path / "data")
    write(tmp_path / "data" / "gt.csv", SEGMENTS_HEADER, "Q0,R1,0,5,0,5", "Q1,R1,0,five,0,5")
    result = run_command(main, tmp_path, "dataset=folder", "data.root=data", "output=o.json")
    assert result.code == 2
    assert "gt.csv:3: query_end must be a number, got 'five'" in result.err
    assert not (tmp_path / "o.json").exists()


def test_help_needs_no_data_set(tmp_path: Path) -> None:
    result = run_command(main, tmp_path, "--help")
    assert (result.code, result.err) == (0, "")
    assert "python -m vdup.evaluate dataset=NAME data.root=DIR" in result.out
    assert "kept_videos: 1000" in result.out


def test_without_a_data_set(tmp_path: Path) -> None:
    result = run_command(main, tmp_path, "data.root=data")
    assert result.code == 2
    assert result.err.startswith("wrong use: no dataset is chosen; choose one as dataset=NAME")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("data.root=gone",), "data.root=gone: there is no such folder"),
        (("data.root=data", "plots=a_file"), "plots=a_file: this folder cannot be made: File exists"),
        (("data.root=data", "plots=a_file/plots"), "plots=a_file/plots: this folder cannot be made: Not a directory"),
    ],
)
def test_wrong_folders_are_seen_before_the_work(words: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    write_search_folder(tmp_path / "data")
    (tmp_path / "a_file").write_text("")
    result = run_command(main, tmp_path, "dataset=folder", *words)
    assert (result.code, result.err.strip()) == (2, f"wrong use: {expected}")
