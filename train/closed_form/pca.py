"""Fits the PCA whitening of region vectors."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vdup.config import ModelConfig, NoWhiteningConfig
from vdup.errors import ConfigError, VideoError
from vdup.features.extractor import PooledExtractor, build_pooled_extractor
from vdup.features.regional import RegionalExtractor, build_regional_extractor
from vdup.features.whitening import Whitening, save_whitening
from vdup.types import FloatArray
from vdup.video.discover import find_videos
from vdup.video.workers import DecoderPool

from ..material.image_files import Progress, list_images, load_image

logger = logging.getLogger(__name__)


def fit_pca(vectors: Iterable[FloatArray], dimensions: int, shrinkage: float = 1e-3) -> Whitening:
    """Fits a whitening to a stream of vectors in one pass, with C * C numbers of memory.

    The projection is diag(1 / sqrt(eigenvalue + e)) V^T over the strongest eigenvectors V of the covariance, with
    e = shrinkage * mean eigenvalue: directions far weaker than the average are noise and are not blown up to unit
    variance. 0 whitens fully.

    Args:
        vectors: blocks of training vectors, float [n, C]; zero vectors stand for silent regions and are left out.
        dimensions: number D of directions to keep.
        shrinkage: see above.

    Returns:
        The whitening. The sign of each direction is the one that makes its largest weight positive.

    Raises:
        ValueError: too few vectors for that many dimensions, a block of another shape, or values that are not finite.
    """
    if dimensions < 1 or shrinkage < 0:
        raise ValueError(f"dimensions={dimensions} must be at least 1 and shrinkage={shrinkage} at least 0")
    moments: _Moments | None = None
    for block in vectors:
        if block.ndim != 2:
            raise ValueError(f"a block of vectors must be [n, C], got {list(block.shape)}")
        present = block[np.any(block != 0, axis=1)].astype(np.float64)
        if len(present) == 0:
            continue
        if moments is None:
            moments = _Moments(present.mean(axis=0))
        moments.add(present)
    count, channels = (0, 0) if moments is None else (moments.count, len(moments.origin))
    if moments is None or count <= dimensions or dimensions > channels:
        raise ValueError(f"{count} vectors of {channels} channels cannot give {dimensions} dimensions")
    mean, covariance = moments.mean_and_covariance()
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError("the vectors hold values that are not finite")

    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    strongest = np.argsort(eigenvalues, kind="stable")[::-1][:dimensions]
    variances = np.maximum(eigenvalues[strongest], 0)
    floor = shrinkage * float(np.trace(covariance)) / channels
    if variances[-1] + floor <= 1e-12 * variances[0]:
        raise ValueError(f"the vectors span fewer than {dimensions} dimensions: keep fewer or set shrinkage above 0")
    axes = eigenvectors[:, strongest].T
    peaks = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    projection = axes * np.where(peaks < 0, -1.0, 1.0) / np.sqrt(variances + floor)[:, None]
    return Whitening(torch.from_numpy(mean).float(), torch.from_numpy(projection).float())


class _Moments:
    """Sums of vectors and of their products, taken about a point near the mean so that little precision is lost."""

    def __init__(self, origin: NDArray[np.float64]) -> None:
        self.origin = origin
        self.count = 0
        self._sum = np.zeros_like(origin)
        self._products = np.zeros((len(origin), len(origin)))

    def add(self, block: NDArray[np.float64]) -> None:
        if block.shape[1] != len(self.origin):
            raise ValueError(f"a block has {block.shape[1]} channels, earlier ones had {len(self.origin)}")
        centred = block - self.origin
        self.count += len(block)
        self._sum += centred.sum(axis=0)
        self._products += centred.T @ centred

    def mean_and_covariance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shift = self._sum / self.count
        return self.origin + shift, self._products / self.count - np.outer(shift, shift)


def train_pca(
    images_dir: Path | None,
    output: Path,
    model: ModelConfig,
    dimensions: int,
    limit: int | None = None,
    progress: Progress | None = None,
    *,
    videos_dir: Path | None = None,
    grid: bool = False,
) -> Whitening:
    """Fits the whitening of a model's backbone and pooling on images, frames of videos, or both, and writes it.

    Args:
        images_dir: folder, searched recursively; unreadable images are skipped with a warning. None: no images.
        output: ``.safetensors`` file to write; its folder is made when missing.
        model: backbone and pooling; the whitening it names is not used.
        dimensions: length of the whitened vectors.
        limit: most images to use, taken evenly from the sorted list; None uses all.
        progress: told of every batch of images and of every video.
        videos_dir: folder, searched recursively; frames are taken as ``model.sampling`` says for a library, blank ones
            left out, and unreadable videos are skipped with a warning. None: no videos.
        grid: fit on the regions of :class:`~vdup.features.regional.RegionalExtractor` and not on those of the pooling.

    Returns:
        The whitening, before it was rounded for the file.

    Raises:
        ConfigError: there are no images or videos, or too few for that many dimensions.
        WeightsError: the weights of the backbone are missing or damaged.
    """
    paths = [] if images_dir is None else list_images(images_dir, limit)
    videos = [] if videos_dir is None else [path for _, path in find_videos(videos_dir)]
    plain = replace(model, whitening=NoWhiteningConfig())
    extractor = build_regional_extractor(plain) if grid else build_pooled_extractor(plain)
    total = len(paths) + len(videos)
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    blocks = chain(_of_images(extractor, paths, model, count), _of_videos(extractor, videos, model, count))
    try:
        whitening = fit_pca(blocks, dimensions)
    except ValueError as error:
        material = f"{len(paths)} images and {len(videos)} videos"
        raise ConfigError(f"no whitening can be fitted on {material}: {error}") from error
    output.parent.mkdir(parents=True, exist_ok=True)
    found = extractor.fingerprint
    facts = {name: found[name] for name in ("backbone", "backbone_weights", "image_side_pixels")}
    pooling = f"grid_{found['regions']}" if grid else found["pooling"]
    save_whitening(output, whitening, facts | {"pooling": pooling, "images": len(paths), "videos": len(videos)})
    return whitening


def _of_images(
    extractor: PooledExtractor | RegionalExtractor, paths: list[Path], model: ModelConfig, count: Callable[[int], None]
) -> Iterator[FloatArray]:
    side_pixels, batch_size = model.backbone.image_side_pixels, model.backbone.batch_size
    for first in range(0, len(paths), batch_size):
        part = paths[first : first + batch_size]
        images: list[NDArray[np.uint8]] = []
        for path in part:
            try:
                images.append(load_image(path, side_pixels))
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                logger.warning("skipped %s: %s", path, error)
        if images:
            yield _flat(extractor.extract_regions(np.stack(images)))
        count(len(part))


def _of_videos(
    extractor: PooledExtractor | RegionalExtractor, paths: list[Path], model: ModelConfig, count: Callable[[int], None]
) -> Iterator[FloatArray]:
    sampling = model.sampling
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.library_fps,
        side_pixels=model.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        for video in pool.videos(paths):
            try:
                for batch in video:
                    if batch.searchable.any():
                        yield _flat(extractor.extract_regions(batch.images[batch.searchable]))
            except VideoError as error:
                logger.warning("skipped %s", error)
            count(1)


def _flat(regions: FloatArray) -> FloatArray:
    return regions.reshape(-1, regions.shape[2])
