"""What is left of a library whose process was stopped at any moment."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
from catalogue.interruptions import OPERATIONS, make_template, stopped_at
from catalogue.samples import add, assert_same_codes, make_codes, open_library

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import VideoState
from vdup.errors import LibraryError

_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

# Rows and seed of each video of the library
_BEFORE = {"a": (5, 3), "b": (3, 2)}
_AFTER = {
    "add": {**_BEFORE, "c": (6, 5)},
    "replace": {"a": (2, 6), "b": (3, 2)},
    "remove": {"b": (3, 2)},
    "compact": _BEFORE,
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "library"
    make_template(folder)
    return folder


def _contents(library: LibraryFolder) -> dict[str, tuple[int, int]]:
    """Rows and seed of each video, after comparing every stored value with what that seed gives."""
    seeds = {(5, 3): 3, (3, 2): 2, (6, 5): 5, (2, 6): 6}
    found = {}
    for record in library.catalogue.all(VideoState.indexed):
        (rows, seed) = next(key for key in seeds if key[0] == record.row_count)
        assert_same_codes(library.video_codes(record.number), make_codes(rows, seed))
        found[record.id] = (rows, seed)
    return found


def _assert_sound(folder: Path, operation: str) -> bool:
    """Opens the library, looks it over, and says whether the operation was done."""
    with open_library(folder, create=False) as library:
        assert library.check() == []
        contents = _contents(library)
        assert contents in (_BEFORE, _AFTER[operation])
        done = library.codes.generation == 1 if operation == "compact" else contents == _AFTER[operation]
        generation = library.codes.generation
        names = {path.name for path in folder.iterdir() if path.name.startswith(("codes", "rows"))}
        assert names == {f"codes-{generation}.bin", f"rows-{generation}.bin"}
        assert library.video_of_rows(library.live_rows()).tolist() == [
            number for number, _, rows in library.catalogue.row_ranges().tolist() for _ in range(rows)
        ]
        first_row = library.next_row
        assert add(library, "new", 3, seed=9).record.first_row == first_row
        assert library.check() == []
        return done


@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_at_each_step(operation: str, template: Path, tmp_path: Path) -> None:
    script = Path(__file__).with_name("interruptions.py")
    subprocess.run([sys.executable, str(script), str(template), str(tmp_path), operation], check=True, env=_ENVIRONMENT)
    folders = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    assert len(folders) > 5
    done = [_assert_sound(folder, operation) for folder in folders]
    # Once a step has made it a fact, it stays one.
    assert done == sorted(done)
    assert not done[0]
    assert done[-1]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_interrupted_at_each_step(operation: str, template: Path, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    for nth in count(1):
        folder = tmp_path / str(nth)
        shutil.copytree(template, folder)
        finished = False
        with open_library(folder) as library:
            with stopped_at(nth, interrupt):
                try:
                    OPERATIONS[operation](library)
                    finished = True
                except KeyboardInterrupt:
                    pass
            # The same object goes on, unless the interrupt came in the middle of its recovery and it closed itself.
            try:
                late = add(library, "late", 3, seed=2).record
            except (sqlite3.ProgrammingError, LibraryError):
                late = None
                assert operation == "compact"
        with open_library(folder) as again:
            assert again.check() == []
            if late is not None:
                assert again.catalogue.get("late") == late
                assert_same_codes(again.video_codes(late.number), make_codes(3, seed=2))
                again.remove(["late"])
        _assert_sound(folder, operation)
        if finished:
            assert nth > 5
            return


def _name(number: int) -> str:
    """Every third video takes the place of an older one."""
    return f"video {number - 2 if number % 3 == 2 else number}"


def _rows(number: int) -> int:
    return 1 + number % 5 * 400


def _add_forever(folder: Path, first: int) -> None:
    library = open_library(folder)
    for number in count(first):
        add(library, _name(number), _rows(number), seed=number)
        print(number, flush=True)


def test_no_acknowledged_video_is_lost_to_kill_9(tmp_path: Path) -> None:
    stored: dict[str, int] = {}
    following = 0
    for round_number in range(4):
        command = [sys.executable, __file__, str(tmp_path), str(following)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4 + round_number)]
            time.sleep(0.003 * round_number)  # so that the signal meets other moments
            process.kill()
            lines += process.stdout.readlines()
        acknowledged = [int(line) for line in lines if line.endswith("\n")]
        assert len(acknowledged) >= 4
        stored.update((_name(number), number) for number in acknowledged)
        following = acknowledged[-1] + 1
        with open_library(tmp_path, create=False) as library:
            assert library.check() == []
            # One more may have been committed without there being time to say so.
            unsure = library.catalogue.get(_name(following))
            if unsure is not None and unsure.row_count == _rows(following):
                stored[unsure.id] = following
                following += 1
            assert set(library.catalogue.ids()) == set(stored)
            for record in library.catalogue.all():
                number = stored[record.id]
                assert_same_codes(library.video_codes(record.number), make_codes(_rows(number), seed=number))


if __name__ == "__main__":
    _add_forever(Path(sys.argv[1]), int(sys.argv[2]))
