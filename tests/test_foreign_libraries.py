"""The commands on a library that somebody else has had in hand."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from command_runner import run_command
from folder_state import state_of
from video_factory import numbered_picture, regular_times, write_pictures

from vdup.calibrate import main as calibrate
from vdup.duplicates import main as duplicates
from vdup.index import main as index
from vdup.library import main as library
from vdup.query import main as query

SMALL = ("library=library", "sampling.workers=1")
Command = tuple[Callable[[], None], tuple[str, ...]]
READING: dict[str, Command] = {
    "list": (library, ("action=list",)),
    "stats": (library, ("action=stats",)),
    "check": (library, ("action=check",)),
    "query": (query, ("videos=films/b.mp4",)),
    "query of whole videos": (query, ("videos=films/b.mp4", "level=video")),
    "calibrate": (calibrate, ("store_threshold=false", "copies=1", "most_videos=2")),
}
CHANGING: dict[str, Command] = {
    "index": (index, ("videos=films",)),
    "duplicates": (duplicates, ()),
    "rebuild": (library, ("action=rebuild",)),
}
EVERY = {**READING, **CHANGING}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two films and a library of them."""
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "films").mkdir()
    for name, first in (("a", 0), ("b", 100)):
        pictures = [numbered_picture(number) for number in range(first, first + 60)]
        write_pictures(folder / "films" / f"{name}.mp4", pictures, regular_times(60, 10))
    done = run_command(index, folder, "videos=films", *SMALL)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def place(indexed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(indexed, tmp_path / "place"))


def test_commands_that_read_change_no_file_of_a_library(place: Path) -> None:
    before = state_of(place / "library")
    for name, (main, words) in READING.items():
        done = run_command(main, place, *SMALL, *words)
        # Both films look alike, so that calibrating finds nothing to go by.
        assert done.code == (name == "calibrate"), done.err
        assert state_of(place / "library") == before, name


FEWER_ROWS = "UPDATE meta SET value = 3 WHERE key = 'committed_rows'"
CHANGED_BY_HAND = [
    FEWER_ROWS,
    "UPDATE meta SET value = 0 WHERE key = 'committed_rows'",
    "UPDATE meta SET value = 1 WHERE key = 'generation'",
    "UPDATE videos SET row_count = 100000000000 WHERE id = 'b.mp4'",
]


@pytest.mark.parametrize(
    ("command", "statement"),
    [
        *((command, FEWER_ROWS) for command in EVERY),
        *((command, statement) for command in ("query", "check") for statement in CHANGED_BY_HAND[1:]),
    ],
)
def test_a_catalogue_that_was_changed_by_hand_costs_nothing(command: str, statement: str, place: Path) -> None:
    with closing(sqlite3.connect(place / "library" / "catalogue.sqlite")) as connection, connection:
        connection.execute(statement)
    before = {name: state for name, state in state_of(place / "library").items() if name != "."}
    main, words = EVERY[command]
    done = run_command(main, place, *SMALL, *words)
    assert done.code == 1
    told = done.out if command == "check" else done.err
    assert "library is damaged: " in told
    assert "Nothing in it was changed. Restore the library folder from a backup" in told
    assert {name: state for name, state in state_of(place / "library").items() if name != "."} == before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *(("list", name) for name in ("codes-0.bin", "rows-0.bin", "library.lock", "library.lock.holder")),
        ("check", "codes-0.bin"),
        ("query", "descriptors/wal"),
        ("duplicates", "self-join.jsonl"),
        ("index", "rows-0.bin"),
    ],
)
def test_links_in_a_library_lead_nowhere(command: str, name: str, place: Path) -> None:
    link, outside = place / "library" / name, place / "outside"
    outside.mkdir()
    if link.exists():
        link.rename(outside / "target")
    else:
        (outside / "target").write_bytes(b"precious")
    link.symlink_to(outside / "target")
    before = state_of(outside)
    main, words = EVERY[command]
    done = run_command(main, place, *SMALL, *words)
    assert (done.code, done.out) == (1, "")
    assert f"library/{name} is a link to {outside / 'target'}, and nothing in a library is followed" in done.err
    assert len(done.err.splitlines()) == 1
    assert state_of(outside) == before
