import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import SETTINGS, add, assert_same_codes, make_codes, open_library, stamp

from vdup.catalogue.catalogue import COMMITTED_ROWS, STORE_DIRTY, Catalogue
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.manifest import MANIFEST_NAME
from vdup.catalogue.records import VideoState
from vdup.errors import FingerprintError, LibraryDamagedError, LibraryError, LibraryFullError, LibraryLockedError
from vdup.types import VideoInfo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "parent" / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[LibraryFolder]:
    with open_library(folder) as library:
        yield library


def test_a_new_library_is_empty(folder: Path, library: LibraryFolder) -> None:
    assert library.live_rows().tolist() == []
    assert library.live_mask().shape == (0,)
    assert library.dead_rows == library.next_row == 0
    assert library.check() == []
    assert library.index_path == folder / "frames-0.index"
    assert library.store_path == folder / "descriptors"


def test_videos_are_there_after_reopening(folder: Path, library: LibraryFolder) -> None:
    first = add(library, "b.mp4", 5, seed=1)
    second = add(library, "a.mp4", 3, seed=2)
    add(library, "empty.mp4", 0)
    assert first.replaced is None
    library.close()
    library.close()
    with open_library(folder, create=False) as again:
        assert again.catalogue.get("b.mp4") == first.record
        assert (second.record.number, second.record.first_row, second.record.row_count) == (2, 5, 3)
        assert second.record.file == stamp("a.mp4")
        assert (second.record.width, second.record.height, second.record.codec) == (64, 48, "h264")
        assert second.record.frames_sampled == 6
        assert_same_codes(again.video_codes(1), make_codes(5, seed=1))
        assert_same_codes(again.video_codes(2), make_codes(3, seed=2))
        assert len(again.video_codes(3)) == 0
        assert again.live_rows().tolist() == list(range(8))
        assert again.video_of_rows(np.array([7, 0, 5, 4])).tolist() == [2, 1, 2, 1]
        assert again.check() == []


def test_a_replaced_video_gets_a_new_number_and_its_old_rows_die(library: LibraryFolder) -> None:
    old = add(library, "a", 4, seed=1).record
    add(library, "b", 2, seed=2)
    library.catalogue.set_meta(STORE_DIRTY, 0)
    stored = add(library, "a", 3, seed=3)
    assert stored.replaced == old
    assert stored.record.number == 3
    assert library.catalogue.meta_number(STORE_DIRTY) == 1
    assert library.live_rows().tolist() == [4, 5, 6, 7, 8]
    assert library.live_mask().tolist() == [False] * 4 + [True] * 5
    assert library.dead_rows == 4
    assert_same_codes(library.video_codes(3), make_codes(3, seed=3))
    with pytest.raises(ValueError, match="no indexed video has the number 1"):
        library.video_codes(1)
    assert library.check() == []


def test_failures_and_skipped_videos(library: LibraryFolder) -> None:
    failed = library.record_failure("a", stamp("a"), "no picture in it")
    assert failed.record.state is VideoState.failed
    assert failed.record.reason == "no picture in it"
    assert library.catalogue.meta_number(STORE_DIRTY) == 0
    skipped = library.record_skipped("a", stamp("a"), "too short")
    assert skipped.replaced == failed.record
    assert skipped.record.state is VideoState.skipped
    with pytest.raises(ValueError, match="no indexed video"):
        library.video_codes(skipped.record.number)
    indexed = add(library, "a", 2)
    assert indexed.replaced == skipped.record
    again = library.record_failure("a", stamp("a", 11), "broken now")
    assert again.replaced == indexed.record
    assert library.dead_rows == 2
    assert library.catalogue.meta_number(STORE_DIRTY) == 1
    assert library.check() == []


def test_touch_keeps_number_and_codes(library: LibraryFolder) -> None:
    record = add(library, "a", 2).record
    moved = replace(stamp("a"), path=Path("/elsewhere/a"), modified_ns=77, content_hash="")
    touched = library.touch(record, moved)
    assert touched == replace(record, path=Path("/elsewhere/a"), modified_ns=77)
    assert library.catalogue.all() == [touched]


