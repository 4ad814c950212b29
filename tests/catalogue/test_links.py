"""Libraries that were received from somebody, with links and pipes in the place of files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from catalogue.samples import SETTINGS, add, open_library
from folder_state import state_of

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.lock import HOLDER_NAME, LOCK_NAME
from vdup.catalogue.manifest import MANIFEST_NAME
from vdup.errors import LibraryError

NAMES = [
    "codes-0.bin",
    "rows-0.bin",
    "codes-1.bin",
    "rows-1.bin",
    "frames-0.index",
    "frames-0.index.tmp",
    "catalogue.sqlite",
    "catalogue.sqlite-journal",
    "catalogue.sqlite-wal",
    "catalogue.sqlite-shm",
    MANIFEST_NAME,
    f"{MANIFEST_NAME}.new",
    LOCK_NAME,
    HOLDER_NAME,
    "self-join.jsonl",
    "verdicts.json",
    "hashes-0123456789ab.bin",
    "descriptors",
    "descriptors/segments/part/segment.json",
    "videos-0123456789ab",
    "videos-0123456789ab/wal/open-1",
    "notes.txt",
]
"""Every kind of file of a library, and one that is none."""
OPENINGS: list[Callable[[Path], LibraryFolder]] = [
    lambda folder: open_library(folder),
    lambda folder: LibraryFolder.open(folder, SETTINGS, create=False, read_only=True),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    with open_library(folder) as library:
        add(library, "a", 4)
    return folder


@pytest.mark.parametrize("opened", OPENINGS, ids=["to change", "to read"])
@pytest.mark.parametrize("name", NAMES)
def test_a_link_in_the_place_of_a_file_is_refused_and_not_followed(
    name: str, opened: Callable[[Path], LibraryFolder], folder: Path, tmp_path: Path
) -> None:
    link, outside = folder / name, tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    link.parent.mkdir(parents=True, exist_ok=True)
    target = outside / "target"
    if link.exists():
        link.rename(target)
    elif name in ("descriptors", "videos-0123456789ab"):
        target.mkdir()
    else:
        target.write_bytes(b"precious" * 100)
    link.symlink_to(target)
    before = state_of(outside), state_of(folder)
    with pytest.raises(LibraryError, match=rf"{link} is a link to {target}, and nothing in a library is followed"):
        opened(folder)
    assert state_of(outside) == before[0]
    within = state_of(folder)
    if name not in (LOCK_NAME, HOLDER_NAME):  # the others are looked at with the lock in hand
        del within["."], before[1]["."]
    assert within == before[1]


@pytest.mark.parametrize("name", ["codes-0.bin", "rows-0.bin", MANIFEST_NAME, LOCK_NAME, "catalogue.sqlite", "a pipe"])
def test_a_pipe_is_not_waited_for(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    for opened in OPENINGS:
        with pytest.raises(LibraryError, match=f"{name} is a pipe, socket or device"):
            opened(folder)


def test_dangling_links_make_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    for name in (LOCK_NAME, "codes-0.bin", "rows-0.bin", "catalogue.sqlite"):
        (folder / name).symlink_to(tmp_path / "outside")
        with pytest.raises(LibraryError, match=f"{name} is a link"):
            open_library(folder)
        (folder / name).unlink()
    assert not (tmp_path / "outside").exists()
    open_library(folder).close()


def test_the_folder_itself_may_be_reached_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with open_library(tmp_path / "link") as library:
        add(library, "b", 3)
        library.compact()
    with LibraryFolder.open(tmp_path / "link", SETTINGS, create=False, read_only=True) as library:
        assert library.catalogue.ids() == ["a", "b"]
        assert library.check() == []
