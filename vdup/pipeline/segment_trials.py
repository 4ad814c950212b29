"""Searches of a library for excerpts of its own videos: which of the segments that are found are right.

Each excerpt is searched for twice, with its own video and without it. What is found without it is all false, unless the
library holds the same footage in another video as well.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from vdup.align.calibration import Calibration
from vdup.align.false_alarms import FalseAlarms, fit_false_alarms, logit
from vdup.align.matcher import QueryTrack, ScoredSegment
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import MatcherConfig
from vdup.errors import LibraryError
from vdup.pipeline.excerpts import SHORTEST_SECONDS, Excerpt, ExcerptMaker
from vdup.pipeline.library_scores import library_hours
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import find_segments

_HELD_TWICE = 0.9
"""Score from which on the hardly changed excerpt says that another video shows the same."""
_WORTH_A_LOOK = 0.02
"""Other videos found at lower scores are not looked into."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class JudgedSegment:
    """A segment that was found for an excerpt."""

    own_id: str
    """Video that the excerpt comes from."""
    found_id: str
    """Video that it was found in."""
    excerpt: int
    """Number of the excerpt."""
    score: float
    """Of the calibration, 0 to 1."""
    is_right: bool
    is_own: bool
    """Found in the excerpt's own video, or in a file that is the same byte for byte."""
    without_own: bool
    """Found when the own video was left out."""


@dataclass(frozen=True)
class SegmentTrials:
    """What came of all searches."""

    segments: tuple[JudgedSegment, ...]
    excerpts: int
    query_hours: float
    """Length of all excerpts, each counted once."""
    library_hours: float
    held_twice: tuple[tuple[str, str], ...]
    """Ids of videos that share footage, as an excerpt of one of them showed; what was found of the one in the other
    does not count."""
    left_out: int
    """Segments that do not count."""

    @property
    def false_segments(self) -> list[JudgedSegment]:
        """Wrong ones, each once: in the own video, and in others when that is left out."""
        return [item for item in self.segments if not item.is_right and item.is_own != item.without_own]

    def fit(self) -> FalseAlarms:
        """Fits the model of false segments: those in the own video are of the same source, all others unrelated.

        Other takes of a scene in other videos thus count as unrelated; it is not known which they are, and a library
        may hold more of them as it grows.
        """
        false = self.false_segments
        logits = np.array([logit(item.score) for item in false], dtype=np.float64)
        alike = np.array([item.is_own for item in false], dtype=np.bool_)
        return fit_false_alarms(logits, alike, self.query_hours, self.library_hours)


def run_trials(
    library: OpenLibrary,
    calibration: Calibration,
    config: MatcherConfig,
    most_videos: int,
    copies: int,
    seed: int,
    progress: Progress | None = None,
) -> SegmentTrials:
    """Makes excerpts of videos drawn at random, searches for them, and judges what is found.

    Args:
        library: its files must still be where they were.
        calibration: of its codes.
        config: settings of the search; its threshold plays no part.
        most_videos: videos that excerpts are made of.
        copies: excerpts of each.
        seed: of everything drawn at random.
        progress: told of every video.

    Raises:
        LibraryError: fewer than two videos are long enough, or none of those drawn can be read.
    """
    everything = replace(config, threshold=0.0, false_alarms=None)
    long = [item for item in library.videos(VideoState.indexed) if (item.duration_seconds or 0.0) >= SHORTEST_SECONDS]
    if len(long) < 2:
        raise LibraryError(
            f"{library.folder.path}: {len(long)} videos last {SHORTEST_SECONDS:g} seconds or more, and two are needed; "
            "index more videos"
        )
    chosen = np.sort(np.random.default_rng(seed).choice(len(long), min(most_videos, len(long)), replace=False))
    records = [long[place] for place in chosen.tolist()]
    maker = ExcerptMaker(library, calibration, mirror=config.mirror)
    judged: list[JudgedSegment] = []
    held_twice: set[tuple[str, str]] = set()
    count, seconds = 0, 0.0
    for done, excerpts in enumerate(maker.excerpts(records, copies, seed), start=1):
        for excerpt in excerpts:
            found, twins = _search(library, calibration, everything, maker, excerpt, count)
            judged += found
            held_twice |= {_pair(excerpt.record.id, twin) for twin in twins}
            count += 1
            seconds += excerpt.end_seconds - excerpt.start_seconds
        if progress is not None:
            progress(done, len(records))
    if not count:
        raise LibraryError(
            f"{library.folder.path}: no excerpts could be made of its videos; their files may have moved"
        )
    kept = tuple(item for item in judged if _pair(item.own_id, item.found_id) not in held_twice)
    return SegmentTrials(
        segments=kept,
        excerpts=count,
        query_hours=seconds / 3600,
        library_hours=library_hours(library.folder.catalogue),
        held_twice=tuple(sorted(held_twice)),
        left_out=len(judged) - len(kept),
    )


def _pair(first: str, second: str) -> tuple[str, str]:
    return min(first, second), max(first, second)


def _search(
    library: OpenLibrary,
    calibration: Calibration,
    config: MatcherConfig,
    maker: ExcerptMaker,
    excerpt: Excerpt,
    number: int,
) -> tuple[list[JudgedSegment], set[str]]:
    """What is found for an excerpt, and the ids of other videos that show the same."""
    own = {excerpt.record.number}
    if excerpt.record.content_hash:
        own |= {record.number for record in library.folder.catalogue.by_content_hash(excerpt.record.content_hash)}

    def look(tracks: list[QueryTrack], without: Collection[int] = ()) -> list[tuple[VideoRecord, ScoredSegment]]:
        return find_segments(library, tracks, calibration, config, without)

    tracks = maker.edited(excerpt)
    judged = [
        JudgedSegment(
            own_id=excerpt.record.id,
            found_id=record.id,
            excerpt=number,
            score=item.score,
            is_right=record.number in own and lies_there(item, excerpt.start_seconds, excerpt.end_seconds),
            is_own=record.number in own,
            without_own=without_own,
        )
        for without_own in (False, True)
        for record, item in look(tracks, own if without_own else ())
    ]
    others = {item.found_id for item in judged if not item.is_own and item.score >= _WORTH_A_LOOK}
    if not others:
        return judged, set()
    same = {record.id for record, item in look(maker.mildest(excerpt), own) if item.score >= _HELD_TWICE}
    return judged, others & same


def lies_there(item: ScoredSegment, start_seconds: float, end_seconds: float) -> bool:
    """Whether a segment lies where it should: most of it inside a stretch of the reference.

    Where nothing moves in the query and several places fit alike, one of these must meet the stretch.

    Args:
        item: the segment.
        start_seconds: of the stretch.
        end_seconds: of the stretch.
    """
    if item.fits_equally_seconds is not None:
        first, last = item.fits_equally_seconds
        return min(last, end_seconds) > max(first, start_seconds)
    first, last = item.intervals()[1]
    return min(last, end_seconds) - max(first, start_seconds) > 0.5 * (last - first)
