"""Finds the video files that a path stands for, and gives each an id."""

import os
from pathlib import Path

from vdup.errors import ConfigError
from vdup.regular_file import read_regular

VIDEO_EXTENSIONS = frozenset(
    (
        "3g2",
        "3gp",
        "asf",
        "avi",
        "divx",
        "dv",
        "f4v",
        "flv",
        "h264",
        "hevc",
        "ivf",
        "m1v",
        "m2t",
        "m2ts",
        "m2v",
        "m4v",
        "mjpeg",
        "mkv",
        "mov",
        "mp4",
        "mpe",
        "mpeg",
        "mpg",
        "mts",
        "mxf",
        "nut",
        "ogm",
        "ogv",
        "qt",
        "rm",
        "rmvb",
        "ts",
        "vob",
        "webm",
        "wmv",
        "wtv",
        "y4m",
    )
)
"""Extensions, in lower case without the dot, by which a file in a folder counts as a video.

The name decides, not the content: a damaged video is then reported as failed instead of being passed over. GIF is left
out, as most such files are pictures.
"""


def find_videos(path: Path) -> list[tuple[str, Path]]:
    """List the videos of a file, a folder or a text file of paths.

    - A video file: its id is its name, whatever the extension.
    - A folder: searched with its subfolders; ids are paths relative to it, parts joined by ``/``. Hidden files and
      folders are left out; links are followed, but no folder is entered twice.
    - A ``.txt`` file: one path a line, relative to the text file's folder; blank lines and lines that begin with ``#``
      are skipped. Ids are relative to the deepest folder that holds all of them. Files on it need not exist, so that
      a missing one is reported by name later.

    Returns:
        Pairs of id and path, sorted by id for a folder and in the order of the lines for a list; ids are unique.

    Raises:
        ConfigError: the path does not exist or cannot be read, or there is no video in it.
    """
    try:
        if path.is_dir():
            videos = _in_folder(path)
        elif path.suffix.lower() == ".txt":
            videos = _in_list(path)
        elif path.exists():
            videos = [(path.name, path)]
        else:
            raise ConfigError(f"{path}: there is no such file or folder")
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return videos


def _in_folder(folder: Path) -> list[tuple[str, Path]]:
    found: list[tuple[str, Path]] = []
    entered: set[tuple[int, int]] = set()

    def unreadable(error: OSError) -> None:
        raise ConfigError(f"{error.filename}: this folder cannot be read: {error.strerror}") from error

    for parent, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        # Sorted, so that of two links to one folder always the same is entered.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith(".") and Path(name).suffix[1:].lower() in VIDEO_EXTENSIONS:
                file = Path(parent, name)
                found.append((file.relative_to(folder).as_posix(), file))
    if not found:
        raise ConfigError(
            f"{folder}: no video in this folder; videos are known by their extension, such as .mp4 or .mkv"
        )
    return sorted(found)


def _in_list(file: Path) -> list[tuple[str, Path]]:
    if not file.exists():
        raise ConfigError(f"{file}: there is no such list of videos")
    lines = [line.strip() for line in read_regular(file).decode("utf-8-sig").splitlines()]
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise ConfigError(f"{file}: line {number} holds a zero byte, which no path can: remove or mend that line")
    # Repeated lines stand for one video; the dictionary keeps the order.
    paths = list(dict.fromkeys(_absolute(file.parent / line) for line in lines if line and not line.startswith("#")))
    if not paths:
        raise ConfigError(f"{file}: this list names no video; write one path a line")
    common = Path(os.path.commonpath([path.parent for path in paths]))
    return [(path.relative_to(common).as_posix(), path) for path in paths]


def _absolute(path: Path) -> Path:
    # Unlike Path.resolve this keeps the names of links, which are what the user wrote.
    return Path(os.path.abspath(path))  # noqa: PTH100