def test_remove(library: LibraryFolder) -> None:
    records = [add(library, name, 2).record for name in ("beach.mp4", "beach2.mp4", "city.mp4")]
    library.record_failure("bad", stamp("bad"), "broken")
    with pytest.raises(LibraryError, match=r"'beech\.mp4'. Did you mean beach\.mp4, beach2\.mp4\?"):
        library.remove(["city.mp4", "beech.mp4"])
    with pytest.raises(LibraryError, match="action=list"):
        library.remove(["0"])
    assert library.live_rows().tolist() == list(range(6))
    removed = library.remove(["city.mp4", "beach.mp4", "city.mp4", "bad"])
    assert [record.id for record in removed] == ["city.mp4", "beach.mp4", "bad"]
    assert removed[:2] == [records[2], records[0]]
    assert library.live_rows().tolist() == [2, 3]
    assert add(library, "city.mp4", 1).record.first_row == 6
    assert library.remove([]) == []


def test_rows_of_removed_videos_at_the_end_are_not_given_out_again(folder: Path, library: LibraryFolder) -> None:
    add(library, "a", 3)
    library.remove(["a"])
    library.close()
    with open_library(folder) as again:
        assert again.next_row == again.dead_rows == 3
        assert add(again, "b", 1).record.first_row == 3


def test_representatives(library: LibraryFolder) -> None:
    add(library, "a", 3)
    first = library.next_row
    add(library, "b", 3, representatives=np.array([1, -1, first + 1]))
    assert library.codes.representatives.tolist() == [0, 1, 2, 1, 4, 4]
    assert library.check() == []
    library.remove(["a"])
    assert library.orphaned_rows().tolist() == [3]
    assert "represented by rows that are no part of the library" in library.check()[0]
    with pytest.raises(ValueError, match="row of video number 1, which is no part of the library"):
        add(library, "c", 1, representatives=np.array([2]))
    with pytest.raises(ValueError, match="row of video number 2"):
        add(library, "b", 1, representatives=np.array([4]))
    with pytest.raises(ValueError, match="representative 7 is not a row"):
        add(library, "c", 1, representatives=np.array([7]))
    library.codes.set_representatives(np.array([3]), np.array([4]))
    assert library.orphaned_rows().tolist() == []
    assert library.check() == []
    assert library.catalogue.ids() == ["b"]


@pytest.mark.parametrize(
    ("starts", "ends", "duration"),
    [
        ([0.0, np.nan], [0.0, 1.0], 2.0),
        ([0.0, 1.0], [0.0, np.inf], 2.0),
        ([0.0, 1.0], [0.0, 0.5], 2.0),
        ([1.0, 0.0], [1.0, 1.0], 2.0),
        ([0.0, 1.0], [0.0, 1.0], np.nan),
    ],
)
def test_times_that_cannot_be(starts: list[float], ends: list[float], duration: float, library: LibraryFolder) -> None:
    codes = replace(
        make_codes(2), starts_seconds=np.array(starts), ends_seconds=np.array(ends), duration_seconds=duration
    )
    info = VideoInfo(width=1, height=1, duration_seconds=None, codec="", rotation_degrees=0)
    with pytest.raises(ValueError, match="codes of 'a' cannot be stored"):
        library.add_video("a", stamp("a"), info, codes, frames_sampled=2)
    assert library.next_row == 0


def test_rows_that_do_not_exist_have_no_video(library: LibraryFolder) -> None:
    add(library, "a", 2)
    assert library.video_of_rows(np.empty(0, np.int64)).tolist() == []
    for row in (-1, 2):
        with pytest.raises(ValueError, match="rows must be in 0 to 1"):
            library.video_of_rows(np.array([0, row]))


def test_a_full_disk_in_the_code_file_changes_nothing(library: LibraryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    old = add(library, "a", 4, seed=1).record

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        with pytest.raises(LibraryFullError):
            add(library, "a", 3, seed=2)
    assert library.catalogue.all() == [old]
    assert library.check() == []
    assert add(library, "a", 3, seed=2).record.first_row == 4


def test_a_full_disk_in_the_catalogue_changes_nothing(library: LibraryFolder) -> None:
    old = add(library, "a", 4, seed=1).record
    library.catalogue._run("PRAGMA max_page_count = 8")
    with pytest.raises(LibraryFullError):
        add(library, "b" * 50_000, 3, seed=2)
    library.catalogue._run("PRAGMA max_page_count = 100000")
    assert library.catalogue.all() == [old]
    assert library.next_row == 4
    assert library.check() == []
    assert add(library, "b", 3, seed=2).record.number == 2


def test_an_interrupt_after_the_codes_changes_nothing(library: LibraryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, "a", 4)

    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "put", interrupt)
        with pytest.raises(KeyboardInterrupt):
            add(library, "b", 3)
    assert library.next_row == len(library.codes) == 4
    assert library.check() == []


