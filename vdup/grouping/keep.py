"""Which copy of several to keep, and what it has over the others."""

from collections.abc import Callable, Collection, Mapping, Sequence

from vdup.catalogue.records import VideoRecord
from vdup.types import Intervals
from vdup.video.damaged_moments import told_damage

_ALIKE = 1.02
"""Figures that differ by less than this factor count as equal: encoders round sizes and lengths."""

Held = Mapping[str, Collection[str]]
"""Video -> those that hold nearly all of it, and more."""

Damaged = Mapping[str, Intervals]
"""Video -> the stretches of it that decoding found damaged; others are whole, as far as is known."""


def best_copy(candidates: Sequence[str], held: Held, records: Mapping[str, VideoRecord], damaged: Damaged) -> str:
    """Chooses the copy that loses least when all others are deleted.

    Copies that another candidate holds, and more, are out: they lack something. So are damaged ones while there are
    whole ones. Among the rest the one with most pixels is best, then the longest, then the one of highest bitrate, then
    the first by name.

    Args:
        candidates: ids of videos, at least one.
        held: which of them others hold.
        records: of the candidates at least.
        damaged: stretches that are damaged.
    """
    rest: Sequence[str] = [one for one in candidates if not _lacks_a_part(one, candidates, held)] or candidates
    rest = [one for one in rest if not damaged.get(one)] or rest
    for _, figure, _ in _CRITERIA:
        rest = _best_by(figure, rest, records)
    return min(rest)


def has_more_pixels(one: str, other: str, records: Mapping[str, VideoRecord]) -> bool:
    """Whether a video has clearly more pixels than another."""
    return _pixels(records[one]) > _pixels(records[other]) * _ALIKE


def advantages(
    keep: str, others: Collection[str], held: Held, records: Mapping[str, VideoRecord], damaged: Damaged
) -> str:
    """What a copy has over others, for people; empty when they are alike.

    Args:
        keep: id of a video.
        others: ids of others.
        held: which of all these others hold.
        records: of all these at least.
        damaged: stretches that are damaged.
    """
    lacking = [other for other in others if keep in held.get(other, ())]
    reasons = (
        [f"complete ({len(lacking)} of the others lack{'s' if len(lacking) == 1 else ''} a part)"] if lacking else []
    )
    broken = [other for other in others if damaged.get(other)]
    if broken and not damaged.get(keep):
        reasons.append(f"whole, while {' and '.join(f'{one} is {told_damage(damaged[one])}' for one in broken)}")
        lacking += broken
    rest: Sequence[str] = [keep, *(other for other in others if other not in lacking)]
    for name, figure, told in _CRITERIA:
        left = _best_by(figure, rest, records)
        if keep in left and len(left) < len(rest):
            reasons.append(f"{name} ({told(records[keep])})")
        rest = left
        if keep not in rest or len(rest) == 1:
            break
    return ", ".join(reasons)


def bits_per_second(record: VideoRecord) -> float:
    """Size of the file by its length; sound and subtitles count too. 0 when the length is not known."""
    return 8 * record.size_bytes / record.duration_seconds if record.duration_seconds else 0.0


def _lacks_a_part(video: str, candidates: Collection[str], held: Held) -> bool:
    return any(other in candidates for other in held.get(video, ()))


def _best_by(
    figure: Callable[[VideoRecord], float], videos: Sequence[str], records: Mapping[str, VideoRecord]
) -> list[str]:
    best = max(figure(records[video]) for video in videos)
    return [video for video in videos if figure(records[video]) * _ALIKE >= best]


def _pixels(record: VideoRecord) -> float:
    return float((record.width or 0) * (record.height or 0))


def _size(record: VideoRecord) -> str:
    return f"{record.width}x{record.height}"


def _seconds(record: VideoRecord) -> float:
    return record.duration_seconds or 0.0


_CRITERIA: tuple[tuple[str, Callable[[VideoRecord], float], Callable[[VideoRecord], str]], ...] = (
    ("most pixels", _pixels, _size),
    ("longest", _seconds, lambda record: f"{_seconds(record):.1f} s"),
    ("highest bitrate", bits_per_second, lambda record: f"{bits_per_second(record) / 1000:.0f} kbit/s"),
)
