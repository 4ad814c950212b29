"""Queries made of stored codes, and whether a search has found where they come from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.lookup_codes import flipped
from vdup.align.matcher import QueryTrack
from vdup.types import CodeArray, FloatArray, Match, TimeArray, VideoCodes

QUERY_FPS = 2
OWN_SECONDS = 5
COPY_SECONDS = 20
_OWN_FRAMES = OWN_SECONDS * QUERY_FPS
_COPY_FRAMES = COPY_SECONDS * QUERY_FPS
SPARE_OF_QUERY = 2 * (2 * _OWN_FRAMES) + _COPY_FRAMES
"""Codes that are not in the library: for the query's two ends, and for the whole of its mirrored track."""

Background = Callable[[CodeArray], FloatArray]


@dataclass(frozen=True)
class PlantedCopy:
    """A query and where the copy in it comes from."""

    straight: QueryTrack
    mirrored: QueryTrack
    video_id: str
    reference_start_seconds: float


def plant(
    stored: VideoCodes, video_id: str, own: CodeArray, background: Background, flips: float, seed: int
) -> PlantedCopy:
    """A query with 20 s of a stored video in its middle.

    Args:
        stored: codes of that video, one a second.
        video_id: its id.
        own: codes that the library does not hold: for the query's ends, then for its mirrored track, uint8
            [:data:`SPARE_OF_QUERY`, 128].
        background: gives the background distances of codes.
        flips: share of bits that are turned over.
        seed: of all randomness.
    """
    rng = np.random.default_rng(seed)
    begin = int(rng.integers(0, len(stored) - COPY_SECONDS))
    at = begin + np.arange(_COPY_FRAMES) / QUERY_FPS
    copy = flipped(between(stored.codes, at, rng), flips, rng)
    straight = np.concatenate([own[:_OWN_FRAMES], copy, own[_OWN_FRAMES : 2 * _OWN_FRAMES]])

    def track(codes: CodeArray, mirrored: bool) -> QueryTrack:
        return QueryTrack(
            codes=codes,
            times_seconds=np.arange(len(codes)) / QUERY_FPS,
            searchable=np.ones(len(codes), dtype=np.bool_),
            backgrounds=background(codes),
            duration_seconds=len(codes) / QUERY_FPS,
            mirrored=mirrored,
        )

    return PlantedCopy(track(straight, False), track(own[2 * _OWN_FRAMES :], True), video_id, float(begin))


def between(codes: CodeArray, at_rows: TimeArray, rng: np.random.Generator) -> CodeArray:
    """Codes at places between rows: a bit comes from the row after with the probability that it is that near."""
    before = np.floor(at_rows).astype(np.int64)
    share = (at_rows - before)[:, None]
    after = codes[np.minimum(before + 1, len(codes) - 1)]
    takes_after = np.packbits(rng.random((len(before), 8 * codes.shape[1])) < share, axis=1)
    mixed: CodeArray = (codes[before] & ~takes_after) | (after & takes_after)
    return mixed


def names_video(matches: list[Match], planted: PlantedCopy) -> bool:
    """Whether the best match is in the right video."""
    return bool(matches) and matches[0].reference_id == planted.video_id


def names_times(matches: list[Match], planted: PlantedCopy) -> bool:
    """Whether the best match is in the right video, each of its four ends within a second of the truth."""
    if not names_video(matches, planted):
        return False
    best = matches[0]
    ends = (
        (best.query_start_seconds, OWN_SECONDS),
        (best.query_end_seconds, OWN_SECONDS + COPY_SECONDS),
        (best.reference_start_seconds, planted.reference_start_seconds),
        (best.reference_end_seconds, planted.reference_start_seconds + COPY_SECONDS),
    )
    return all(abs(found - true) <= 1 for found, true in ends)