def test_an_interrupt_right_after_the_commit_keeps_the_video(
    library: LibraryFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Catalogue._run

    def interrupt_after_commit(self: Catalogue, statement: str, *values: str) -> list[object]:
        result = real(self, statement, *values)
        if statement == "COMMIT":
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "_run", interrupt_after_commit)
        with pytest.raises(KeyboardInterrupt):
            add(library, "a", 3)
    assert library.next_row == 3
    assert library.check() == []


# Where a library may be


def test_no_library_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        with pytest.raises(LibraryError, match=rf"vdup\.index videos=DIR library=.*{name}"):
            open_library(tmp_path / name, create=False)
    assert not (tmp_path / "missing").exists()
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_file_is_no_library(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    for create in (True, False):
        with pytest.raises(LibraryError, match="is a file, and a library is a folder"):
            open_library(path, create)
    with pytest.raises(LibraryError, match="cannot"):
        open_library(path / "library")


@pytest.mark.parametrize("names", [["film.mp4"], ["manifest.json"], ["manifest.json", "app.js"], [".hidden"]])
def test_a_folder_with_other_things_is_left_alone(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("{}")
    for create in (True, False):
        with pytest.raises(LibraryError, match="is not a library of vdup: it holds") as caught:
            open_library(tmp_path, create)
        assert not isinstance(caught.value, LibraryDamagedError)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_other_settings_are_refused_and_the_lock_is_given_back(folder: Path, library: LibraryFolder) -> None:
    library.close()
    with pytest.raises(FingerprintError, match=r"pooling\.levels: the library has 3, now 4"):
        LibraryFolder.open(folder, {**SETTINGS, "pooling.levels": 4}, create=True)
    open_library(folder).close()


def test_newer_libraries_are_refused(folder: Path, library: LibraryFolder) -> None:
    library.catalogue._run("PRAGMA user_version = 99")
    library.close()
    with pytest.raises(LibraryError, match=r"format version 99.*Update vdup"):
        open_library(folder)
    document = json.loads((folder / MANIFEST_NAME).read_text())
    (folder / MANIFEST_NAME).write_text(json.dumps({**document, "schema_version": 98}))
    with pytest.raises(LibraryError, match=r"format version 98.*Update vdup"):
        open_library(folder)


@pytest.mark.parametrize("name", [MANIFEST_NAME, "catalogue.sqlite", "codes-0.bin", "rows-0.bin"])
def test_a_missing_file_is_damage_and_nothing_is_made_in_its_place(
    name: str, folder: Path, library: LibraryFolder
) -> None:
    add(library, "a", 3)
    library.close()
    (folder / name).unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if "lock" not in path.name}
    for create in (True, False):
        with pytest.raises(LibraryError, match=name if create or name != MANIFEST_NAME else "no library"):
            open_library(folder, create)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if "lock" not in path.name} == before


def test_two_openings_at_once(folder: Path, library: LibraryFolder) -> None:
    script = (
        "import sys; from pathlib import Path; from catalogue.samples import open_library\n"
        "from vdup.errors import LibraryLockedError\n"
        "try: open_library(Path(sys.argv[1]))\n"
        "except LibraryLockedError as error: print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True, env=environment
    )
    assert f"{folder}: the library is in use by process {os.getpid()}." in result.stdout
    with pytest.raises(LibraryLockedError):
        open_library(folder)
    add(library, "a", 2)
    assert library.check() == []


def test_leftovers_of_an_unfinished_library_are_taken_over(folder: Path, library: LibraryFolder) -> None:
    library.close()
    (folder / MANIFEST_NAME).unlink()
    (folder / f"{MANIFEST_NAME}.new").write_text("{")
    (folder / "codes-0.bin").write_bytes(b"x")
    with open_library(folder) as again:
        add(again, "a", 2)
        assert again.check() == []
        assert again.catalogue.meta_number(COMMITTED_ROWS) == 2


def test_files_of_other_generations_are_deleted_and_others_kept(folder: Path, library: LibraryFolder) -> None:
    library.index_path.write_bytes(b"index")
    library.close()
    for name in ("codes-7.bin", "rows-7.bin", "frames-7.index", "frames-7.index.part", "frames-x.index", "codes-7.txt"):
        (folder / name).write_bytes(b"")
    with open_library(folder):
        names = {path.name for path in folder.iterdir()}
    kept = {"codes-0.bin", "rows-0.bin", "frames-0.index", "frames-x.index", "codes-7.txt"}
    assert {name for name in names if name.startswith(("codes", "rows", "frames"))} == kept
