"""Makes a codebook out of the frames of videos."""

from collections.abc import Callable, Sequence

import numpy as np

from vdup.aggregation.codebook import Codebook
from vdup.aggregation.kmeans import mini_batch_kmeans
from vdup.types import FloatArray

Progress = Callable[[int, int], None]
"""Told how many books are done, and of how many."""


def fit_codebook(
    videos: Sequence[FloatArray],
    book_widths: Sequence[int],
    words: int,
    *,
    batch_size: int = 4096,
    batches: int = 100,
    seed: int = 0,
    progress: Progress | None = None,
) -> Codebook:
    """Clusters frames into words and weights the words by the videos that hold them.

    Args:
        videos: frame vectors of each video, float32 [N, D].
        book_widths: parts of a frame vector that get a book each, adding up to D: the widths of the layers for words by
            layer, (D,) for words by vector.
        words: of each book; fewer where there are fewer frames.
        batch_size: frames in a batch of mini-batch k-means.
        batches: number of batches.
        seed: of the drawing.
        progress: told after each book.

    Raises:
        ValueError: there are no frames, or the widths do not add up to D.
    """
    frames = np.concatenate(list(videos)) if len(videos) else np.empty((0, 0), dtype=np.float32)
    if not len(frames) or frames.shape[1] != sum(book_widths):
        raise ValueError(f"frames {list(frames.shape)} do not fit books of {sum(book_widths)} values together")
    books = []
    parts = np.split(frames, np.cumsum(book_widths)[:-1], axis=1)
    for number, part in enumerate(parts):
        count = min(words, len(part))
        centres = mini_batch_kmeans(part, count, batch_size=batch_size, batches=batches, seed=seed + number)
        books.append(centres)
        if progress is not None:
            progress(number + 1, len(parts))
    unweighted = Codebook(tuple(books), tuple(np.ones(len(book), dtype=np.float32) for book in books))
    histograms = [unweighted.words_of(video).mean(axis=0) for video in videos if len(video)]
    return unweighted.with_idf_of(np.stack(histograms))
