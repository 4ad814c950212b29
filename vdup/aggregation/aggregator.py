"""Frames of a video to the one vector that stands for it, in two steps.

While a video is decoded, vectors of its frames are averaged; the average is kept with the video. From it comes the unit
vector that is compared by cosine. So other weights for the second step need no video to be decoded again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from vdup.aggregation.codebook import Codebook, load_codebook
from vdup.aggregation.embedding import VideoEmbedding, bundled_embedding, load_embedding
from vdup.aggregation.normalise import centred_units, unit_layers, unit_rows
from vdup.config import (
    AggregationConfig,
    BagAggregationConfig,
    DMLAggregationConfig,
    MeanAggregationConfig,
    NoAggregationConfig,
)
from vdup.types import FloatArray

_MEAN_THRESHOLD, _BAG_THRESHOLD = 0.85, 0.4
"""Similarities to start with where nothing was calibrated."""


class Aggregator:
    """Base: the untrained mean."""

    def __init__(self, maxima: Mapping[str, object], widths: Sequence[int]) -> None:
        """Takes what the layer maxima are.

        Args:
            maxima: fingerprint of the layer maxima.
            widths: channels of each layer.
        """
        self._maxima = dict(maxima)
        self._widths = tuple(widths)

    @property
    def kept(self) -> str:
        """SHA-256 of all that shapes the average that is kept; averages of another kind cannot be used."""
        return _digest({"kept": self._kept_parts(), "maxima": self._maxima})

    @property
    def digest(self) -> str:
        """SHA-256 of all that shapes the vectors that are compared."""
        return _digest({"kept": self.kept, "parts": self._vector_parts()})

    @property
    def dimensions(self) -> int:
        """Length of the vectors that are compared."""
        return sum(self._widths)

    @property
    def threshold(self) -> float:
        """Similarity of near-duplicates where nothing was calibrated."""
        return _MEAN_THRESHOLD

    @property
    def is_threshold_trained(self) -> bool:
        """The threshold was found with data of the training; else it is a start, and a library should find its own."""
        return False

    def of_frames(self, maxima: FloatArray) -> FloatArray:
        """What is averaged over the frames of a video.

        Args:
            maxima: layer maxima of frames, float32 [N, D].

        Returns:
            float32 [N, E].
        """
        return unit_layers(maxima, self._widths)

    def vectors(self, averages: FloatArray) -> FloatArray:
        """Vectors to compare by cosine.

        Args:
            averages: means of :meth:`of_frames` over the frames of each video, float32 [V, E].

        Returns:
            Unit vectors, float32 [V, :attr:`dimensions`]; zeros for a video with nothing to tell it by.
        """
        return centred_units(averages)

    def _kept_parts(self) -> object:
        return "mean"

    def _vector_parts(self) -> object:
        return "centred"


class EmbeddingAggregator(Aggregator):
    """The mean, refined by a trained network."""

    def __init__(self, maxima: Mapping[str, object], widths: Sequence[int], load: Callable[[], VideoEmbedding]) -> None:
        """Takes how to get the network besides: videos can be indexed without it."""
        super().__init__(maxima, widths)
        self._load = load

    @cached_property
    def _embedding(self) -> VideoEmbedding:
        return self._load()

    @property
    def dimensions(self) -> int:
        """Length of the vectors that are compared."""
        return self._embedding.dimensions

    @property
    def threshold(self) -> float:
        """The one found with the validation data of the training."""
        return self._embedding.threshold

    @property
    def is_threshold_trained(self) -> bool:
        """See :attr:`Aggregator.is_threshold_trained`."""
        return True

    def vectors(self, averages: FloatArray) -> FloatArray:
        """See :meth:`Aggregator.vectors`."""
        centred = centred_units(averages)
        embedded = self._embedding.embed(centred)
        embedded[~centred.any(axis=1)] = 0
        return embedded

    def _vector_parts(self) -> object:
        return self._embedding.digest()


class BagAggregator(Aggregator):
    """Bag of frames."""

    def __init__(self, maxima: Mapping[str, object], widths: Sequence[int], codebook: Codebook) -> None:
        """Takes the codebook besides, over all layers or with a book for each."""
        super().__init__(maxima, widths)
        self._codebook = codebook

    @property
    def dimensions(self) -> int:
        """Words of all books."""
        return self._codebook.words

    @property
    def threshold(self) -> float:
        """Similarity of near-duplicates where nothing was calibrated."""
        return _BAG_THRESHOLD

    def of_frames(self, maxima: FloatArray) -> FloatArray:
        """Marks the words of frames; the mean over the frames is the histogram."""
        return self._codebook.words_of(unit_layers(maxima, self._widths))

    def vectors(self, averages: FloatArray) -> FloatArray:
        """Histograms weighted by tf-idf, at unit length."""
        return unit_rows(self._codebook.weighted(averages))

    def _kept_parts(self) -> object:
        return self._codebook.digest()

    def _vector_parts(self) -> object:
        return "tf-idf"


def build_aggregator(
    config: AggregationConfig, maxima: Mapping[str, object], widths: Sequence[int]
) -> Aggregator | None:
    """The aggregation that the settings choose, none when it is off.

    Args:
        config: kind and files.
        maxima: fingerprint of the layer maxima.
        widths: channels of each layer.

    Raises:
        WeightsError: a file is missing, damaged, or was made for other maxima.
    """
    match config:
        case NoAggregationConfig():
            return None
        case DMLAggregationConfig():
            if config.weights is None:
                # For another backbone or other layers there is none; the averages are kept all the same.
                return EmbeddingAggregator(maxima, widths, lambda: bundled_embedding(maxima))
            embedding = load_embedding(config.weights, maxima)
            return EmbeddingAggregator(maxima, widths, lambda: embedding)
        case BagAggregationConfig():
            return BagAggregator(maxima, widths, load_codebook(config.codebook, maxima))
        case MeanAggregationConfig():
            return Aggregator(maxima, widths)
    raise TypeError(f"no aggregation is known for {type(config).__name__}")


class RunningMean:
    """Mean over the frames of one video, batch by batch: a film's frames need not be in memory together."""

    def __init__(self) -> None:
        self._sum: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None
        self._frames = 0

    def add(self, rows: FloatArray) -> None:
        """Takes in frames, float32 [N, E]."""
        if len(rows):
            total = rows.sum(axis=0, dtype=np.float64)
            self._sum = total if self._sum is None else self._sum + total
            self._frames += len(rows)

    @property
    def mean(self) -> FloatArray | None:
        """float32 [E]; none when there was no frame."""
        return None if self._sum is None else (self._sum / self._frames).astype(np.float32)


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
