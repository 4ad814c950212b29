"""Content that occurs in many videos: from hits on a representative to hits on all rows that it stands for."""

import numpy as np
from numpy.typing import NDArray

from vdup.codes.hamming import paired_hamming
from vdup.lookup.ranking import place_in_group
from vdup.lookup.representatives import NOT_INDEXED, Promotion, assign_representatives, promote
from vdup.types import CodeArray, FrameHits, RowArray

__all__ = ["NOT_INDEXED", "Postings", "Promotion", "assign_representatives", "promote"]

_PAIRS_AT_ONCE = 1 << 18
"""Pairs of codes compared at once: two times 32 MiB."""


class Postings:
    """Rows that each representative stands for, and in how many videos they lie. Does not change.

    Args:
        representatives: representative of every row, itself among them; :data:`NOT_INDEXED` for rows that stay out of
            look-up, int64 [N].
        video_numbers: video of every row, int64 [N].

    Raises:
        ValueError: the columns differ in length, or a representative is not a row that represents itself.
    """

    def __init__(self, representatives: RowArray, video_numbers: RowArray) -> None:
        if representatives.shape != video_numbers.shape or representatives.ndim != 1:
            raise ValueError(
                f"representatives {representatives.shape} and video_numbers {video_numbers.shape} must both be [N]"
            )
        indexed = np.flatnonzero(representatives != NOT_INDEXED)
        named = representatives[indexed]
        if len(named) and not (named.min() >= 0 and named.max() < len(representatives)):
            raise ValueError(f"a representative must be one of {len(representatives)} rows, got {named}")
        strangers = named[representatives[named] != named]
        if len(strangers):
            raise ValueError(f"row {strangers[0]} represents others but not itself")
        order = np.argsort(named, kind="stable")
        self._members: RowArray = indexed[order]
        counts = np.bincount(named, minlength=len(representatives))
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        # Sorted by representative, then video: a new pair begins where either changes.
        by_video = np.lexsort((video_numbers[indexed], named))
        owner, video = named[by_video], video_numbers[indexed][by_video]
        new_pair = np.ones(len(owner), dtype=np.bool_)
        new_pair[1:] = (owner[1:] != owner[:-1]) | (video[1:] != video[:-1])
        self._videos = np.bincount(owner[new_pair], minlength=len(representatives))

    def __len__(self) -> int:
        """Rows known, those out of look-up included."""
        return len(self._videos)

    def members(self, row: int) -> RowArray:
        """Rows that a representative stands for, itself among them, rising; none for other rows."""
        self._check(np.array([row]))
        return self._members[self._starts[row] : self._starts[row + 1]]

    def videos(self, row: int) -> int:
        """Number of different videos among the members of a row."""
        self._check(np.array([row]))
        return int(self._videos[row])

    def weights(self, representatives: RowArray) -> NDArray[np.float32]:
        """How much content says about the video it is found in.

        Content that lies in v videos gets w = 1 / (1 + ln v): 1 in a single video, 0.30 in ten, 0.13 in a thousand. It
        is never 0, so that a video made of common content can still be found.

        Args:
            representatives: representatives of the rows in question; :data:`NOT_INDEXED` counts as a single video,
                int64 [M].

        Returns:
            Weights in (0, 1], float32 [M].

        Raises:
            ValueError: a row that is unknown here.
        """
        indexed = representatives != NOT_INDEXED
        self._check(representatives[indexed])
        videos = np.ones(len(representatives), dtype=np.int64)
        videos[indexed] = np.maximum(self._videos[representatives[indexed]], 1)
        return (1.0 / (1.0 + np.log(videos))).astype(np.float32)

    def expand(
        self, hits: FrameHits, query_codes: CodeArray, codes: CodeArray, limit_videos: int
    ) -> tuple[FrameHits, NDArray[np.float32]]:
        """Turns hits on representatives into hits on their members, weighted by how rare the content is.

        Where a representative's members lie in more than ``limit_videos`` videos, only that many members of a hit are
        returned: those nearest to the query code, at equal distance the smaller row. Their weight counts all videos,
        see :meth:`weights`.

        Args:
            hits: what the index returned. Rows without members, which were removed meanwhile, drop out.
            query_codes: the codes that were searched for, uint8 [Q, 128].
            codes: the code of every row, uint8 [N, 128], which may be mapped from a file.
            limit_videos: 1 or more.

        Returns:
            Hits sorted by query row, distance and row, with exact distances, which may exceed the search's limit by
            the radius of the representatives; and weights in (0, 1], float32 [M].

        Raises:
            ValueError: ``limit_videos`` below 1, or a hit on a row that is unknown here.
        """
        if limit_videos < 1:
            raise ValueError(f"limit_videos must be 1 or more, got {limit_videos}")
        self._check(hits.reference_rows)
        parts = [self._expand_part(hits, numbers, query_codes, codes, limit_videos) for numbers in self._portions(hits)]
        query_rows = np.concatenate([np.empty(0, np.int64), *(part.query_rows for part, _ in parts)])
        rows = np.concatenate([np.empty(0, np.int64), *(part.reference_rows for part, _ in parts)])
        distances = np.concatenate([np.empty(0, np.int32), *(part.distances for part, _ in parts)])
        owners = np.concatenate([np.empty(0, np.int64), *(owners for _, owners in parts)])
        order = np.lexsort((rows, distances, query_rows))
        return FrameHits(query_rows[order], rows[order], distances[order]), self.weights(owners[order])

    def _portions(self, hits: FrameHits) -> list[RowArray]:
        """Numbers of hits, cut so that a portion has a bounded number of members unless it is a single hit."""
        sizes = self._starts[hits.reference_rows + 1] - self._starts[hits.reference_rows]
        portion = np.cumsum(sizes) // _PAIRS_AT_ONCE
        numbers = np.arange(len(hits), dtype=np.int64)
        return np.split(numbers, np.flatnonzero(np.diff(portion)) + 1) if len(hits) else []

    def _expand_part(
        self, hits: FrameHits, numbers: RowArray, query_codes: CodeArray, codes: CodeArray, limit_videos: int
    ) -> tuple[FrameHits, RowArray]:
        """Members of some hits, and the representative of each."""
        starts = self._starts[hits.reference_rows[numbers]]
        sizes = self._starts[hits.reference_rows[numbers] + 1] - starts
        hit = np.repeat(numbers, sizes)
        rows = self._members[np.repeat(starts, sizes) + place_in_group(hit)]
        distances = paired_hamming(query_codes[hits.query_rows[hit]], codes[rows])
        owners = hits.reference_rows[hit]
        order = np.lexsort((rows, distances, hit))
        kept = order[(place_in_group(hit[order]) < limit_videos) | (self._videos[owners[order]] <= limit_videos)]
        return FrameHits(hits.query_rows[hit[kept]], rows[kept], distances[kept]), owners[kept]

    def _check(self, rows: RowArray) -> None:
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise ValueError(f"rows must lie in 0-{len(self) - 1}, got {rows.min()}-{rows.max()}")
