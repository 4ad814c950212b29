"""Made-up videos: copies that run faster or slower, pause or miss a part, inside other footage; and hard negatives.

Edits of time choose frames and change none, so they are made of the region vectors of frames, other ones in every epoch
and for nothing. Edits of the picture are in the tracks.
"""

from fractions import Fraction

import numpy as np

from vdup.types import FloatArray, RowArray

from ..edits.temporal import FAST, SLOW
from .tracks import ClipTracks, Rows

_LEAST_FRAMES = 4
"""Frames of a copy: what the comparator makes one cell of."""
_TEMPOS = ("as it is", "fast", "slow", "pause", "cut")
_TEMPO_CHANCES = (0.4, 0.15, 0.15, 0.15, 0.15)
_CHANCE_OF_FILLER = 0.5
_CHANCE_OF_EDITED_REFERENCE = 0.4
_CHANCE_OF_COLLAGE = 0.25
_CHANCE_OF_SAME_SCENE = 0.5
_NEIGHBOURS = 8
"""Most similar other clips and frames among which a hard negative is drawn."""


class Composer:
    """Draws made-up videos of some of the clips.

    Args:
        tracks: all clips.
        clips: those to draw from, int64 [C]; they must be of two scenes or more.
    """

    def __init__(self, tracks: ClipTracks, clips: RowArray) -> None:
        self._tracks = tracks
        self._clips = clips
        self._scenes = tracks.scenes[clips]
        if len(np.unique(self._scenes)) < 2:
            raise ValueError("clips of one scene hold no copy and non-copy")
        means = tracks.means()[clips]
        self._frames = means.reshape(-1, means.shape[2])
        centres = means.mean(axis=1)
        self._alike = _unit(centres) @ _unit(centres).T

    def query(self, clip: int, copy: int, rng: np.random.Generator) -> Rows:
        """A stretch of a copy (0: the original) at some tempo, with other footage around it half of the time.

        Args:
            clip: number of the clip; it need not be among those to draw from.
            copy: number of the copy.
            rng: source of all randomness.

        Returns:
            At least four frames of the copy, and up to half a clip of other footage on either side.
        """
        copied = self._stretch(clip, copy, rng)
        pieces = [copied]
        for place in (0, len(pieces)):
            if rng.random() < _CHANCE_OF_FILLER:
                pieces.insert(place, self._filler(clip, int(rng.integers(1, self._tracks.frames // 2 + 1)), rng))
        return np.concatenate(pieces)

    def positive(self, clip: int, copy: int, rng: np.random.Generator) -> Rows:
        """A video with the footage of a clip, as long as a clip: the original, or a copy inside other footage."""
        if copy == 0:
            return _track(clip, 0, np.arange(self._tracks.frames))
        copied = self._stretch(clip, copy, rng)[: self._tracks.frames]
        missing = self._tracks.frames - len(copied)
        before = int(rng.integers(missing + 1))
        pieces = [self._filler(clip, before, rng), copied, self._filler(clip, missing - before, rng)]
        return np.concatenate(pieces)

    def negative(self, clip: int, query: Rows, rng: np.random.Generator) -> Rows:
        """A video without the footage of a clip, as long as a clip, chosen to resemble it.

        Another moment of the same scene where there is one; a clip that is like it as a whole; or a collage of frames
        of other clips, each like one of the query's.

        Args:
            clip: one of those to draw from.
            query: what it will be compared with.
            rng: source of all randomness.
        """
        own = int(np.flatnonzero(self._clips == clip)[0])
        foreign = self._foreign(clip)
        moments = np.flatnonzero((self._scenes == self._scenes[own]) & (self._clips != clip))
        if len(moments) and rng.random() < _CHANCE_OF_SAME_SCENE:
            chosen = int(rng.choice(moments))
        elif rng.random() < _CHANCE_OF_COLLAGE:
            return self._collage(query, foreign, rng)
        else:
            order = foreign[np.argsort(-self._alike[own, foreign], kind="stable")]
            chosen = int(rng.choice(order[:_NEIGHBOURS]))
        copy = int(rng.integers(1 + self._tracks.copies)) if rng.random() < _CHANCE_OF_EDITED_REFERENCE else 0
        return _track(int(self._clips[chosen]), copy, np.arange(self._tracks.frames))

    def triplet(self, clip: int, rng: np.random.Generator) -> tuple[Rows, Rows, Rows]:
        """A query, a video that shares footage with it, and one that does not; all drawn anew."""
        copies = self._tracks.copies
        query_copy = int(rng.integers(1, copies + 1))
        is_edited = rng.random() < _CHANCE_OF_EDITED_REFERENCE
        # Now and then the original is searched for in a library of copies.
        if is_edited:
            query_copy, reference_copy = 0, query_copy
        else:
            reference_copy = 0
        query = self.query(clip, query_copy, rng)
        positive = self.positive(clip, reference_copy, rng)
        while not _share(query, positive, clip):
            positive = self.positive(clip, reference_copy, rng)
        return query, positive, self.negative(clip, query, rng)

    def _stretch(self, clip: int, copy: int, rng: np.random.Generator) -> Rows:
        frames = self._tracks.frames
        # The fastest copy of the shortest stretch still shows the least number of different frames.
        length = int(rng.integers(max(2 * _LEAST_FRAMES, frames // 3), frames + 1))
        start = int(rng.integers(frames - length + 1))
        return _track(clip, copy, start + retimed(length, rng))

    def _filler(self, clip: int, length: int, rng: np.random.Generator) -> Rows:
        """Consecutive frames of a clip of another scene."""
        other = int(self._clips[rng.choice(self._foreign(clip))])
        start = int(rng.integers(self._tracks.frames - length + 1))
        return _track(other, int(rng.integers(1 + self._tracks.copies)), start + np.arange(length))

    def _foreign(self, clip: int) -> RowArray:
        """Places among the clips to draw from of those of other scenes."""
        return np.flatnonzero(self._scenes != self._tracks.scenes[clip])

    def _collage(self, query: Rows, foreign: RowArray, rng: np.random.Generator) -> Rows:
        frames = self._tracks.frames
        shown = np.resize(query, (frames, 3))
        vectors = _unit(self._tracks.gather(shown).mean(axis=1))
        candidates = (foreign[:, None] * frames + np.arange(frames)).ravel()
        similarities = vectors @ self._frames[candidates].T
        rows = np.empty((frames, 3), np.int64)
        for place, row in enumerate(similarities):
            near = np.argsort(-row, kind="stable")[:_NEIGHBOURS]
            found = int(candidates[rng.choice(near)])
            rows[place] = self._clips[found // frames], 0, found % frames
        return rows if rng.random() < 0.5 else rng.permutation(rows)


def retimed(length: int, rng: np.random.Generator) -> RowArray:
    """Which of ``length`` (8 or more) consecutive frames a copy shows, one a second: int64 [n], four different ones."""
    frames: RowArray = np.arange(length)
    tempo = str(rng.choice(_TEMPOS, p=_TEMPO_CHANCES))
    if tempo in ("fast", "slow"):
        mapping = (FAST if tempo == "fast" else SLOW).draw(rng)
        count = max(_LEAST_FRAMES, int(length / mapping.speed))
        frames = np.minimum(mapping.source_frames(count, Fraction(1), Fraction(1)), length - 1)
    elif tempo == "pause":
        held = int(rng.integers(length))
        frames = np.insert(frames, held, [held] * int(rng.integers(2, 6)))
    elif tempo == "cut" and length > 2 * _LEAST_FRAMES:
        missing = int(rng.integers(1, length // 2))
        start = int(rng.integers(_LEAST_FRAMES, length - missing + 1))
        frames = np.delete(frames, np.arange(start, start + missing))
    return frames


def _track(clip: int, copy: int, frames: RowArray) -> Rows:
    return np.stack([np.full_like(frames, clip), np.full_like(frames, copy), frames], axis=1)


def _share(query: Rows, positive: Rows, clip: int) -> bool:
    """Whether two videos show four frames or more of a clip both."""
    own, other = (set(rows[rows[:, 0] == clip, 2].tolist()) for rows in (query, positive))
    return len(own & other) >= _LEAST_FRAMES


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-12))
    return unit
