import os
import subprocess
import sys
from pathlib import Path

import pytest

from vdup.catalogue import lock
from vdup.catalogue.lock import HOLDER_NAME, LibraryLock
from vdup.errors import LibraryError, LibraryLockedError

_HOLD = """
import sys, time
from pathlib import Path
from vdup.catalogue import lock
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
