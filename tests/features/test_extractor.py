from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from vdup.config import EfficientNetLiteConfig, IMACConfig, ModelConfig, NoWhiteningConfig, Precision
from vdup.features.backbone import Backbone
from vdup.features.extractor import PooledExtractor, build_extractor
from vdup.features.pooling import IMAC, RMAC, rmac_regions
from vdup.features.whitening import NoWhitening, Whitening
from vdup.types import FloatArray

SIDE = 64
CONFIG = EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=SIDE, batch_size=4)


def tiny_backbone() -> Backbone:
    """One convolution, so that a test can follow every number; black images give a zero map."""
    convolution = nn.Conv2d(3, 6, 16, stride=8, bias=False)
    weights = torch.randn(convolution.weight.shape, generator=torch.Generator().manual_seed(0))
    convolution.weight = nn.Parameter(weights)
    trunk = nn.Sequential(convolution, nn.ReLU()).eval()
    return Backbone(trunk, "tiny", (0, 0, 0), (1, 1, 1), torch.device("cpu"), torch.float32)


def whitening() -> Whitening:
    generator = torch.Generator().manual_seed(1)
    return Whitening(torch.rand(6, generator=generator), torch.randn(4, 6, generator=generator))


@pytest.fixture
def extractor() -> PooledExtractor:
    return PooledExtractor(tiny_backbone(), RMAC(), whitening(), CONFIG)


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)


def naive_feature(image: NDArray[np.uint8]) -> FloatArray:
    """R-MAC by loops from the pixels on."""
    kernel = torch.randn((6, 3, 16, 16), generator=torch.Generator().manual_seed(0)).double().numpy()
    pixels = image.astype(np.float64) / 255
    cells = (SIDE - 16) // 8 + 1
    feature_map = np.zeros((6, cells, cells))
    for channel in range(6):
        for y in range(cells):
            for x in range(cells):
                patch = pixels[8 * y : 8 * y + 16, 8 * x : 8 * x + 16].transpose(2, 0, 1)
                feature_map[channel, y, x] = max(0, (patch * kernel[channel]).sum())
    total = np.zeros(4)
    for top, left, side in rmac_regions(cells, cells, 3, 0.4):
        region = feature_map[:, top : top + side, left : left + side].max(axis=(1, 2))
        white = whitening().projection.numpy() @ (region / np.linalg.norm(region) - whitening().mean.numpy())
        total += white / np.linalg.norm(white)
    return (total / np.linalg.norm(total)).astype(np.float32)


def test_features_against_loops(extractor: PooledExtractor, images: NDArray[np.uint8]) -> None:
    features = extractor.extract(images)
    assert features.shape == (6, 4)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, [naive_feature(image) for image in images], atol=1e-4)


def test_mirrored_is_the_feature_of_the_mirrored_image(extractor: PooledExtractor, images: NDArray[np.uint8]) -> None:
    mirrored = extractor.extract(images, mirrored=True)
    np.testing.assert_allclose(mirrored, extractor.extract(images[:, :, ::-1]), atol=1e-5)
    assert np.abs(mirrored - extractor.extract(images)).max() > 0.01


def test_batches_do_not_show(images: NDArray[np.uint8]) -> None:
    results = [
        PooledExtractor(tiny_backbone(), RMAC(), whitening(), replace(CONFIG, batch_size=size)).extract(images)
        for size in (1, 4, 100)
    ]
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    np.testing.assert_allclose(results[0], results[2], atol=1e-5)


def test_zero_map_gives_a_zero_row(extractor: PooledExtractor, images: NDArray[np.uint8]) -> None:
    with_black = images.copy()
    with_black[2] = 0
    features = extractor.extract(with_black)
    assert not features[2].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(features, 2, axis=0), axis=1), 1, atol=1e-5)


def test_no_images(extractor: PooledExtractor, images: NDArray[np.uint8]) -> None:
    assert extractor.extract(images[:0]).shape == (0, 4)
    assert extractor.extract_regions(images[:0]).shape == (0, 0, 6)


