"""The stock of photographs that a generated problem is made from: no near repeats, and look-alikes on request."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.regular_file import open_regular

_SIDE_PIXELS = 8
_REPEAT_LEVELS = 5.0
_ROWS_AT_ONCE = 512


def thumbnails(paths: Sequence[Path]) -> NDArray[np.float32]:
    """Each photograph as 8 x 8 pixels in RGB, levels 0 to 255, float32 [N, 192]."""
    rows = np.empty((len(paths), 3 * _SIDE_PIXELS**2), np.float32)
    for number, path in enumerate(paths):
        with open_regular(path) as file, Image.open(file) as picture:
            picture.draft("RGB", (64, 64))
            rows[number] = thumbnail(picture)
    return rows


def thumbnail(picture: Image.Image) -> NDArray[np.float32]:
    """A picture as 8 x 8 pixels in RGB, levels 0 to 255, float32 [192]."""
    small = picture.convert("RGB").resize((_SIDE_PIXELS, _SIDE_PIXELS), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def differences(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Root mean square difference of all pairs of thumbnails, in levels: [N, D] and [M, D] to float32 [N, M]."""
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1)[None] - 2 * left @ right.T
    roots: NDArray[np.float32] = np.sqrt(np.maximum(squares, 0) / left.shape[1])
    return roots


def distinct(rows: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rows that no earlier row nearly repeats, int64 [K], increasing.

    Collections hold the same picture more than once; a repeat would be a copy that the truth does not know of.
    """
    kept = np.ones(len(rows), np.bool_)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        near = differences(rows[start : start + _ROWS_AT_ONCE], rows) < _REPEAT_LEVELS
        for place, row in enumerate(near, start):
            kept[place] = not row[:place].any()
    return np.flatnonzero(kept)


class PhotographStock:
    """Photographs in random order: some are handed out for references, the others stay unrelated to them.

    Args:
        images: Picture files that Pillow reads.
        rng: Decides the order.
    """

    def __init__(self, images: Sequence[Path], rng: np.random.Generator) -> None:
        shuffled = [images[place] for place in rng.permutation(len(images))]
        rows = thumbnails(shuffled)
        kept = distinct(rows)
        self._paths = [shuffled[place] for place in kept]
        self._rows = rows[kept]
        self._taken = 0

    @property
    def unused(self) -> list[Path]:
        """Photographs that were not handed out."""
        return self._paths[self._taken :]

    def hand_out(self, count: int) -> list[Path]:
        """Takes the first ``count`` photographs of :attr:`unused` away."""
        self._taken += count
        return self._paths[self._taken - count : self._taken]

    def look_alikes(self, paths: Sequence[Path]) -> list[Path]:
        """For each of the photographs, the unused one with the most similar layout of colours; without repetition."""
        places = [self._paths.index(path) for path in paths]
        ranked = np.argsort(differences(self._rows[places], self._rows[self._taken :]), axis=1, kind="stable")
        chosen: list[int] = []
        for row in ranked:
            chosen.extend([int(place) for place in row if place not in chosen][:1])
        return [self.unused[place] for place in chosen]
