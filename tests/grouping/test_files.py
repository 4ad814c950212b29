import os
from dataclasses import replace
from pathlib import Path

import pytest
from grouping.made_overlaps import record

from vdup.catalogue.records import FileStamp, VideoRecord
from vdup.grouping.files import FileLook, FileState, look_at, main_names


def indexed(path: Path) -> VideoRecord:
    """A video as it was indexed, at this path."""
    stamp = FileStamp.of(path)
    return replace(record(path.name), path=path, size_bytes=stamp.size_bytes, modified_ns=stamp.modified_ns)


@pytest.fixture
def film(tmp_path: Path) -> VideoRecord:
    (tmp_path / "film.mp4").write_bytes(b"film")
    return indexed(tmp_path / "film.mp4")


def test_a_file_as_it_was_indexed(film: VideoRecord) -> None:
    look = look_at(film)
    assert (look.state, look.reason, look.is_symlink) == (FileState.present, "", False)


def test_a_file_that_is_gone(film: VideoRecord) -> None:
    film.path.unlink()
    assert look_at(film) == FileLook(FileState.gone, "the file is gone")
    assert look_at(replace(film, path=film.path.parent / "no folder" / "film.mp4")).state is FileState.gone


def test_a_link_to_nothing_is_gone(film: VideoRecord) -> None:
    film.path.rename(film.path.with_name("elsewhere.mp4"))
    film.path.symlink_to(film.path.with_name("nowhere.mp4"))
    assert look_at(film).state is FileState.gone


@pytest.mark.parametrize("content", [b"longer than before", b"flim"])
def test_a_file_that_was_changed(film: VideoRecord, content: bytes) -> None:
    film.path.write_bytes(content)
    os.utime(film.path, ns=(film.modified_ns + 1, film.modified_ns + 1))
    assert look_at(film).state is FileState.changed


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "FIFO"])
def test_what_is_no_regular_file(film: VideoRecord, make: object) -> None:
    film.path.unlink()
    assert callable(make)
    make(film.path)
    assert look_at(film) == FileLook(FileState.unusable, "no regular file any more")


def test_what_cannot_be_looked_at(film: VideoRecord) -> None:
    film.path.unlink()
    film.path.symlink_to(film.path)
    look = look_at(film)
    assert look.state is FileState.unusable
    assert look.reason.startswith("the file cannot be looked at: ")
    assert look_at(replace(film, path=Path("a\0b"))).state is FileState.unusable


def test_names_of_one_file(film: VideoRecord) -> None:
    folder = film.path.parent
    (folder / "a link.mp4").symlink_to(film.path)
    (folder / "hard.mp4").hardlink_to(film.path)
    (folder / "copy.mp4").write_bytes(b"film")
    (folder / "linked folder").symlink_to(folder)
    names = ["film.mp4", "a link.mp4", "hard.mp4", "copy.mp4"]
    files = {name: look_at(indexed(folder / name)) for name in names}
    files["same path"] = look_at(film)
    files["by another way"] = look_at(indexed(folder / "linked folder" / "film.mp4"))
    files["gone"] = FileLook(FileState.gone)
    assert main_names(files, ["film.mp4", "a link.mp4", "hard.mp4", "copy.mp4", "gone"]) == {
        "film.mp4": "film.mp4",
        "a link.mp4": "film.mp4",
        "hard.mp4": "film.mp4",
        "copy.mp4": "copy.mp4",
    }
    assert set(main_names(files, ["same path", "by another way", "film.mp4"]).values()) == {"by another way"}
    assert main_names(files, ["a link.mp4"]) == {"a link.mp4": "a link.mp4"}
