"""Training videos whose duplicates are known from a file of labelled pairs."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vdup.aggregation.aggregator import Aggregator, RunningMean
from vdup.aggregation.normalise import centred_units
from vdup.config import ModelConfig
from vdup.errors import ConfigError, VideoError
from vdup.features.layer_maxima import LayerMaxima
from vdup.pipeline.labelled_pairs import LabelledPair
from vdup.types import FloatArray
from vdup.video.workers import DecoderPool

from ..families.batches import Numbers
from .loop import BoolMatrix, ValidationVideos, VideoBatch

logger = logging.getLogger(__name__)


class LabelledVideos:
    """Batches of videos with their labelled pairs; see :class:`~.loop.TrainingVideos`.

    Videos that no chain of pairs joins count as different; pairs that are joined by such a chain only, without a line
    of their own, count as neither.
    """

    def __init__(
        self, vectors: FloatArray, names: list[str], pairs: list[LabelledPair], validation_share: float, seed: int
    ) -> None:
        """Takes pooled vectors, float32 [N, D], of the named videos.

        Raises:
            ValueError: there are fewer than four groups of joined videos, or no pair is left for one side.
        """
        self._vectors = vectors
        self._seed = seed
        places = {name: place for place, name in enumerate(names)}
        known = [(places[p.first], places[p.second], p.is_duplicate) for p in pairs if {p.first, p.second} <= {*places}]
        groups = np.arange(len(names))
        for first, second, is_duplicate in known:
            if is_duplicate:
                groups[groups == groups[second]] = groups[first]
        self._same = np.zeros((len(names), len(names)), dtype=np.bool_)
        self._different: BoolMatrix = groups[:, None] != groups[None]
        for first, second, is_duplicate in known:
            side = self._same if is_duplicate else self._different
            side[first, second] = side[second, first] = True
        joined = [group for group in np.unique(groups) if (groups == group).sum() > 1]
        if len(joined) < 4:
            raise ValueError(f"{len(joined)} groups of duplicates are too few: two are needed on each side")
        held = np.random.default_rng([seed, 0]).permutation(joined)[: max(2, round(validation_share * len(joined)))]
        self._held_out: Numbers = np.flatnonzero(np.isin(groups, held))
        self._training: Numbers = np.flatnonzero(~np.isin(groups, held))

    def pairs(self, _rounds: int) -> tuple[FloatArray, FloatArray]:
        """Both sides of every training pair, float32 [P, D] each."""
        chosen = np.isin(np.arange(len(self._vectors)), self._training)
        left, right = np.nonzero(self._same & chosen[:, None] & chosen[None])
        return self._vectors[left], self._vectors[right]

    def batches(self, size: int, epoch: int) -> list[VideoBatch]:
        """See :meth:`~.loop.TrainingVideos.batches`; duplicates stay in one batch where they fit."""
        rng = np.random.default_rng([self._seed, 4, epoch])
        anchors = rng.permutation(self._training)
        found = []
        for first in range(0, len(anchors), size):
            part = anchors[first : first + size]
            rows = np.union1d(part, np.flatnonzero(self._same[part].any(axis=0)))
            square = np.ix_(rows, rows)
            found.append(VideoBatch(self._vectors[rows], self._same[square], self._different[square]))
        return found

    def validation(self) -> ValidationVideos:
        """Held-out videos against all; a video and itself count as neither right nor wrong."""
        held = self._held_out
        return ValidationVideos(self._vectors[held], self._vectors, self._same[held], self._different[held])


def pool_videos(
    videos: list[tuple[str, Path]],
    model: ModelConfig,
    maxima: LayerMaxima,
    aggregator: Aggregator,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[str], FloatArray]:
    """Pooled vectors of whole videos, float32 [N, D], with the names of those that could be read."""
    names: list[str] = []
    rows: list[FloatArray] = []
    sampling = model.sampling
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.library_fps,
        side_pixels=model.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        decoded = pool.videos(path for _, path in videos)
        for number, ((name, _), video) in enumerate(zip(videos, decoded, strict=True), start=1):
            mean = RunningMean()
            try:
                for batch in video:
                    shown = maxima.of_images(batch.images[batch.searchable], model.backbone.batch_size)
                    mean.add(aggregator.of_frames(shown))
            except VideoError as error:
                logger.warning("skipped %s: %s", name, error)
                mean = RunningMean()
            if mean.mean is not None:
                names.append(name)
                rows.append(mean.mean)
            if progress is not None:
                progress(number, len(videos))
    if not rows:
        raise ConfigError("none of the videos can be read")
    return names, centred_units(np.stack(rows))
