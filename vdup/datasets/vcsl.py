"""VCSL: 167,508 pairs of 9,207 web videos with the segments that they share.

He et al., "A large-scale comprehensive dataset and copy-overlap aware evaluation protocol for segment-level video copy
detection", CVPR 2022. The files, in the folder itself or in ``data/``: ``pair_file_<split>.csv`` (``query_id,
reference_id``), ``label_file_uuid_total.json`` (see :mod:`vdup.datasets.boxes`), ``split_meta_pairs.json``
(``{split: {query set: ["query-reference", ...]}}``), ``videos_url_uuid.csv`` (``url,uuid``) and ``frames_all.csv``
(``uuid,path,frame_count``). The last three may be missing. A video is a file of it or of its features, or a folder
``frames/<path>`` of images 00000.jpg, 00001.jpg, ..., one a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vdup.datasets.annotation_file import cell, csv_rows, read_json, whole_number
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.boxes import VideoPair, pairs_by_key, read_boxes, read_pairs
from vdup.datasets.media import find_media
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Vcsl:
    """Pairs of one split and the segments that they share."""

    name: str
    queries: tuple[VideoFile, ...]
    references: tuple[VideoFile, ...]
    pairs: tuple[VideoPair, ...]
    """Pairs that are compared, query first; those without segments are no copies."""
    segments: Mapping[VideoPair, tuple[Segment, ...]]
    """Of the pairs that are copies."""
    query_sets: Mapping[str, tuple[VideoPair, ...]] | None
    """Pairs of each query set, over which macro averages go; none: ``split_meta_pairs.json`` is missing."""
    frame_counts: Mapping[str, int]
    """Frames at one a second, by id; empty: ``frames_all.csv`` is missing."""
    urls: Mapping[str, str]
    """Where a video was published, by id; empty: ``videos_url_uuid.csv`` is missing."""
    skipped: tuple[Skipped, ...] = ()


def load_vcsl_val(root: Path, *, features: Path | None = None) -> Vcsl:
    """Reads the pairs for choosing settings; see :func:`load_vcsl`."""
    return load_vcsl(root, "val", features=features)


def load_vcsl_test(root: Path, *, features: Path | None = None) -> Vcsl:
    """Reads the pairs on which results are reported; see :func:`load_vcsl`."""
    return load_vcsl(root, "test", features=features)


def load_vcsl(root: Path, split: str, *, features: Path | None = None) -> Vcsl:
    """Reads one split.

    Args:
        root: folder with the annotation files, or with ``data/`` that holds them.
        split: train, val or test.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: a file is missing or wrong; the text names the file and the line or pair.
        ValueError: there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    pair_file = f"pair_file_{split}.csv"
    folder = root / "data" if not (root / pair_file).exists() and (root / "data").is_dir() else root
    pairs = read_pairs(folder / pair_file)
    keys = pairs_by_key(pairs)
    segments, _ = read_boxes(folder / "label_file_uuid_total.json", keys)  # the rest belongs to the other splits
    frames = _read_frames(folder / "frames_all.csv")
    wanted = {video: (video,) for pair in pairs for video in pair}
    videos = {video.id: video for video in find_media(wanted, root, features=features)}
    if features is None and all(video.path is None for video in videos.values()):
        videos = {name: replace(video, path=_frames_of(root, frames.get(name))) for name, video in videos.items()}
    return Vcsl(
        f"VCSL {split}",
        tuple(videos[query] for query in dict.fromkeys(query for query, _ in pairs)),
        tuple(videos[reference] for reference in dict.fromkeys(reference for _, reference in pairs)),
        pairs,
        {pair: found for pair, found in segments.items() if found},
        _read_query_sets(folder / "split_meta_pairs.json", split, keys),
        {name: count for name, (_, count) in frames.items()},
        _read_urls(folder / "videos_url_uuid.csv"),
    )


def _read_frames(path: Path) -> dict[str, tuple[str, int]]:
    """Folder and number of the frames of each video."""
    if not path.exists():
        return {}
    frames: dict[str, tuple[str, int]] = {}
    for place, row in csv_rows(path, ("uuid", "path", "frame_count")):
        name = cell(place, row, "uuid")
        if name in frames:
            raise ConfigError(f"{place}: {name} has a line already")
        count = whole_number(place, "frame_count", cell(place, row, "frame_count"))
        frames[name] = (cell(place, row, "path"), count)
    return frames


def _frames_of(root: Path, frames: tuple[str, int] | None) -> Path | None:
    """Folder with the images of a video; none: it is not there, or the last image is not."""
    if frames is None:
        return None
    folder = root / "frames" / frames[0]
    return folder if frames[1] and (folder / f"{frames[1] - 1:05d}.jpg").exists() else None


def _read_urls(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return {cell(place, row, "uuid"): cell(place, row, "url") for place, row in csv_rows(path, ("url", "uuid"))}


def _read_query_sets(path: Path, split: str, keys: Mapping[str, VideoPair]) -> dict[str, tuple[VideoPair, ...]] | None:
    if not path.exists():
        return None
    held = read_json(path)
    sets = held.get(split) if isinstance(held, dict) else None
    if not isinstance(sets, dict):
        raise ConfigError(f"{path}: must be an object of splits, and {split!r} in it an object of query sets")
    found: dict[str, tuple[VideoPair, ...]] = {}
    for name, members in sets.items():
        if not isinstance(members, list) or not members:
            raise ConfigError(f"{path}: the query set {name!r} of {split!r} must be a list of pairs")
        for key in members:
            if not isinstance(key, str) or key not in keys:
                raise ConfigError(f"{path}: {key!r} of the query set {name!r} is no pair of the split {split!r}")
        found[name] = tuple(keys[key] for key in members)
    return found
