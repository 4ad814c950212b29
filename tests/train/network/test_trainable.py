import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from vdup.train.config.triplet import Trainable
from vdup.train.network.trainable import cut_before_last_stage, split_model

from vdup.codes.refiner import Refiner
from vdup.config import EfficientNetLiteConfig, ModelConfig, NoWhiteningConfig, Precision, ResNetConfig, VGG16Config
from vdup.features.extractor import build_extractor
from vdup.features.trunk import efficientnet_lite_trunk, resnet_trunk, vgg16_trunk

SIDE = 64
MODEL = ModelConfig(
    backbone=EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=SIDE),
    whitening=NoWhiteningConfig(),
)


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


def rows(images: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)


@pytest.mark.parametrize("trainable", list(Trainable))
def test_both_parts_together_are_the_extractor(trainable: Trainable, images: NDArray[np.uint8]) -> None:
    split = split_model(MODEL, trainable)
    inputs = rows(images) if split.compute is None else torch.from_numpy(split.compute(images))
    with torch.no_grad():
        found = split.trained.features(inputs).numpy()
    np.testing.assert_allclose(found, build_extractor(MODEL).extract(images), atol=2e-3)
    assert split.fingerprint == build_extractor(MODEL).fingerprint


@pytest.mark.parametrize(("trainable", "expected"), [(Trainable.last_blocks, "6"), (Trainable.all, "0")])
def test_gradients_reach_what_is_trained_and_nothing_else(
    trainable: Trainable, expected: str, images: NDArray[np.uint8]
) -> None:
    split = split_model(MODEL, trainable)
    torch.manual_seed(0)
    split.trained.refiner = Refiner([1280, 1024])
    inputs = rows(images) if split.compute is None else torch.from_numpy(split.compute(images))
    split.trained(inputs).square().sum().backward()
    assert split.backbone is not None
    reached = {
        name for name, one in split.backbone.trunk.named_parameters() if one.grad is not None and one.grad.abs().sum()
    }
    trained = {name for name, one in split.backbone.trunk.named_parameters() if one.requires_grad}
    assert reached == trained
    stages = {name.split(".")[1] for name in trained if name.startswith("blocks.")}
    assert min(stages) == expected
    assert any(name.startswith("conv_head.") for name in trained)
    assert any(name.startswith("conv_stem.") for name in trained) is (trainable is Trainable.all)


def test_head_alone_trains_nothing_of_the_backbone() -> None:
    split = split_model(MODEL, Trainable.head)
    assert split.backbone is None
    assert list(split.trained.parameters()) == []


def test_keys_tell_frozen_parts_apart() -> None:
    other = ModelConfig(
        backbone=EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=96),
        whitening=NoWhiteningConfig(),
    )
    keys = {split_model(MODEL, trainable).key for trainable in Trainable} | {split_model(other, Trainable.head).key}
    assert len(keys) == 4
    assert split_model(MODEL, Trainable.head).key in keys


@pytest.mark.parametrize(
    ("trunk", "first_trained"),
    [
        (efficientnet_lite_trunk(), "0.conv_pw"),
        (resnet_trunk(ResNetConfig(depth=18, layer=17), blank=True), "0.conv1"),
        (resnet_trunk(ResNetConfig(depth=34, layer=29), blank=True), "0.conv1"),
        (vgg16_trunk(VGG16Config(layer=30), blank=True), ""),
    ],
    ids=["efficientnet", "resnet18", "resnet34", "vgg16"],
)
def test_cut_before_the_last_stage(trunk: nn.Module, first_trained: str) -> None:
    frozen, last = cut_before_last_stage(trunk)
    names = [name for name, module in last[0].named_modules() if isinstance(module, nn.Conv2d)]
    assert names[0] == first_trained
    before = {id(one) for one in frozen.parameters()}
    after = {id(one) for one in last.parameters()}
    assert before
    assert after
    assert not before & after
    assert before | after == {id(one) for one in trunk.parameters()}


def test_a_trunk_of_one_stage_is_trained_whole() -> None:
    frozen, last = cut_before_last_stage(resnet_trunk(ResNetConfig(depth=18, layer=1), blank=True))
    assert len(frozen) == 0
    assert any(isinstance(module, nn.Conv2d) for module in last.modules())


def test_a_trunk_without_convolutions_is_refused() -> None:
    with pytest.raises(ValueError, match="no convolution to train"):
        cut_before_last_stage(nn.Sequential(nn.ReLU()))
