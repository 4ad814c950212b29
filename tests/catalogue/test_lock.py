import os
import subprocess
import sys
from pathlib import Path

import pytest
from folder_state import state_of

from vdup.catalogue import lock
from vdup.catalogue.lock import HOLDER_NAME, LibraryLock
from vdup.errors import LibraryError, LibraryLockedError

_HOLD = """
import sys, time
from pathlib import Path
from vdup.catalogue.lock import LibraryLock
lock = LibraryLock(Path(sys.argv[1]))
lock.acquire()
print("locked", flush=True)
time.sleep(60)
"""


def test_another_process_is_refused_until_the_holder_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "locked\n"
            with pytest.raises(LibraryLockedError) as caught, LibraryLock(tmp_path):
                pass
            assert str(tmp_path) in str(caught.value)
            assert f"process {holder.pid}." in str(caught.value)
            assert "Wait until it has finished" in str(caught.value)
        finally:
            holder.kill()
    with LibraryLock(tmp_path):
        assert (tmp_path / HOLDER_NAME).read_text().split()[0] == str(os.getpid())
    assert not (tmp_path / HOLDER_NAME).exists()


def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    with (
        LibraryLock(tmp_path),
        pytest.raises(LibraryLockedError, match=rf"this very process \({os.getpid()}\)"),
        LibraryLock(tmp_path),
    ):
        pass
    with LibraryLock(tmp_path):
        pass


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (None, "in use by another process"),
        (b"\xff\xfe", "in use by another process"),
        (b"", "in use by another process"),
        (b"12 elsewhere\n", "in use by process 12 on elsewhere"),
    ],
)
def test_the_name_of_the_holder_may_be_missing(
    note: bytes | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_SYSTEM_LOCKS", tmp_path / "a system that tells nothing")
    with LibraryLock(tmp_path):
        if note is None:
            (tmp_path / HOLDER_NAME).unlink()
        else:
            (tmp_path / HOLDER_NAME).write_bytes(note)
        with pytest.raises(LibraryLockedError, match=words), LibraryLock(tmp_path):
            pass


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LibraryError, match=r"cannot lock .*file") as caught, LibraryLock(tmp_path / "file"):
        pass
    assert not isinstance(caught.value, LibraryLockedError)


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    lock = LibraryLock(tmp_path)
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    with LibraryLock(tmp_path):
        pass


def test_a_reader_leaves_no_note(tmp_path: Path) -> None:
    with LibraryLock(tmp_path):
        pass
    (tmp_path / HOLDER_NAME).write_text("1 of a process that was killed\n")
    before = state_of(tmp_path)
    with LibraryLock(tmp_path, read_only=True):
        with pytest.raises(LibraryLockedError, match="the library is in use by"), LibraryLock(tmp_path):
            pass
        assert state_of(tmp_path) == before
    assert state_of(tmp_path) == before


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("1: FLOCK  ADVISORY  WRITE 77 {file} 0 EOF\n", "process 77."),
        ("1: POSIX  ADVISORY  WRITE 76 {file} 0 EOF\n2: FLOCK  ADVISORY  WRITE 77 {file} 0 EOF\n", "process 77."),
        ("1: -> FLOCK  ADVISORY  WRITE 76 {file} 0 EOF\n", "process 12 on elsewhere"),
        ("1: FLOCK  ADVISORY  WRITE 77 00:00:1 0 EOF\n", "process 12 on elsewhere"),
        ("1: FLOCK  ADVISORY  WRITE -1 {file} 0 EOF\n", "process 12 on elsewhere"),
        ("\n1: FLOCK\n", "process 12 on elsewhere"),
    ],
)
def test_what_the_system_tells_comes_before_the_note(
    listed: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LibraryLock(tmp_path):
        status = (tmp_path / lock.LOCK_NAME).stat()
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        (tmp_path / "locks").write_text(listed.format(file=file))
        monkeypatch.setattr(lock, "_SYSTEM_LOCKS", tmp_path / "locks")
        (tmp_path / HOLDER_NAME).write_text("12 elsewhere\n")
        with pytest.raises(LibraryLockedError, match=words), LibraryLock(tmp_path):
            pass


@pytest.mark.parametrize("name", [lock.LOCK_NAME, HOLDER_NAME])
@pytest.mark.parametrize("read_only", [True, False])
def test_links_are_not_followed(name: str, read_only: bool, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / name).symlink_to(tmp_path / "victim")
    with pytest.raises(LibraryError, match=f"{name} is a link"), LibraryLock(tmp_path / "library", read_only=read_only):
        pass
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert [path.name for path in (tmp_path / "library").iterdir()] == [name]
