"""Batches put together to a movie."""

import numpy as np
from movies.moving_pictures import Blobs

from vdup.movies.maker import MovieMaker
from vdup.movies.storage import PackedMovie
from vdup.types import MOVIE_VIEW, FrameBatch


def _batches(count: int, size: int, rate: float) -> list[FrameBatch]:
    scene = Blobs(1)
    pictures = np.stack([scene.draw(number / rate) for number in range(count)]).astype(np.uint8)
    return [
        FrameBatch(
            pictures[first : first + size, :, :, None],
            np.arange(first, min(first + size, count)) / rate,
            np.ones(min(size, count - first), dtype=np.bool_),
            MOVIE_VIEW,
        )
        for first in range(0, count, size)
    ]


def test_a_movie_of_many_batches_has_all_pictures_and_their_rate() -> None:
    for count, size, rate in ((1200, 128, 4.0), (7, 128, 4.8), (30, 1, 6.0), (1, 8, 4.0)):
        maker = MovieMaker()
        batches = _batches(count, size, rate)
        for batch in batches:
            maker.take(batch)
        packed = PackedMovie(maker.parts())
        movie = packed.between(0, 1e9)
        assert len(movie) == count
        assert abs(packed.pictures_per_second - rate) < 1e-4
        shown = np.concatenate([batch.images[..., 0] for batch in batches]).astype(np.float32)
        pairs = zip(movie.pictures, shown, strict=True)
        alike = [np.corrcoef(mine.ravel(), original.ravel())[0, 1] for mine, original in pairs]
        assert np.mean(alike) > 0.97
        assert min(alike) > 0.8


def test_no_batch_gives_no_movie() -> None:
    assert MovieMaker().parts() == []
