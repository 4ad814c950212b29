from pathlib import Path

import numpy as np
import pytest

from vdup.config import EfficientNetLiteConfig, ExtractorConfig, Precision, Tuning, ViSiLMatcherConfig, ViSiLVariant
from vdup.errors import ConfigError, WeightsError
from vdup.features.regional import build_regional_extractor
from vdup.types import FrameFeatures
from vdup.visil import ViSiL
from vdup.visil.build import build_visil
from vdup.visil.weights import save_visil

SIDE = 64
MODEL = ExtractorConfig(
    backbone=EfficientNetLiteConfig(
        device="cpu", precision=Precision.float32, image_side_pixels=SIDE, tuning=Tuning.none
    )
)


def test_regions_are_as_long_as_the_weights_want_them(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    extractor, plain = build_visil(MODEL, ViSiLMatcherConfig(variant=ViSiLVariant.f))
    assert (extractor.dimensions, plain.attention) == (1024, None)
    trained = ViSiL(ViSiLVariant.v, 12)
    save_visil(path, trained, {**extractor.fingerprint, "dimensions": 12})
    config = ViSiLMatcherConfig(variant=ViSiLVariant.v, weights=path)
    with pytest.raises(WeightsError, match=r"trained on other features \(different: whitening_weights\)"):
        build_visil(MODEL, config)
    save_visil(path, trained, build_regional_extractor(MODEL, dimensions=12).fingerprint)
    extractor, found = build_visil(MODEL, config)
    frames = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)
    video = FrameFeatures(extractor.extract(frames), np.arange(5.0), 5.0)
    assert video.features.shape == (5, 9, 12)
    assert found.similarity(video, video) == pytest.approx(trained.eval().similarity(video, video), abs=1e-6)


def test_the_plain_form_takes_no_weights_and_the_others_do(tmp_path: Path) -> None:
    assert ViSiLMatcherConfig().variant is ViSiLVariant.f
    with pytest.raises(ConfigError, match=r"matcher\.variant=sym needs matcher\.weights=FILE"):
        build_visil(MODEL, ViSiLMatcherConfig(variant=ViSiLVariant.sym))
    with pytest.raises(ConfigError, match=r"matcher\.variant=f has no weights"):
        build_visil(MODEL, ViSiLMatcherConfig(variant=ViSiLVariant.f, weights=tmp_path / "w.pth"))
    with pytest.raises(WeightsError, match="does not exist"):
        build_visil(MODEL, ViSiLMatcherConfig(variant=ViSiLVariant.v, weights=tmp_path / "w.pth"))
