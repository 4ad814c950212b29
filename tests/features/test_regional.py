from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from vdup.config import (
    EfficientNetLiteConfig,
    ExtractorConfig,
    NoWhiteningConfig,
    Precision,
    ResNetConfig,
)
from vdup.errors import ConfigError, WeightsError
from vdup.features.backbone import Backbone
from vdup.features.region_grid import grid_maxima
from vdup.features.regional import RegionalExtractor, build_regional_extractor
from vdup.features.trunk import resnet_trunk
from vdup.features.whitening import Whitening, save_whitening

SIDE = 64
CONFIG = EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=SIDE, batch_size=2)


class Stages(nn.Sequential):
    """Three convolutions of 4, 6 and 8 channels, each half as wide as the one before."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        super().__init__()
        for place, (before, after) in enumerate(((3, 4), (4, 6), (6, 8))):
            layer = nn.Conv2d(before, after, 2, stride=2, bias=False)
            layer.weight = nn.Parameter(torch.randn(layer.weight.shape, generator=generator))
            self.add_module(f"stage{place}", nn.Sequential(layer, nn.ReLU()))


def tiny(stages: tuple[str, ...] = (), whitening: Whitening | None = None) -> RegionalExtractor:
    backbone = Backbone(Stages().eval(), "tiny", (0, 0, 0), (1, 1, 1), torch.device("cpu"), torch.float32)
    return RegionalExtractor(backbone, stages, whitening, CONFIG)


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return found


@pytest.mark.parametrize("stages", [("stage0", "stage2"), ()])
def test_stages_stand_side_by_side(stages: tuple[str, ...], images: NDArray[np.uint8]) -> None:
    found = tiny(stages).extract(images)
    maps = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    parts = []
    with torch.no_grad():
        for name, part in Stages().named_children():
            maps = part(maps)
            if name in (stages or ("stage2",)):
                parts.append(unit(grid_maxima(maps).double().numpy()))
    np.testing.assert_allclose(found, unit(np.concatenate(parts, axis=2)), atol=1e-5)
    assert found.dtype == np.float32
    assert found.shape == (5, 9, 12 if stages else 8)


def test_whitening_is_behind_and_silence_stays_silent(images: NDArray[np.uint8]) -> None:
    generator = torch.Generator().manual_seed(1)
    whitening = Whitening(torch.rand(8, generator=generator), torch.randn(5, 8, generator=generator))
    extractor = tiny(whitening=whitening)
    plain = extractor.extract_regions(images).astype(np.float64)
    expected = unit((plain - whitening.mean.numpy()) @ whitening.projection.numpy().T)
    np.testing.assert_allclose(extractor.extract(images), expected, atol=1e-5)
    assert not extractor.extract(np.zeros((1, SIDE, SIDE, 3), np.uint8)).any()
    assert (extractor.dimensions, extractor.channels) == (5, 8)


def test_frames_may_be_mirrored_and_absent(images: NDArray[np.uint8]) -> None:
    extractor = tiny(("stage0", "stage1", "stage2"))
    flipped = np.ascontiguousarray(images[:, :, ::-1])
    np.testing.assert_allclose(extractor.extract(images, mirrored=True), extractor.extract(flipped), atol=1e-6)
    assert extractor.extract(images[:0]).shape == (0, 9, 18)
    with pytest.raises(ValueError, match="images must be uint8"):
        extractor.extract(images[:, :32])


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="not all of the stages"):
        tiny(("stage0", "stage7"))
    with pytest.raises(ValueError, match="takes 3 numbers, a region has 8"):
        tiny(whitening=Whitening(torch.zeros(3), torch.zeros(2, 3)))


def test_the_default_backbone_has_the_whitening_of_the_model(images: NDArray[np.uint8]) -> None:
    extractor = build_regional_extractor(ExtractorConfig(backbone=CONFIG), dimensions=16)
    assert extractor.extract(images[:2]).shape == (2, 9, 16)
    whole = build_regional_extractor(ExtractorConfig(backbone=CONFIG)).extract(images[:2])
    assert whole.shape == (2, 9, 1024)
    first = whole[:, :, :16] / np.linalg.norm(whole[:, :, :16], axis=2, keepdims=True)
    np.testing.assert_allclose(extractor.extract(images[:2]), first, atol=1e-4)
    assert extractor.fingerprint["regions"] == "map"


def test_more_directions_than_there_are_cannot_be_kept() -> None:
    model = ExtractorConfig(backbone=CONFIG, whitening=NoWhiteningConfig())
    with pytest.raises(ConfigError, match="3840 numbers a region are wanted and there are 1280"):
        build_regional_extractor(model, dimensions=3840)


@pytest.fixture(scope="module")
def resnet50(tmp_path_factory: pytest.TempPathFactory) -> ResNetConfig:
    """ResNet-50 with random weights in a file."""
    path = tmp_path_factory.mktemp("resnet") / "resnet50.safetensors"
    config = ResNetConfig(depth=50, layer=49, weights=path, device="cpu", precision=Precision.float32)
    config.image_side_pixels = SIDE
    blank = resnet_trunk(config, blank=True).state_dict()
    generator = torch.Generator().manual_seed(0)
    state = {
        name: torch.rand(tensor.shape, generator=generator).add(0.5)
        if "running_var" in name or tensor.ndim == 1
        else torch.randn(tensor.shape, generator=generator) * (2 / max(1, tensor[0].numel())) ** 0.5
        for name, tensor in blank.items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(state, path)
    return config


def test_resnet50_gives_its_four_stages(resnet50: ResNetConfig, images: NDArray[np.uint8], tmp_path: Path) -> None:
    resnet50.layer = 20  # of no account here
    extractor = build_regional_extractor(ExtractorConfig(backbone=resnet50))
    assert extractor.dimensions == 3840
    found = extractor.extract_regions(images[:1])
    assert found.shape == (1, 9, 3840)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)
    for first, last in ((0, 256), (256, 768), (768, 1792), (1792, 3840)):
        np.testing.assert_allclose(np.linalg.norm(found[:, :, first:last], axis=2), 0.5, atol=1e-5)
    save_whitening(
        tmp_path / "w.safetensors",
        Whitening(torch.zeros(3840), torch.eye(8, 3840)),
        {"backbone": "resnet50_layer49", "pooling": "grid"},
    )
    assert build_regional_extractor(ExtractorConfig(backbone=resnet50), tmp_path / "w.safetensors").dimensions == 8


def test_a_whitening_of_another_backbone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_whitening(path, Whitening(torch.zeros(4), torch.eye(4)), {"backbone": "large", "pooling": "grid"})
    with pytest.raises(WeightsError, match="was fitted on large and takes 4 numbers; in use is efficientnet_lite0"):
        build_regional_extractor(ExtractorConfig(backbone=CONFIG), path)
    with pytest.raises(WeightsError, match="does not exist"):
        build_regional_extractor(ExtractorConfig(backbone=CONFIG), tmp_path / "pca.pth")
