"""Which copy of a group to keep, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vdup.catalogue.records import VideoRecord
from vdup.grouping.groups import Group
from vdup.grouping.overlap import Relation

_ALIKE = 1.02
"""Figures that differ by less than this factor count as equal: encoders round sizes and lengths."""


@dataclass(frozen=True)
class Choice:
    """The copy to keep."""

    keep: str
    """Id of a video."""
    reason: str
    """What it has over the others, for people."""


def best_copy(group: Group, records: Mapping[str, VideoRecord], nearly_all: float) -> Choice:
    """Chooses the copy that loses least when all others are deleted.

    Copies that another one holds, and more, are out: they lack something. Among the rest the one with most pixels is
    best, then the longest, then the one of highest bitrate, then the first by name.

    Args:
        group: near-duplicates.
        records: of the members at least.
        nearly_all: share of a video from which on it counts as contained in the other.
    """
    held = {
        link.first if link.relation(nearly_all) is Relation.contained else link.second
        for link in group.links
        if link.relation(nearly_all) in (Relation.contained, Relation.contains)
    }
    whole = [member for member in group.members if member not in held] or list(group.members)
    lacking = len(group.members) - len(whole)
    reasons = [f"complete ({lacking} of the others lack{'s' if lacking == 1 else ''} a part)"] if lacking else []
    rest: Sequence[str] = whole
    for name, figure, told in (
        ("most pixels", _pixels, _size),
        ("longest", _seconds, lambda record: f"{_seconds(record):.1f} s"),
        ("highest bitrate", bits_per_second, lambda record: f"{bits_per_second(record) / 1000:.0f} kbit/s"),
    ):
        best = max(figure(records[member]) for member in rest)
        left = [member for member in rest if figure(records[member]) * _ALIKE >= best]
        if len(left) < len(rest):
            reasons.append(f"{name} ({told(records[max(left, key=lambda one: figure(records[one]))])})")
        rest = left
        if len(rest) == 1:
            break
    if not reasons:
        reasons.append("all are alike; the first by name")
    return Choice(min(rest), ", ".join(reasons))


def bits_per_second(record: VideoRecord) -> float:
    """Size of the file by its length; sound and subtitles count too. 0 when the length is not known."""
    return 8 * record.size_bytes / record.duration_seconds if record.duration_seconds else 0.0


def _pixels(record: VideoRecord) -> float:
    return float((record.width or 0) * (record.height or 0))


def _size(record: VideoRecord) -> str:
    return f"{record.width}x{record.height}"


def _seconds(record: VideoRecord) -> float:
    return record.duration_seconds or 0.0
