from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vdup.codes.binarize import binarize
from vdup.codes.refiner import Refiner
from vdup.config import ModelConfig, SamplingConfig
from vdup.features.extractor import FrameExtractor
from vdup.pipeline.encoder import Encoder
from vdup.types import FloatArray


class MeanColours:
    """An extractor whose features are the mean colours of the left and the right half."""

    def __init__(self, **fingerprint: str | int | float) -> None:
        self.fingerprint = {"backbone": "mean colours", "dimensions": 6, **fingerprint}

    def extract(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        turned = images[:, :, ::-1] if mirrored else images
        halves = turned.reshape(len(images), images.shape[1], 2, images.shape[2] // 2, 3)
        features: FloatArray = (halves.mean(axis=(1, 3)).reshape(-1, 6) / 255 - 0.5).astype(np.float32)
        return features


def _encoder(seed: int = 0, **fingerprint: str | int | float) -> Encoder:
    torch.manual_seed(seed)
    return Encoder(cast("FrameExtractor", MeanColours(**fingerprint)), Refiner([6, 1024]))


def _images(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


def test_code_is_the_refined_feature() -> None:
    torch.manual_seed(0)
    refiner = Refiner([6, 1024])
    images = _images(5)
    with torch.inference_mode():
        expected = binarize(refiner(torch.from_numpy(MeanColours().extract(images))).numpy())
    np.testing.assert_array_equal(_encoder().encode(images), expected)


def test_mirrored_frames_have_the_codes_of_mirrored_pictures() -> None:
    images = _images(5)
    mirrored = _encoder().encode(images, mirrored=True)
    np.testing.assert_array_equal(mirrored, _encoder().encode(images[:, :, ::-1]))
    assert (mirrored != _encoder().encode(images)).any()


def test_no_frames_no_codes() -> None:
    assert _encoder().encode(_images(0)).shape == (0, 128)


def test_digest_tells_models_apart() -> None:
    digest = _encoder().codes_digest
    assert digest == _encoder().codes_digest
    assert len(digest) == 64
    assert digest != _encoder(seed=1).codes_digest
    assert digest != _encoder(pooling="gem").codes_digest


@pytest.mark.parametrize(
    ("sampling", "differing"),
    [
        (SamplingConfig(), set()),
        (SamplingConfig(query_fps=4.0, workers=3, timeout_base_seconds=9.0), set()),
        (SamplingConfig(library_fps=2.0), {"sampling.library_fps"}),
        (SamplingConfig(crop_bars=False), {"sampling.crop_bars"}),
    ],
)
def test_settings_hold_what_shapes_stored_codes_and_nothing_else(sampling: SamplingConfig, differing: set[str]) -> None:
    before = _encoder().settings(ModelConfig())
    after = _encoder().settings(ModelConfig(sampling=sampling))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == differing


def test_settings_name_features_and_weights() -> None:
    settings = _encoder(pooling="gem").settings(ModelConfig())
    assert settings["features.pooling"] == "gem"
    changed = _encoder(seed=1, pooling="gem").settings(ModelConfig())
    assert {name for name in settings if settings[name] != changed[name]} == {"refiner.weights"}
