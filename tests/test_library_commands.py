"""``vdup.duplicates`` and ``vdup.calibrate`` from their words to their files, on a library of small real videos."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_runner import CommandResult, run_command
from numpy.typing import NDArray
from video_factory import numbered_picture, regular_times, write_pictures

from vdup.calibrate import main as calibrate
from vdup.duplicates import main as duplicates
from vdup.index import main as index
from vdup.query import main as query

SMALL = ("library=films.library", "sampling.workers=1")


def scenes() -> Iterator[NDArray[np.uint8]]:
    """Eight seconds, ten pictures each: patches of colour that no two seconds share."""
    random = np.random.default_rng(0)
    for _ in range(8):
        patches = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        yield from [patches.repeat(24, axis=0).repeat(24, axis=1)] * 10


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of two films and a copy of the first."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "films").mkdir()
    pictures = {"a": [numbered_picture(number) for number in range(80)], "b": list(scenes())}
    for name, shown in pictures.items():
        write_pictures(folder / "films" / f"{name}.mp4", shown, regular_times(80, 10))
    shutil.copy(folder / "films" / "a.mp4", folder / "films" / "copy.mp4")
    done = run_command(index, folder, "videos=films", *SMALL)
    assert done.code == 0, done.err
    return folder


def found(folder: Path, *words: str) -> CommandResult:
    return run_command(duplicates, folder, *SMALL, *words)


def test_a_copy_is_found_marked_and_found_again(place: Path) -> None:
    done = found(place, "output=groups.csv")
    assert done.code == 0, done.err
    rows = list(csv.DictReader((place / "groups.csv").read_text().splitlines()))
    assert [row["video_id"] for row in rows] == ["a.mp4", "copy.mp4"]
    assert "1 group" in done.out
    done = found(place, "not_duplicates=[a.mp4,copy.mp4]", "output=groups.json")
    assert (done.code, json.loads((place / "groups.json").read_text())["groups"]) == (0, [])
    assert "0 groups" in found(place).out
    assert "1 group" in found(place, "duplicates_after_all=[copy.mp4,a.mp4]").out


def test_only_a_copy_that_is_there_may_go_for_one_that_is_there(place: Path) -> None:
    films, away = place / "films", place / "away.mp4"
    assert proposals(place) == {"a.mp4": "keep", "copy.mp4": "remove"}
    (films / "a.mp4").rename(away)
    assert proposals(place) == {"a.mp4": "gone", "copy.mp4": "keep"}
    (films / "a.mp4").symlink_to(films / "copy.mp4")
    assert "0 files proposed for removal" in found(place).out
    (films / "a.mp4").unlink()
    away.rename(films / "a.mp4")
    assert "1 file proposed for removal" in found(place).out


def proposals(folder: Path) -> dict[str, str]:
    assert found(folder, "output=proposals.csv").code == 0
    rows = csv.DictReader((folder / "proposals.csv").read_text().splitlines())
    return {row["video_id"]: row["proposal"] for row in rows}


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["library=gone"], 1, "there is no library at gone"),
        (["output=groups.txt"], 2, "output=groups.txt: its name must end in one of .csv, .json"),
        (["not_duplicates=[a.mp4]"], 2, "not_duplicates=a.mp4: give two or more different videos"),
        (["not_duplicates=[a.mp4,c.mp4]"], 1, "the library holds no video c.mp4"),
        (["nearly_all=0.5"], 2, "nearly_all=0.5 is not usable"),
        (["min_share=1.5"], 2, "min_share=1.5 is not usable"),
        (["matcher=tmk"], 2, "matcher=tmk: this command cannot use that option"),
    ],
)
def test_wrong_use_of_duplicates(words: list[str], code: int, expected: str, place: Path) -> None:
    done = found(place, *words)
    assert (done.code, done.out) == (code, "")
    assert expected in done.err
    assert len(done.err.splitlines()) == 1


def test_a_threshold_is_found_and_used_by_queries(place: Path) -> None:
    done = run_command(calibrate, place, *SMALL, "copies=1", "precision=0.9", "plot=curve.png")
    assert done.code == 0, done.err
    kept = done.out.rpartition("near-duplicates from similarity ")[2].split()[0]
    assert (place / "curve.csv").exists()
    asked = run_command(query, place, "videos=films/b.mp4", "level=video", *SMALL)
    assert asked.code == 0, asked.err
    assert f"similarity {float(kept):.3f} or more" in asked.out


def test_a_library_of_copies_has_no_threshold(place: Path, tmp_path: Path) -> None:
    for name in ("a", "copy"):
        (tmp_path / f"{name}.mp4").write_bytes((place / "films" / "a.mp4").read_bytes())
    assert run_command(index, tmp_path, "videos=.", *SMALL).code == 0
    done = run_command(calibrate, tmp_path, *SMALL, "copies=1")
    assert (done.code, done.out) == (1, "")
    assert "all its videos resemble one another as copies do" in done.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["plot=films/a.mp4/curve.png"], "plot=films/a.mp4/curve.png: its folder cannot be made"),
        (["plot=curve.jpg"], "plot=curve.jpg: its name must end in .png"),
        (["pairs=gone.csv"], "gone.csv cannot be read"),
        (["precision=1.5"], "precision=1.5 is not usable"),
    ],
)
def test_wrong_use_of_calibrate(words: list[str], expected: str, place: Path) -> None:
    done = run_command(calibrate, place, *SMALL, *words)
    assert (done.code, done.out) == (2, "")
    assert expected in done.err
    assert len(done.err.splitlines()) == 1
