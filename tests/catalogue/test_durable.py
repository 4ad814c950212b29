import errno
import os
from pathlib import Path

import pytest

from vdup.catalogue.durable import library_errors, replace_file, write_all
from vdup.errors import LibraryError, LibraryFullError


def test_a_file_gets_new_contents(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old, and longer")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_refused_write_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    else:
        monkeypatch.setattr(os, call, refuse)
    with pytest.raises(LibraryFullError, match=r"cannot write .*file: No space left on device. Free some space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_all_goes_on_after_partial_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    try:
        write_all(descriptor, b"0123456789")
    finally:
        os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, LibraryFullError),
        (errno.EDQUOT, LibraryFullError),
        (errno.EFBIG, LibraryFullError),
        (errno.EIO, LibraryError),
        (errno.EACCES, LibraryError),
    ],
)
def test_refusals_of_the_system(code: int, kind: type[LibraryError]) -> None:
    with pytest.raises(LibraryError, match="cannot read /a/file") as caught, library_errors(Path("/a/file"), "read"):
        raise OSError(code, os.strerror(code))
    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, OSError)


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), library_errors(Path("file"), "read"):
        _ = 1 // 0