def test_read_only_and_strided_images_are_taken(extractor: PooledExtractor, images: NDArray[np.uint8]) -> None:
    expected = extractor.extract(images)
    frozen = images.copy()
    frozen.flags.writeable = False
    assert np.array_equal(extractor.extract(frozen), expected)
    assert np.array_equal(extractor.extract(images[::-1]), extractor.extract(images[::-1].copy()))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, SIDE, SIDE, 3), dtype=np.float32),
        np.zeros((SIDE, SIDE, 3), dtype=np.uint8),
        np.zeros((1, SIDE, SIDE + 1, 3), dtype=np.uint8),
        np.zeros((1, 3, SIDE, SIDE), dtype=np.uint8),
    ],
)
def test_other_images_are_refused(extractor: PooledExtractor, wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="images must be uint8"):
        extractor.extract(wrong)


def test_region_vectors_have_unit_length_and_no_whitening(images: NDArray[np.uint8]) -> None:
    plain = PooledExtractor(tiny_backbone(), RMAC(), NoWhitening(6), CONFIG)
    white = PooledExtractor(tiny_backbone(), RMAC(), whitening(), CONFIG)
    regions = plain.extract_regions(images)
    assert regions.shape == (6, 14, 6)
    np.testing.assert_allclose(np.linalg.norm(regions, axis=2), 1, atol=1e-5)
    assert np.array_equal(regions, white.extract_regions(images))
    summed = regions.sum(axis=1)
    expected = summed / np.linalg.norm(summed, axis=1, keepdims=True)
    np.testing.assert_allclose(plain.extract(images), expected, atol=1e-5)


def changed_extractors() -> Iterator[PooledExtractor]:
    yield PooledExtractor(tiny_backbone(), RMAC(), whitening(), CONFIG)
    yield PooledExtractor(tiny_backbone(), RMAC(levels=2), whitening(), CONFIG)
    yield PooledExtractor(tiny_backbone(), IMAC(), whitening(), CONFIG)
    yield PooledExtractor(tiny_backbone(), RMAC(), NoWhitening(6), CONFIG)
    yield PooledExtractor(tiny_backbone(), RMAC(), Whitening(torch.ones(6), whitening().projection), CONFIG)
    yield PooledExtractor(tiny_backbone(), RMAC(), whitening(), replace(CONFIG, image_side_pixels=72))
    backbone = tiny_backbone()
    backbone.weights_digest = "other"
    yield PooledExtractor(backbone, RMAC(), whitening(), CONFIG)


def test_fingerprint_tells_all_that_shapes_a_feature() -> None:
    assert len({tuple(sorted(extractor.fingerprint.items())) for extractor in changed_extractors()}) == 7


def test_fingerprint_ignores_what_does_not(extractor: PooledExtractor) -> None:
    other = PooledExtractor(tiny_backbone(), RMAC(), whitening(), replace(CONFIG, batch_size=1, device="auto"))
    assert other.fingerprint == extractor.fingerprint


def test_built_from_settings() -> None:
    extractor = build_extractor(ModelConfig(backbone=CONFIG, pooling=IMACConfig(), whitening=NoWhiteningConfig()))
    random = np.random.default_rng(1)
    smooth = np.kron(random.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8), np.ones((1, 8, 8, 1), dtype=np.uint8))
    darker = (smooth * 0.9).astype(np.uint8)
    features = extractor.extract(np.concatenate([smooth, darker]))
    assert features.shape == (4, extractor.dimensions) == (4, 1280)
    similarity = features @ features.T
    # The darkened copy of a picture is nearer to it than the other picture.
    assert similarity[0, 2] > similarity[0, 1]
    assert similarity[1, 3] > similarity[1, 0]
    assert extractor.fingerprint["backbone"] == "efficientnet_lite0"
    assert extractor.fingerprint["pooling"] == "imac"
