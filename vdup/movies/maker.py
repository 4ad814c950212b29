"""Puts the grey pictures of a sampled video together to a movie."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdup.movies.movie import MOVIE_FPS, Movie
from vdup.movies.storage import BLOCK_PICTURES, PART_BLOCKS, pack_movie
from vdup.types import FloatArray, FrameBatch

_PART_PICTURES = BLOCK_PICTURES * PART_BLOCKS


class MovieMaker:
    """Takes the batches of a movie as they come; long ones are packed on the way, so that memory stays small."""

    def __init__(self) -> None:
        self._waiting: list[NDArray[np.uint8]] = []
        self._packed: list[bytes] = []
        self._step_seconds: float | None = None
        self._count = 0

    def take(self, batch: FrameBatch) -> None:
        """Adds pictures, evenly spaced in time: a batch of the view ``MOVIE_VIEW``, uint8 [N, 32, 32, 1]."""
        if self._step_seconds is None and self._count + len(batch) > 1:
            self._step_seconds = float(batch.times_seconds[1 - self._count])  # the first picture is at 0
        self._waiting.append(batch.images[..., 0])
        self._count += len(batch)
        if sum(map(len, self._waiting)) >= 2 * _PART_PICTURES:
            self._packed += self._whole_parts()

    def parts(self) -> list[bytes]:
        """The movie as it is stored; empty when no batch came. Ends the use of this object."""
        if self._waiting:
            self._packed += pack_movie(Movie(self._pictures(), self._rate))
        self._waiting = []
        return self._packed

    @property
    def _rate(self) -> float:
        return MOVIE_FPS if not self._step_seconds else 1 / self._step_seconds

    def _pictures(self) -> FloatArray:
        return np.concatenate(self._waiting).astype(np.float32)

    def _whole_parts(self) -> Iterator[bytes]:
        pictures = np.concatenate(self._waiting)
        whole = len(pictures) // _PART_PICTURES * _PART_PICTURES
        yield from pack_movie(Movie(pictures[:whole].astype(np.float32), self._rate))
        self._waiting = [pictures[whole:]]
