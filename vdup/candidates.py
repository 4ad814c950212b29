"""From hits to candidates: which references are worth following, and along which part of the query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import DescriptorHit, FloatArray, RowArray, TimeArray

_WINDOW_SECONDS = 20.0
"""Votes are added up within windows of this length: a short copy in a long query must not drown."""

_PADDING_SECONDS = 10.0
"""How far before and after its hits a candidate is followed."""

_PER_WINDOW = 40
"""Candidates kept in each window."""


@dataclass(frozen=True)
class Candidate:
    """A reference to follow along a part of the query."""

    video_number: int
    votes: float
    """Best sum of votes within one window."""
    query_rows: RowArray
    """Frames of the query to follow, increasing, int64 [K]."""


def frame_votes(distances: NDArray[np.int32], backgrounds: FloatArray, weights: FloatArray) -> FloatArray:
    """How strongly hits speak for their videos.

    A hit counts by how much nearer it is than the background of its query frame, times the weight of its content.

    Args:
        distances: Hamming distances of the hits, int32 [M].
        backgrounds: background distance of each hit's query frame, float32 [M].
        weights: weight of each hit's content, float32 [M].

    Returns:
        float32 [M], 0 or more.
    """
    nearer = np.maximum(backgrounds - distances, 0.0)
    votes: FloatArray = ((nearer / np.maximum(backgrounds, 1.0)) ** 2 * weights).astype(np.float32)
    return votes


def rank_candidates(
    hit_frames: RowArray, votes: FloatArray, hit_videos: RowArray, times_seconds: TimeArray
) -> list[Candidate]:
    """References by their best window of votes.

    In each window a video gets, from every query frame, the vote of its best hit. The best videos of every window
    become candidates, to be followed where they had votes, with some padding.

    Args:
        hit_frames: query frame of each hit, int64 [M].
        votes: vote of each hit, float32 [M].
        hit_videos: video number of each hit, int64 [M].
        times_seconds: times of the query frames, float64 [N].

    Returns:
        Candidates, best first.
    """
    used = votes > 0
    if not used.any():
        return []
    frames, videos, votes = hit_frames[used], hit_videos[used], votes[used]
    # The best hit of each (frame, video).
    order = np.lexsort((-votes, videos, frames))
    frames, videos, votes = frames[order], videos[order], votes[order]
    first = np.ones(len(frames), dtype=np.bool_)
    first[1:] = (frames[1:] != frames[:-1]) | (videos[1:] != videos[:-1])
    frames, videos, votes = frames[first], videos[first], votes[first]
    windows = (times_seconds[frames] // _WINDOW_SECONDS).astype(np.int64)
    best: dict[int, float] = {}
    chosen_windows: dict[int, list[int]] = {}
    for window in np.unique(windows):
        inside = windows == window
        owners, slot = np.unique(videos[inside], return_inverse=True)
        sums = np.bincount(slot, weights=votes[inside])
        for place in np.argsort(-sums, kind="stable")[:_PER_WINDOW]:
            video = int(owners[place])
            best[video] = max(best.get(video, 0.0), float(sums[place]))
            chosen_windows.setdefault(video, []).append(int(window))
    ranked = sorted(best, key=lambda video: (-best[video], video))
    return [Candidate(video, best[video], _frames_of(_spans(chosen_windows[video]), times_seconds)) for video in ranked]


def add_coarse(
    candidates: Sequence[Candidate],
    coarse: Sequence[tuple[float, float, list[DescriptorHit]]],
    times_seconds: TimeArray,
    most: int,
) -> list[Candidate]:
    """Adds references whose descriptors look like a stretch of the query.

    Args:
        candidates: from :func:`rank_candidates`.
        coarse: stretches of the query, each with start and end in seconds and its descriptor hits, best first.
        times_seconds: times of the query frames, float64 [N].
        most: videos taken from one stretch.

    Returns:
        The given candidates, widened where a stretch asks for it, then the new ones.
    """
    spans: dict[int, list[tuple[float, float]]] = {}
    for start, end, hits in coarse:
        for video in list(dict.fromkeys(hit.video_number for hit in hits))[:most]:
            spans.setdefault(video, []).append((start - _PADDING_SECONDS, end + _PADDING_SECONDS))
    result = []
    for candidate in candidates:
        extra = spans.pop(candidate.video_number, [])
        rows = np.union1d(candidate.query_rows, _frames_of(extra, times_seconds))
        result.append(Candidate(candidate.video_number, candidate.votes, rows))
    result += [Candidate(video, 0.0, _frames_of(parts, times_seconds)) for video, parts in sorted(spans.items())]
    return [candidate for candidate in result if len(candidate.query_rows)]


def _spans(windows: Sequence[int]) -> list[tuple[float, float]]:
    return [
        (window * _WINDOW_SECONDS - _PADDING_SECONDS, (window + 1) * _WINDOW_SECONDS + _PADDING_SECONDS)
        for window in windows
    ]


def _frames_of(spans: Sequence[tuple[float, float]], times_seconds: TimeArray) -> RowArray:
    inside = np.zeros(len(times_seconds), dtype=np.bool_)
    for start, end in spans:
        inside |= (times_seconds >= start) & (times_seconds < end)
    return np.flatnonzero(inside)
