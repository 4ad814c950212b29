"""The commands on files that must not be read, or that show too little, among files that are sound."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_runner import CommandResult, run_command
from special_files import named_pipe
from video_factory import regular_times, write_numbered, write_pictures

from vdup.features.__main__ import main as features_command
from vdup.index import main as index_command
from vdup.query import main as query_command

pytestmark = pytest.mark.slow

REASONS = {
    "device.mp4": "cannot be read: it is a device, not a regular file",
    "list.mp4": "is a playlist, which only names other files and is not followed",
    "one pixel.webm": "its picture of 1x1 pixels is too small to tell one video from another",
    "pipe.mp4": "cannot be read: it is a named pipe, not a regular file",
}
SOUND = ("concat:wide.mp4", "narrow.mp4", "wide.mp4")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``films``; a pipe is added by each test."""
    folder = tmp_path_factory.mktemp("odd") / "films"
    folder.mkdir()
    for name, size in (("wide.mp4", (160, 96)), ("narrow.mp4", (96, 160)), ("concat:wide.mp4", (128, 96))):
        write_numbered(folder / name, regular_times(40, 5), width=size[0], height=size[1])
    pictures = [np.full((1, 1, 3), 40 * number, np.uint8) for number in range(5)]
    write_pictures(folder / "one pixel.webm", pictures, regular_times(5, 1), codec="libvpx-vp9")
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile wide.mp4\n")
    (folder / "device.mp4").symlink_to("/dev/zero")
    return folder


@pytest.fixture(scope="module")
def indexed(films: Path) -> CommandResult:
    with named_pipe(films / "pipe.mp4") as pipe:
        result = run_command(index_command, films, "videos=.", "library=../library")
        pipe.unlink()
    return result


def test_index(indexed: CommandResult) -> None:
    assert indexed.code == 1
    assert "3 indexed, 0 unchanged, 1 skipped, 3 failed" in indexed.out
    skipped, failed = indexed.out.split("skipped:")[1].split("failed:")
    for name, reason in REASONS.items():
        place = skipped if name == "one pixel.webm" else failed
        assert f"{name}: " in place
        assert reason in place
    assert "Traceback" not in indexed.out + indexed.err


def test_query(films: Path, indexed: CommandResult) -> None:
    with named_pipe(films / "pipe.mp4") as pipe:
        result = run_command(
            query_command, films, "videos=.", "library=../library", "output=../found.json", "matcher.mirror=false"
        )
        pipe.unlink()
    assert result.code == 1
    queries = {query["query_id"]: query for query in json.loads((films / "../found.json").read_text())["queries"]}
    assert {name for name, query in queries.items() if query["error"] is not None} == set(REASONS)
    for name, reason in REASONS.items():
        assert reason in queries[name]["error"]
    assert set(queries) == {*REASONS, *SOUND}
    assert "Traceback" not in result.out + result.err


def test_features(films: Path) -> None:
    with named_pipe(films / "pipe.mp4") as pipe:
        result = run_command(features_command, films, "videos=.", "output=../features")
        pipe.unlink()
    assert result.code == 1
    assert "3 written, 0 current, 4 failed" in result.out
    for name, reason in REASONS.items():
        assert f"{name}: " in result.out
        assert reason in result.out
