"""VCDB core: 528 web videos of 28 topics and the segments that they share.

Jiang, Jiang and Wang, "VCDB: a large-scale database for partial copy detection in videos", ECCV 2014. Two forms are
read:

- The publishers': ``annotation/<topic>.txt`` with lines ``fileA,fileB,startA,endA,startB,endB``, times HH:MM:SS, and
  ``videos/<topic>/``. Ids are ``<topic>/<file>``. Every video has a line with itself, from which its length is known.
  Three lines describe stretches that lie beyond the end of a video; LAMV's authors leave them out, and so does this.
- TransVCL's (He et al., AAAI 2023): ``pair_file.csv`` and ``label_file.json``, see :mod:`vdup.datasets.boxes`, with the
  three lines still in it.

A shared segment has no direction: it stands once, and a protocol turns it round where it needs both.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vdup.datasets.annotation_file import numbered_lines, whole_number
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.boxes import pairs_by_key, read_boxes, read_pairs
from vdup.datasets.media import find_media, names_of
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError

BEYOND_THE_END = frozenset(
    (
        (
            "mr_and_mrs_smith_tango/38f11a4162d8e94227ac644f117f942735b9a504.mp4",
            "mr_and_mrs_smith_tango/bf582249cfc79d691195a8681961029cc5149a76.flv",
            155.0,
        ),
        (
            "obama_kicks_door/14c262ea09b4ca66feb7e88cf57e0faaeacc301f.mp4",
            "obama_kicks_door/f150e062960b477adcac3f12ef4543337f5a91a4.flv",
            19.0,
        ),
        (
            "run_forrest_fun/067fb2aa9623905a42a2b0b286de1386e45c5bf8.flv",
            "run_forrest_fun/8f19329946455ae5c2c7b788ea6f6513bf5e1c9a.flv",
            66.0,
        ),
    )
)
"""Ids of both videos and start in the first, in seconds, of the three broken lines."""

BROKEN = "describe a stretch beyond the end of a video"
MIRRORED = "repeat a segment, as it is or turned round"


@dataclass(frozen=True)
class Vcdb:
    """Videos and the segments that they share; every video is query and reference."""

    name: str
    videos: tuple[VideoFile, ...]
    segments: tuple[Segment, ...]
    """Between different videos, each once; the first of a line is the query."""
    whole_videos: tuple[Segment, ...]
    """Lines of a video with itself."""
    skipped: tuple[Skipped, ...] = ()

    @property
    def queries(self) -> tuple[VideoFile, ...]:
        """All videos."""
        return self.videos

    @property
    def references(self) -> tuple[VideoFile, ...]:
        """All videos."""
        return self.videos


def load_vcdb(root: Path, *, features: Path | None = None) -> Vcdb:
    """Reads VCDB in either form; the publishers' where both are there.

    Args:
        root: folder with ``annotation/``, or with ``pair_file.csv`` and ``label_file.json``.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: there is neither form, or a file or line is wrong; the text names file and line.
    """
    if (root / "annotation").is_dir():
        return _load_topics(root, features)
    if (root / "label_file.json").exists() or (root / "pair_file.csv").exists():
        return _load_boxes(root, features)
    raise ConfigError(
        f"{root}: VCDB needs annotation/<topic>.txt, or pair_file.csv and label_file.json, in this folder"
    )


def _load_topics(root: Path, features: Path | None) -> Vcdb:
    files = sorted((root / "annotation").glob("*.txt"))
    if not files:
        raise ConfigError(f"{root / 'annotation'}: there is no <topic>.txt in this folder")
    wanted: dict[str, None] = {}
    segments: dict[Segment, None] = {}
    skipped: dict[str, list[str]] = defaultdict(list)
    for place, segment in (entry for file in files for entry in _read_topic(file)):
        wanted.update(dict.fromkeys((segment.query_id, segment.reference_id)))
        if (segment.query_id, segment.reference_id, segment.query_start_seconds) in BEYOND_THE_END:
            skipped[BROKEN].append(place)
        elif segment in segments or turned_round(segment) in segments:
            skipped[MIRRORED].append(place)
        else:
            segments[segment] = None
    # Published features lie under the topic, without extension; a name alone would mix up topics.
    videos = find_media({file: names_of(file)[:2] for file in wanted}, root, features=features)
    reasons = tuple(Skipped(reason, tuple(places)) for reason, places in skipped.items())
    return _vcdb(videos, segments, reasons)


def _load_boxes(root: Path, features: Path | None) -> Vcdb:
    pairs = read_pairs(root / "pair_file.csv")
    labels = root / "label_file.json"
    boxes, unknown = read_boxes(labels, pairs_by_key(pairs))
    if unknown:
        raise ConfigError(f"{labels}: {unknown[0]!r} is no pair of {root / 'pair_file.csv'}")
    wanted = {video: names_of(video) for pair in pairs for video in pair}
    # The videos lie under their topics, which this form does not name.
    topics = sorted(folder.name for folder in (root / "videos").glob("*") if folder.is_dir())
    wanted = {video: (*names, *(f"{topic}/{video}" for topic in topics)) for video, names in wanted.items()}
    videos = find_media(wanted, root, features=features)
    return _vcdb(videos, dict.fromkeys(segment for found in boxes.values() for segment in found), ())


def _vcdb(videos: tuple[VideoFile, ...], segments: dict[Segment, None], skipped: tuple[Skipped, ...]) -> Vcdb:
    whole = tuple(segment for segment in segments if segment.query_id == segment.reference_id)
    shared = tuple(segment for segment in segments if segment.query_id != segment.reference_id)
    return Vcdb("VCDB core", videos, shared, whole, skipped)


def turned_round(segment: Segment) -> Segment:
    """The same segment with query and reference exchanged."""
    return Segment(
        segment.reference_id,
        segment.query_id,
        segment.reference_start_seconds,
        segment.reference_end_seconds,
        segment.query_start_seconds,
        segment.query_end_seconds,
    )


def _read_topic(file: Path) -> Iterator[tuple[str, Segment]]:
    for place, line in numbered_lines(file):
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != 6 or not all(parts):
            raise ConfigError(f"{place}: a line must be 'fileA,fileB,startA,endA,startB,endB', got {line!r}")
        start_a, end_a, start_b, end_b = (_seconds(place, text) for text in parts[2:])
        if end_a <= start_a or end_b <= start_b:
            raise ConfigError(f"{place}: a stretch must end behind its start, got {line!r}")
        yield place, Segment(f"{file.stem}/{parts[0]}", f"{file.stem}/{parts[1]}", start_a, end_a, start_b, end_b)


def _seconds(place: str, text: str) -> float:
    parts = text.split(":")
    if len(parts) != 3:
        raise ConfigError(f"{place}: a time must be HH:MM:SS, got {text!r}")
    hours, minutes, seconds = (whole_number(place, "each part of a time", part) for part in parts)
    if minutes > 59 or seconds > 59:
        raise ConfigError(f"{place}: a time must be HH:MM:SS, got {text!r}")
    return float(hours * 3600 + minutes * 60 + seconds)
