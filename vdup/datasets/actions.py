"""UCF101, HMDB51 and JHMDB: clips of human actions, used to test codes by which clips of one class are found.

Soomro et al. 2012, Kuehne et al. 2011, Jhuang et al. 2013. Queries are the test clips of a split, the database is its
training clips. Read are the official lists:

- UCF101: ``classInd.txt`` (``1 ApplyEyeMakeup``), ``trainlist01.txt`` (``ApplyEyeMakeup/v_..._g08_c01.avi 1``) and
  ``testlist01.txt`` (paths alone), here or in ``ucfTrainTestlist/``;
- HMDB51 and JHMDB: ``<class>_test_split1.txt`` with ``clip.avi 1``, 1 for training, 2 for test, 0 for neither, here or
  in ``splits/``, ``testTrainMulti_7030_splits/`` or ``test_train_splits/``;

or, where they are there, ``train.txt`` and ``test.txt`` with lines ``path class`` or ``path,class``, class a number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vdup.datasets.annotation_file import numbered_lines, whole_number
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media, names_of
from vdup.errors import ConfigError

_VIDEO_FOLDERS = ("videos", "UCF-101", "UCF101", "hmdb51_org", "ReCompress_Videos", ".")
_SPLIT_FOLDERS = (".", "ucfTrainTestlist", "splits", "testTrainMulti_7030_splits", "test_train_splits")

Listed = dict[str, int]
"""Class of each clip."""


@dataclass(frozen=True)
class ActionSet:
    """Clips of one split and their classes."""

    name: str
    queries: tuple[VideoFile, ...]
    """Test clips."""
    references: tuple[VideoFile, ...]
    """Training clips."""
    class_of: Mapping[str, int]
    """Number of the class of each clip, by id."""
    class_names: Mapping[int, str]
    """By number; empty: the lists do not tell."""
    skipped: tuple[Skipped, ...] = ()


def load_ucf101(root: Path, *, features: Path | None = None, split: int = 1) -> ActionSet:
    """Reads UCF101; ids are the paths of the lists. See :func:`load_hmdb51`."""
    lists = _plain_lists(root)
    if lists is not None:
        return _make("UCF101", root, features, *lists, {})
    folder = _split_folder(root, f"trainlist{split:02d}.txt")
    numbers = _read_classes(folder / "classInd.txt")
    train = _read_ucf_list(folder / f"trainlist{split:02d}.txt", numbers)
    test = _read_ucf_list(folder / f"testlist{split:02d}.txt", numbers)
    return _make(
        f"UCF101 split {split}", root, features, train, test, {number: name for name, number in numbers.items()}
    )


def load_hmdb51(root: Path, *, features: Path | None = None, split: int = 1) -> ActionSet:
    """Reads HMDB51; ids are ``<class>/<clip>``, classes are numbered from 1 in the order of their names.

    Args:
        root: folder with the videos and the lists.
        features: folder of features, if not ``rmac_*`` or ``features``; see :func:`~vdup.datasets.media.find_media`.
        split: number of the split; not used where ``train.txt`` and ``test.txt`` are there.

    Raises:
        ConfigError: a list is missing or a line is wrong; the text names file and line.
    """
    return _load_by_class("HMDB51", root, features, split)


def load_jhmdb(root: Path, *, features: Path | None = None, split: int = 1) -> ActionSet:
    """Reads JHMDB; see :func:`load_hmdb51`."""
    return _load_by_class("JHMDB", root, features, split)


def _load_by_class(name: str, root: Path, features: Path | None, split: int) -> ActionSet:
    lists = _plain_lists(root)
    if lists is not None:
        return _make(name, root, features, *lists, {})
    suffix = f"_test_split{split}.txt"
    folder = _split_folder(root, f"*{suffix}")
    train: Listed = {}
    test: Listed = {}
    unused: list[str] = []
    classes: dict[int, str] = {}
    for number, file in enumerate(sorted(folder.glob(f"*{suffix}")), start=1):
        classes[number] = file.name.removesuffix(suffix)
        for place, line in numbered_lines(file):
            clip, _, use = line.rpartition(" ")
            if not clip.strip() or use not in ("0", "1", "2"):
                raise ConfigError(f"{place}: a line must be 'clip use' with use 0, 1 or 2, got {line!r}")
            path = f"{classes[number]}/{clip.strip()}"
            if use == "0":
                unused.append(place)
            else:
                _add(train if use == "1" else test, path, number, place)
    skipped = (Skipped("are of neither part of the split", tuple(unused)),) if unused else ()
    return _make(f"{name} split {split}", root, features, train, test, classes, skipped)


def _make(
    name: str,
    root: Path,
    features: Path | None,
    train: Listed,
    test: Listed,
    class_names: Mapping[int, str],
    skipped: tuple[Skipped, ...] = (),
) -> ActionSet:
    both = sorted(train.keys() & test.keys())
    if both:
        raise ConfigError(f"{root}: {both[0]} is in the training and in the test list of {name}")
    if not train or not test:
        raise ConfigError(f"{root}: the {'test' if train else 'training'} list of {name} is empty")
    wanted = {clip: names_of(clip)[:2] for clip in (*test, *train)}
    videos = find_media(wanted, root, videos=_VIDEO_FOLDERS, features=features)
    return ActionSet(name, videos[: len(test)], videos[len(test) :], {**train, **test}, class_names, skipped)


def _split_folder(root: Path, pattern: str) -> Path:
    for name in _SPLIT_FOLDERS:
        if any((root / name).glob(pattern)):
            return root / name
    raise ConfigError(f"{root}: there is no {pattern} here or in {', '.join(_SPLIT_FOLDERS[1:])}, nor train.txt here")


def _plain_lists(root: Path) -> tuple[Listed, Listed] | None:
    files = root / "train.txt", root / "test.txt"
    if not any(file.exists() for file in files):
        return None
    train, test = (_read_plain_list(file) for file in files)
    return train, test


def _read_plain_list(file: Path) -> Listed:
    listed: Listed = {}
    for place, line in numbered_lines(file):
        match = re.fullmatch(r"(.*[^\s,])\s*[,\s]\s*(\S+)", line)
        if match is None:
            raise ConfigError(f"{place}: a line must be 'path class' or 'path,class', got {line!r}")
        _add(listed, match[1], whole_number(place, "the class", match[2]), place)
    return listed


def _read_classes(file: Path) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for place, line in numbered_lines(file):
        parts = line.split()
        if len(parts) != 2:
            raise ConfigError(f"{place}: a line must be 'number class', got {line!r}")
        number = whole_number(place, "the number of the class", parts[0])
        if parts[1] in numbers or number in numbers.values():
            raise ConfigError(f"{place}: the class {parts[1]} or its number has a line already")
        numbers[parts[1]] = number
    return numbers


def _read_ucf_list(file: Path, numbers: Mapping[str, int]) -> Listed:
    listed: Listed = {}
    for place, line in numbered_lines(file):
        match = re.fullmatch(r"(.*\S)\s+(\d+)", line)
        clip, told = match.groups() if match else (line, "")
        name = PurePosixPath(clip.strip()).parts[:1]
        if not name or name[0] not in numbers:
            raise ConfigError(f"{place}: a line must be '<class>/<clip>' with a class of classInd.txt, got {line!r}")
        number = numbers[name[0]]
        if told and whole_number(place, "the class", told) != number:
            raise ConfigError(f"{place}: the class is {told}, but classInd.txt has {number} for {name[0]}")
        _add(listed, clip.strip(), number, place)
    return listed


def _add(listed: Listed, clip: str, number: int, place: str) -> None:
    if clip in listed:
        raise ConfigError(f"{place}: {clip} has a line already")
    listed[clip] = number
