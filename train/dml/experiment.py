"""``+experiment=dml``: trains the embedding of whole videos on generated copies or on labelled pairs."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.aggregation.aggregator import Aggregator
from vdup.aggregation.embedding import VideoEmbedding, embedding_bytes
from vdup.aggregation.normalise import unit_layers
from vdup.errors import ConfigError
from vdup.evaluation.operating_point import operating_points
from vdup.features.backbone import build_backbone
from vdup.features.layer_maxima import LayerMaxima
from vdup.pipeline.labelled_pairs import read_pairs
from vdup.types import FloatArray
from vdup.video.discover import find_videos

from ..config.dml import DMLExperiment, EmbeddingStart
from ..config.experiments import TrainJobConfig
from ..families.batches import split_scenes
from ..loop.checkpoint import Checkpoint, write_atomically
from ..loop.deterministic import deterministic
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from .clips import clip_digest, open_clips
from .generated import GeneratedVideos
from .labelled import LabelledVideos, pool_videos
from .loop import DMLLoop, DMLRecord, similarity
from .start import random_start, whitening_start
from .videos import ClipVectors

logger = logging.getLogger(__name__)

_ROUNDS_FOR_THE_START = 5
"""How often videos are put together from all clips for the closed form."""
_ROWS_AT_ONCE = 4096
_FALSE_ALARM_RATE = 1e-3
"""Greatest share of the other validation pairs at or above the threshold that is kept with the weights."""

Progress = Callable[[int, int], None]
Report = Callable[[DMLRecord], None]


@dataclass(frozen=True)
class DMLResult:
    """What a run has reached."""

    best: DMLRecord
    """The epoch whose weights were written."""
    threshold: float
    """Cosine that one in a thousand pairs of other validation videos reaches."""
    weights: Path
    """File for ``aggregation.weights``."""


def train_dml(config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None) -> DMLResult:
    """Trains and writes the weights of the best epoch to ``config.output``, with a log and a checkpoint beside it.

    A checkpoint of an earlier run with the same output and settings is gone on with.

    Args:
        config: settings.
        progress: told of every clip or video whose layer maxima are made.
        report: told of every finished epoch.

    Raises:
        ConfigError: the data are too few, a setting does not fit, or the output is that of a run of other settings.
        WeightsError: weights are missing or damaged.
        VdupError: the loss is no longer a number.
        OSError: a file cannot be written.
    """
    experiment = config.experiment
    if not isinstance(experiment, DMLExperiment):
        raise ConfigError("this training needs the settings of +experiment=dml")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    maxima = LayerMaxima(build_backbone(config.backbone), experiment.layers)
    fingerprint = maxima.fingerprint(config.backbone.image_side_pixels)
    with deterministic(torch.device("cpu")):
        try:
            videos, digest = _videos(config, experiment, maxima, progress)
            settings = {**settings_of(config), "data": digest}
            earlier = earlier_state(checkpoint_of(config.output), settings, DMLRecord)
            start = _start(videos, experiment, config.seed) if earlier is None else _like(earlier)
        except ValueError as error:
            raise ConfigError(f"there is too little to learn from: {error}") from error
        # A layer or two: a processor is as quick as a GPU, and sums in a fixed order.
        loop = DMLLoop(start, videos, experiment, torch.device("cpu"))
        if earlier is not None:
            loop.restore(earlier)
        run_epochs(loop, DMLRecord, config.output, experiment.epochs, settings, report)
        embedding = loop.take_best()
        found = videos.validation()
        similarities = similarity(embedding, found, torch.device("cpu"))
    points = operating_points(similarities[found.same], similarities[found.different])
    # From the highest threshold down; where even that one lets too many through, it is the best there is.
    point = [points[0], *(point for point in points if point.false_alarm_rate <= _FALSE_ALARM_RATE)][-1]
    embedding.threshold = round(point.threshold, 4)
    write_atomically(config.output, embedding_bytes(embedding, fingerprint))
    result = DMLResult(loop.best, embedding.threshold, config.output)
    document = {**asdict(result.best), "threshold": asdict(point), "weights": str(config.output), "settings": settings}
    write_atomically(config.output.with_suffix(".result.json"), (json.dumps(document, indent=2) + "\n").encode())
    return result


def _videos(
    config: TrainJobConfig, experiment: DMLExperiment, maxima: LayerMaxima, progress: Progress | None
) -> tuple[GeneratedVideos | LabelledVideos, str]:
    """Training videos and a digest of what they are made from.

    Raises:
        ValueError: there are too few.
    """
    if experiment.pairs is not None:
        return _labelled(config, experiment, maxima, progress)
    views = open_clips(config, experiment, maxima, progress)
    rows = unit_layer_rows(views.inputs, maxima.widths)
    clips = ClipVectors(rows.reshape(len(rows), 1 + experiment.views, experiment.frames, -1))
    training, validation = split_scenes(views.scenes, experiment.validation_share, config.seed)
    made = GeneratedVideos(clips, training, validation, experiment.most_filler, config.seed)
    return made, clip_digest(config, experiment, maxima)


def _labelled(
    config: TrainJobConfig, experiment: DMLExperiment, maxima: LayerMaxima, progress: Progress | None
) -> tuple[LabelledVideos, str]:
    if config.data.videos is None or experiment.pairs is None:
        raise ConfigError(f"experiment.pairs={experiment.pairs} names videos; give their folder as data.videos=DIR")
    pairs = read_pairs(experiment.pairs)
    wanted = {name for pair in pairs for name in (pair.first, pair.second)}
    found = [video for video in find_videos(config.data.videos) if video[0] in wanted]
    missing = sorted(wanted - {name for name, _ in found})
    if missing:
        logger.warning("%d videos of %s are not in the folder, such as %s", len(missing), experiment.pairs, missing[0])
    if not found:
        raise ConfigError(f"data.videos={config.data.videos} holds none of the videos of {experiment.pairs}")
    aggregator = Aggregator(maxima.fingerprint(config.backbone.image_side_pixels), maxima.widths)
    names, vectors = pool_videos(found, config, maxima, aggregator, progress)
    videos = LabelledVideos(vectors, names, pairs, experiment.validation_share, config.seed)
    return videos, clip_digest(config, experiment, maxima)


def unit_layer_rows(inputs: NDArray[np.float16], widths: Sequence[int]) -> NDArray[np.float16]:
    """Layer maxima [N, R, D] with every layer at unit length; a part at a time, as there may be gigabytes of them."""
    rows = np.empty(inputs.shape, dtype=np.float16)
    flat_in, flat_out = inputs.reshape(-1, inputs.shape[-1]), rows.reshape(-1, inputs.shape[-1])
    for first in range(0, len(flat_in), _ROWS_AT_ONCE):
        part: FloatArray = flat_in[first : first + _ROWS_AT_ONCE].astype(np.float32)
        flat_out[first : first + _ROWS_AT_ONCE] = unit_layers(part, widths)
    return rows


def _start(videos: GeneratedVideos | LabelledVideos, experiment: DMLExperiment, seed: int) -> VideoEmbedding:
    originals, copies = videos.pairs(_ROUNDS_FOR_THE_START)
    if experiment.init is EmbeddingStart.whitening:
        return whitening_start(originals, copies, experiment.dimensions)
    return random_start(originals, copies, [*experiment.hidden, experiment.dimensions], seed)


def _like(checkpoint: Checkpoint[DMLRecord]) -> VideoEmbedding:
    """An embedding of the same widths as the one in a checkpoint; its weights are put back by the loop."""
    weights = [
        checkpoint.tensors[name]
        for number in range(len(checkpoint.tensors))
        if (name := f"model.layers.{number}.weight") in checkpoint.tensors
    ]
    if not weights:
        raise ConfigError("the checkpoint has no video embedding; remove it to train from the start")
    return VideoEmbedding([weights[0].shape[1], *(weight.shape[0] for weight in weights)])
