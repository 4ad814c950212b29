"""Finds the videos of a data set, or the published features of them, in its folder."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError
from vdup.feature_files.read import FEATURE_SUFFIXES
from vdup.video.discover import VIDEO_EXTENSIONS

_MEDIA = VIDEO_EXTENSIONS | {suffix.removeprefix(".") for suffix in FEATURE_SUFFIXES}


def names_of(file: str) -> tuple[str, ...]:
    """Names under which a file of the annotations may lie in a folder, best first.

    Publishers write ``dir/clip.avi`` and hand out ``clip.mp4`` or ``clip.pkl``: the extension and then the folder are
    left out.
    """
    path = PurePosixPath(file)
    stem = path.with_suffix("") if path.suffix[1:].lower() in _MEDIA else path
    return tuple(dict.fromkeys((str(path), str(stem), path.name, stem.name)))


def find_media(
    wanted: Mapping[str, Sequence[str]],
    root: Path,
    *,
    videos: Sequence[str] = ("videos",),
    features: Path | None = None,
) -> tuple[VideoFile, ...]:
    """Finds a file for each of many videos.

    The files come from one folder, so that videos and features never mix: the first that has any of them, of the
    folders ``videos`` in their order, ``rmac_*`` (features as LAMV's authors publish them) and ``features``. Each
    folder is walked once, whatever the number of videos.

    Args:
        wanted: for each id, the paths in the folder under which the file may lie, best first, with or without its
            extension; parts are joined by ``/``.
        root: folder of the data set.
        videos: folders in it that may hold videos.
        features: look in this folder only; relative to ``root``, or absolute.

    Returns:
        One for each id, in their order; the path is none where there is no file.

    Raises:
        ConfigError: ``root`` or ``features`` is no folder, or cannot be read, or two ids find the same file.
    """
    if not root.is_dir():
        raise ConfigError(f"{root}: there is no such folder; data.root must be the folder of the data set")
    if features is not None:
        folders = [root / features]
        if not folders[0].is_dir():
            raise ConfigError(f"{folders[0]}: there is no such folder of features")
    else:
        published = sorted(root.glob("rmac_*"))
        folders = [*(root / name for name in videos), *published, root / "features"]
    for folder in folders:
        files = _index(folder) if folder.is_dir() else {}
        found = tuple(VideoFile(name, _first(files, names)) for name, names in wanted.items())
        if any(video.path is not None for video in found):
            _check_one_file_each(found)
            return found
    return tuple(VideoFile(name, None) for name in wanted)


def media_in(folder: Path) -> dict[str, Path]:
    """Videos and feature files in a folder and its subfolders, by their path in it; none if it is not there.

    Raises:
        ConfigError: it cannot be read.
    """
    return dict(_files(folder)) if folder.is_dir() else {}


def _check_one_file_each(videos: Iterable[VideoFile]) -> None:
    owner: dict[Path, str] = {}
    for video in videos:
        if video.path is not None and owner.setdefault(video.path, video.id) != video.id:
            raise ConfigError(
                f"{video.path}: both {owner[video.path]} and {video.id} would be this file; keep them in folders"
            )


def _first(files: Mapping[str, Path], names: Sequence[str]) -> Path | None:
    return next((files[name] for name in names if name in files), None)


def _index(folder: Path) -> dict[str, Path]:
    """Files by their path in the folder, with and without extension; of two that differ in it only, the first."""
    by_path: dict[str, Path] = {}
    by_stem: dict[str, Path] = {}
    for name, path in _files(folder):
        by_path[name] = path
        by_stem.setdefault(name.removesuffix(path.suffix), path)
    return by_stem | by_path


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    def unreadable(error: OSError) -> None:
        raise ConfigError(f"{error.filename}: this folder cannot be read: {error.strerror}") from error

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders.sort()
        inside = Path(parent).relative_to(folder).as_posix()
        for name in sorted(files):
            if Path(name).suffix[1:].lower() in _MEDIA:
                yield name if inside == "." else f"{inside}/{name}", Path(parent, name)
