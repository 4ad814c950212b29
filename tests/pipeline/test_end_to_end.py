"""The commands on real files with the model that ships with vdup."""

import csv
import json
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Never

import numpy as np
import pytest
from command_runner import CommandResult, run_command
from PIL import Image
from video_factory import write_sound_only

from examples.demo import clips_folder
from examples.footage import FRAMES_PER_SECOND, Picture, read_clip
from vdup.errors import LibraryLockedError
from vdup.index import main as index_command
from vdup.library import main as library_command
from vdup.pipeline.encoder import Encoder
from vdup.pipeline.library import Library
from vdup.query import main as query_command
from vdup.video.writer import write_video

pytestmark = pytest.mark.slow

QUICK = ("matcher.mirror=false", "sampling.query_fps=1")

COPY_START, COPY_END, LEAD = 1, 9, 3
"""Seconds of the reference that the query shows, after this many seconds of something else."""

SIZE = (480, 208)


def clip(name: str, start_seconds: float, end_seconds: float) -> Iterator[Picture]:
    """A stretch of one of the real clips, all of one size."""
    frames = round((end_seconds - start_seconds) * FRAMES_PER_SECOND)
    for picture in read_clip(clips_folder() / name, start_seconds, frames):
        yield np.asarray(Image.fromarray(picture).resize(SIZE))


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``refs/`` with two videos, ``queries/`` with one that copies from the first and one that copies nothing."""
    folder = tmp_path_factory.mktemp("footage")
    (folder / "refs" / "deep er").mkdir(parents=True)
    (folder / "queries").mkdir()
    for path, frames in (
        ("refs/first, (1).mp4", clip("bikes.mp4", 0, 10)),
        ("refs/deep er/zweite ä.mp4", clip("carphone_pristine.mp4", 0, 4)),
        (
            "queries/copy.mp4",
            chain(clip("bigbuckbunny.mp4", 0, LEAD), clip("bikes.mp4", COPY_START, COPY_END)),
        ),
        ("queries/fresh.mp4", clip("bigbuckbunny.mp4", 0, 5)),
    ):
        write_video(folder / path, frames, FRAMES_PER_SECOND)
    return folder


@pytest.fixture(scope="module")
def indexed(footage: Path) -> CommandResult:
    return run_command(index_command, footage, "videos=refs", "library=my library")


def query(footage: Path, *words: str) -> CommandResult:
    return run_command(query_command, footage, "library=my library", *words)


def manage(footage: Path, library: str, *words: str) -> CommandResult:
    return run_command(library_command, footage, f"library={library}", *words)


def test_index(indexed: CommandResult) -> None:
    assert indexed.code == 0, indexed.err
    assert "my library: 2 indexed, 0 unchanged, 0 skipped, 0 failed" in indexed.out
    assert " s of video indexed in " in indexed.out
    assert "indexing: 2 of 2 videos" in indexed.err


def test_second_run_computes_nothing(footage: Path, indexed: CommandResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(self: Encoder, images: object, mirrored: bool = False) -> Never:
        raise AssertionError("a known video was encoded again")

    monkeypatch.setattr(Encoder, "encode", encode)
    again = run_command(index_command, footage, "videos=refs", "library=my library")
    assert again.code == 0, again.err
    assert "my library: 0 indexed, 2 unchanged, 0 skipped, 0 failed" in again.out


def test_closing_gives_the_library_back(footage: Path, indexed: CommandResult) -> None:
    with Library.open(footage / "my library") as first, pytest.raises(LibraryLockedError):
        Library.open(footage / "my library")
    with Library.open(footage / "my library") as second:
        assert [video.id for video in second.videos()] == ["deep er/zweite ä.mp4", "first, (1).mp4"]
    assert first.config == second.config


def test_query_finds_the_copy_at_its_times(footage: Path, indexed: CommandResult) -> None:
    done = query(footage, "videos=queries", "output=found/matches.csv")
    assert done.code == 0, done.err
    with (footage / "found" / "matches.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["query_id"], row["ref_id"]) for row in rows} == {("copy.mp4", "first, (1).mp4")}
    best = rows[0]
    assert float(best["score"]) >= 0.5
    assert [float(best[name]) for name in ("query_start", "query_end", "ref_start", "ref_end")] == pytest.approx(
        [LEAD, LEAD + COPY_END - COPY_START, COPY_START, COPY_END], abs=1.5
    )
    assert "first, (1).mp4" in done.out
    assert "nothing found in my library for fresh.mp4" in done.out


def test_nothing_found_is_no_failure(footage: Path, indexed: CommandResult) -> None:
    done = query(footage, "videos=queries/fresh.mp4", "output=none.jsonl", *QUICK)
    assert done.code == 0, done.err
    assert done.out.startswith("nothing found in my library for fresh.mp4\n")
    assert (footage / "none.jsonl").read_text() == ""


def test_json_document(footage: Path, indexed: CommandResult) -> None:
    done = query(footage, "videos=queries/copy.mp4", "output=matches.json", "matcher.threshold=0.4", *QUICK)
    assert done.code == 0, done.err
    document = json.loads((footage / "matches.json").read_text())
    manifest = json.loads((footage / "my library" / "manifest.json").read_text())
    assert document["model_fingerprint"] == manifest["fingerprint"]
    assert document["settings"]["matcher"]["threshold"] == 0.4
    [asked] = document["queries"]
    assert asked["query_id"] == "copy.mp4"
    assert asked["duration_seconds"] == pytest.approx(LEAD + COPY_END - COPY_START, abs=0.5)
    evidence = document["matches"][0]["evidence"]
    assert 0 < evidence["frames_matched"] <= evidence["frames_compared"]
    assert evidence["time_offset_seconds"] == pytest.approx(COPY_START - LEAD, abs=1.5)
    assert not evidence["mirrored"]
    assert document["matches"][0]["speed"] == pytest.approx(1.0, abs=0.1)


def test_bad_file_does_not_stop_the_others(footage: Path, tmp_path: Path) -> None:
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "a broken.mp4").write_bytes(b"no video at all" * 100)
    write_sound_only(tmp_path / "batch" / "sound.mp4")
    shutil.copy(footage / "queries" / "fresh.mp4", tmp_path / "batch" / "good.mp4")
    done = run_command(index_command, tmp_path, "videos=batch")
    assert done.code == 1
    assert "1 indexed, 0 unchanged, 0 skipped, 2 failed" in done.out
    assert "failed: a broken.mp4: " in done.err
    listed = manage(tmp_path, "library", "action=list")
    assert [line.split("  ")[0] for line in listed.out.splitlines()[1:]] == ["a broken.mp4", "good.mp4", "sound.mp4"]
    searched = run_command(query_command, tmp_path, "videos=batch", "output=m.json", *QUICK)
    assert searched.code == 1
    queries = json.loads((tmp_path / "m.json").read_text())["queries"]
    assert [(one["query_id"], one["error"] is None, one["matches"]) for one in queries] == [
        ("a broken.mp4", False, 0),
        ("good.mp4", True, 1),
        ("sound.mp4", False, 0),
    ]


def test_remove_and_index_again(footage: Path, indexed: CommandResult, tmp_path: Path) -> None:
    shutil.copytree(footage / "my library", tmp_path / "library")
    wrong = manage(tmp_path, "library", "action=remove", "ids=first (1).mp4")
    assert wrong.code == 1
    assert "Did you mean first, (1).mp4?" in wrong.err
    removed = manage(tmp_path, "library", "action=remove", "ids=['first, (1).mp4']")
    assert removed.code == 0, removed.err
    assert removed.out.startswith("removed first, (1).mp4\n")
    searched = run_command(query_command, tmp_path, f"videos={footage / 'queries' / 'copy.mp4'}", *QUICK)
    assert searched.code == 0, searched.err
    assert "nothing found in library for copy.mp4" in searched.out
    for action in ("rebuild", "check", "stats"):
        done = manage(tmp_path, "library", f"action={action}")
        assert done.code == 0, done.err
    assert "videos indexed" in done.out


def test_library_that_does_not_exist(footage: Path) -> None:
    done = run_command(query_command, footage, "videos=queries", "library=nowhere")
    assert done.code == 1
    assert done.err.startswith("error: there is no library at nowhere.")
    assert not (footage / "nowhere").exists()


def test_a_clip_of_a_second_is_found(tmp_path: Path) -> None:
    (tmp_path / "refs").mkdir()
    for name, source, start in (("a", "bikes.mp4", 3), ("b", "bigbuckbunny.mp4", 1)):
        write_video(tmp_path / "refs" / f"{name}.mp4", clip(source, start, start + 1), FRAMES_PER_SECOND)
    smaller = (np.asarray(Image.fromarray(frame).resize((240, 104))) for frame in clip("bikes.mp4", 3, 4))
    write_video(tmp_path / "smaller.mp4", smaller, FRAMES_PER_SECOND)
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "refs")
        [match] = library.search(tmp_path / "smaller.mp4")
    assert (match.reference_id, match.identical) == ("a.mp4", False)
    assert (match.query_start_seconds, match.query_end_seconds) == pytest.approx((0.0, 1.0), abs=0.2)
    assert (match.reference_start_seconds, match.reference_end_seconds) == pytest.approx((0.0, 1.0), abs=0.2)
