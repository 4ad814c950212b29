"""``+experiment=codebook``: visual words for bags of frames, clustered from the frames of videos."""

import logging
from collections.abc import Callable

import numpy as np

from vdup.aggregation.codebook import save_codebook
from vdup.aggregation.codebook_fit import fit_codebook
from vdup.aggregation.normalise import unit_layers
from vdup.errors import ConfigError, VideoError
from vdup.features.backbone import build_backbone
from vdup.features.layer_maxima import LayerMaxima
from vdup.types import FloatArray
from vdup.video.discover import find_videos
from vdup.video.workers import DecoderPool

from ..config.dml import CodebookExperiment, WordsBy
from ..config.experiments import TrainJobConfig
from ..families.clips import PhotoClipFamilies
from ..families.pictures import UnreadableError
from ..material.image_files import list_images

logger = logging.getLogger(__name__)

_PHOTO_CLIP_FRAMES = 10

Progress = Callable[[int, int], None]


def train_codebook(config: TrainJobConfig, progress: Progress | None = None) -> None:
    """Clusters frames and writes the codebook to ``config.output``.

    Frames come from videos as a library samples them, or from clips made of photographs where there are no videos.

    Args:
        config: settings.
        progress: told of every video or clip.

    Raises:
        ConfigError: there are no frames.
        WeightsError: weights of the backbone are missing or damaged.
    """
    experiment = config.experiment
    if not isinstance(experiment, CodebookExperiment):
        raise ConfigError("this needs the settings of +experiment=codebook")
    config.output.parent.mkdir(parents=True, exist_ok=True)
    maxima = LayerMaxima(build_backbone(config.backbone), experiment.layers)
    videos = _photo_clips(config, maxima, progress) if config.data.videos is None else _frames(config, maxima, progress)
    if not videos:
        raise ConfigError("none of the videos or photographs can be used; look for warnings about unreadable files")
    videos = thinned(videos, experiment.frames, config.seed)
    whole = (sum(maxima.widths),)
    codebook = fit_codebook(
        videos,
        whole if experiment.by is WordsBy.vector else maxima.widths,
        experiment.words,
        batch_size=experiment.batch_frames,
        batches=experiment.batches,
        seed=config.seed,
    )
    if codebook.words < experiment.words * (1 if experiment.by is WordsBy.vector else len(maxima.widths)):
        logger.warning("%d frames give %d words only", sum(map(len, videos)), codebook.words)
    save_codebook(config.output, codebook, maxima.fingerprint(config.backbone.image_side_pixels), maxima.layers)


def thinned(videos: list[FloatArray], frames: int, seed: int) -> list[FloatArray]:
    """At most so many frames of all videos together, drawn evenly; a video that loses all of its frames goes."""
    total = sum(map(len, videos))
    if total <= frames:
        return videos
    kept = np.zeros(total, dtype=np.bool_)
    kept[np.random.default_rng([seed, 6]).choice(total, frames, replace=False)] = True
    parts = np.split(kept, np.cumsum([len(video) for video in videos])[:-1])
    return [video[part] for video, part in zip(videos, parts, strict=True) if part.any()]


def _frames(config: TrainJobConfig, maxima: LayerMaxima, progress: Progress | None) -> list[FloatArray]:
    """Frame vectors of every video, as a library samples them."""
    assert config.data.videos is not None
    files = [path for _, path in find_videos(config.data.videos)]
    sampling = config.sampling
    found: list[FloatArray] = []
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.library_fps,
        side_pixels=config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        for number, video in enumerate(pool.videos(files), start=1):
            try:
                rows = [
                    unit_layers(
                        maxima.of_images(batch.images[batch.searchable], config.backbone.batch_size), maxima.widths
                    )
                    for batch in video
                ]
            except VideoError as error:
                logger.warning("skipped %s: %s", error.path, error.reason)
                rows = []
            if sum(map(len, rows)):
                found.append(unit_layers(np.concatenate(rows), maxima.widths))
            if progress is not None:
                progress(number, len(files))
    return found


def _photo_clips(config: TrainJobConfig, maxima: LayerMaxima, progress: Progress | None) -> list[FloatArray]:
    """Frame vectors of clips made from photographs."""
    assert config.data.images is not None
    paths = list_images(config.data.images, config.data.limit)
    side = config.backbone.image_side_pixels
    try:
        clips = PhotoClipFamilies(paths, len(paths), _PHOTO_CLIP_FRAMES, 1, side, config.seed)
    except ValueError as error:
        raise ConfigError(f"no clips can be made of data.images={config.data.images}: {error}") from error
    found: list[FloatArray] = []
    for number in range(len(clips)):
        try:
            [family] = clips.load(number)
            images = family.images[:_PHOTO_CLIP_FRAMES]
            found.append(unit_layers(maxima.of_images(images, config.backbone.batch_size), maxima.widths))
        except UnreadableError as error:
            logger.warning("skipped %s", error)
        if progress is not None:
            progress(number + 1, len(clips))
    return found
