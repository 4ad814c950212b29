from pathlib import Path

import pytest

from vdup.config import (
    CTEMatcherConfig,
    EfficientNetLiteConfig,
    LAMVMatcherConfig,
    MatcherConfig,
    ModelConfig,
    PairMatcherConfig,
    TMKMatcherConfig,
    ViSiLMatcherConfig,
    ViSiLVariant,
)
from vdup.errors import WeightsError
from vdup.matchers.build import build_matcher
from vdup.matchers.circulant_matcher import CirculantMatcher
from vdup.matchers.kernel_matcher import KernelMatcher
from vdup.matchers.stream_matcher import StreamMatcher
from vdup.matchers.visil_matcher import ViSiLMatcher

MODEL = ModelConfig(backbone=EfficientNetLiteConfig(image_side_pixels=64))


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (MatcherConfig(), StreamMatcher),
        (TMKMatcherConfig(), KernelMatcher),
        (LAMVMatcherConfig(weights=Path("missing")), KernelMatcher),
        (CTEMatcherConfig(), CirculantMatcher),
        (ViSiLMatcherConfig(variant=ViSiLVariant.f), ViSiLMatcher),
    ],
)
def test_every_option_has_a_method(config: PairMatcherConfig, kind: type) -> None:
    assert type(build_matcher(config, MODEL)) is kind


def test_weights_that_are_missing() -> None:
    with pytest.raises(WeightsError):
        build_matcher(ViSiLMatcherConfig(variant=ViSiLVariant.v, weights=Path("missing.pth")), MODEL)


def test_settings_of_no_method() -> None:
    with pytest.raises(TypeError, match="PairMatcherConfig"):
        build_matcher(PairMatcherConfig(), MODEL)
