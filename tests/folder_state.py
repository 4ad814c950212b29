"""What a folder holds, down to the times of change."""

import hashlib
from pathlib import Path

State = dict[str, tuple[int, int, int, str]]


def state_of(folder: Path) -> State:
    """Mode, size, time of change in nanoseconds and SHA-256 of all that is in a folder, and of itself, by path."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        size = status.st_size if content else 0
        found[str(path.relative_to(folder))] = (status.st_mode, size, status.st_mtime_ns, content)
    return found


def contents_of(folder: Path) -> dict[str, bytes]:
    """The bytes of every file in a folder by its name, but of those that a lock needs."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and "lock" not in path.name}
