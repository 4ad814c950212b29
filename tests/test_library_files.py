import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vdup import library_files
from vdup.errors import LibraryError
from vdup.library_files import check_folder, copy_file, create_file, is_there, open_file, read_file, walk_folder

WAYS = [os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_APPEND | os.O_CREAT]


@pytest.fixture(params=[True, False], ids=["the system knows O_NOFOLLOW", "it does not"])
def victim(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file outside of the library."""
    if not request.param:
        monkeypatch.delattr(os, "O_NOFOLLOW")
    (tmp_path / "library").mkdir()
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    return path


@pytest.mark.parametrize("flags", WAYS)
@pytest.mark.parametrize("dangling", [False, True])
def test_no_way_of_opening_follows_a_link(flags: int, dangling: bool, victim: Path) -> None:
    link = victim.parent / "library" / "file"
    link.symlink_to(victim.with_name("missing") if dangling else victim)
    with pytest.raises(
        LibraryError, match=r"file is a link to .*(victim|missing), and nothing in a library is followed"
    ):
        open_file(link, flags)
    assert victim.read_bytes() == b"precious"
    assert not victim.with_name("missing").exists()


@pytest.mark.parametrize("flags", WAYS)
def test_a_link_that_comes_after_the_look_is_not_followed(
    flags: int, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = victim.parent / "library" / "file"
    path.write_bytes(b"own")
    looked = library_files.check_plain(path)

    def swap(_: Path) -> os.stat_result | None:
        path.unlink()
        path.symlink_to(victim)
        monkeypatch.undo()
        return looked

    monkeypatch.setattr(library_files, "check_plain", swap)
    with pytest.raises(LibraryError, match="is a link"):
        open_file(path, flags)
    assert victim.read_bytes() == b"precious"


def test_files_are_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert not is_there(path)
    for content in (b"first, and longer", b"second"):
        with os.fdopen(create_file(path), "wb") as file:
            file.write(content)
        assert read_file(path) == content
    descriptor = open_file(path, os.O_RDONLY)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_the_folder_itself_may_be_reached_through_a_link(victim: Path) -> None:
    folder = victim.parent / "library"
    (folder / "file").write_bytes(b"own")
    (victim.parent / "link").symlink_to(folder)
    assert read_file(victim.parent / "link" / "file") == b"own"
    check_folder(victim.parent / "link")


def test_a_new_file_takes_the_place_of_a_link(victim: Path) -> None:
    link = victim.parent / "library" / "file.new"
    link.symlink_to(victim)
    assert is_there(link)
    os.close(create_file(link))
    assert not link.is_symlink()
    assert victim.read_bytes() == b"precious"


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize("make", [_pipe, _socket])
@pytest.mark.parametrize("flags", WAYS)
def test_what_would_be_waited_for_is_refused(
    make: Callable[[Path], None], flags: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    make(Path("file"))
    with pytest.raises(LibraryError, match="file is a pipe, socket or device"):
        open_file(Path("file"), flags)
    with pytest.raises(LibraryError, match="file is a pipe, socket or device"):
        check_folder(Path())


@pytest.mark.parametrize("place", ["file", "deep/er/file", "deep/er"])
@pytest.mark.parametrize("target", ["victim", "outside", "missing"])
def test_links_at_any_depth_are_found(place: str, target: str, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "own").write_bytes(b"")
    (tmp_path / "victim").write_bytes(b"")
    (tmp_path / "outside").mkdir()
    check_folder(folder)
    assert [path.relative_to(folder).as_posix() for path in walk_folder(folder)] == ["deep", "deep/own"]
    link = folder / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / target)
    with pytest.raises(LibraryError, match=f"{link} is a link to .*{target}"):
        check_folder(folder)


def test_a_missing_folder_holds_no_link(tmp_path: Path) -> None:
    check_folder(tmp_path / "missing")


@pytest.mark.parametrize("holes", [True, False], ids=["the system tells of holes", "it does not"])
@pytest.mark.parametrize("layout", ["", "d", "h", "hd", "dh", "hdhd", "dhhd"])
def test_copies_have_the_same_content(
    layout: str, holes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not holes:
        monkeypatch.delattr(os, "SEEK_DATA")
    block = 3 << 18  # of another length than what is copied at once
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for part in layout:
            if part == "d":
                file.write(os.urandom(block))
            else:
                file.seek(block, os.SEEK_CUR)
        file.truncate(len(layout) * block)
    copy_file(source, target)
    assert target.read_bytes() == source.read_bytes()
    if holes:
        assert target.stat().st_blocks <= source.stat().st_blocks
    with pytest.raises(FileExistsError):
        copy_file(source, target)


def test_a_copy_is_not_made_through_a_link(victim: Path) -> None:
    link = victim.parent / "library" / "file"
    link.symlink_to(victim)
    with pytest.raises(LibraryError, match="is a link"):
        copy_file(link, victim.with_name("target"))
    assert not victim.with_name("target").exists()


def test_an_older_content_is_dropped_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first, and longer")
    with os.fdopen(open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(b"second")
    assert path.read_bytes() == b"second"


def test_a_link_that_comes_before_a_file_is_made_is_not_followed(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = victim.parent / "library" / "file"

    def swap(_: Path) -> None:
        path.symlink_to(victim.with_name("missing"))

    monkeypatch.setattr(library_files, "check_plain", swap)
    with pytest.raises(OSError, match="exists"):
        open_file(path, os.O_WRONLY | os.O_CREAT)
    assert not victim.with_name("missing").exists()


@pytest.mark.parametrize(("name", "fine"), [("lost+found", True), ("descriptors", False)])
def test_a_folder_that_may_not_be_read(name: str, fine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "own").write_bytes(b"")
    listed = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path.name == name:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    if fine:
        check_folder(tmp_path)
    else:
        with pytest.raises(PermissionError):
            check_folder(tmp_path)
