from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vdup.config import BackboneConfig, EfficientNetLiteConfig, Precision, ResNetConfig, VGG16Config
from vdup.errors import ConfigError
from vdup.features.backbone import Backbone, build_backbone, cpu_has_bfloat16, resolve_device, resolve_dtype

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def efficientnet() -> Backbone:
    return build_backbone(EfficientNetLiteConfig(device="cpu", precision=Precision.float32))


def random_images(batch: int = 2, side: int = 64) -> Tensor:
    return torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_efficientnet_shapes(efficientnet: Backbone) -> None:
    features = efficientnet(random_images(side=96))
    assert features.shape == (2, 1280, 3, 3)
    assert features.dtype == torch.float32
    assert 0 <= float(features.min()) < float(features.max()) <= 6
    assert (efficientnet.channels, efficientnet.name) == (1280, "efficientnet_lite0")


def test_efficientnet_scales_colours_to_minus_one_and_one(efficientnet: Backbone) -> None:
    images = random_images()
    expected = efficientnet.trunk((images.double() / 127.5 - 1).float())
    torch.testing.assert_close(efficientnet(images), expected, rtol=1e-3, atol=1e-3)


def test_types_and_memory_orders_agree(efficientnet: Backbone) -> None:
    images = random_images()
    expected = efficientnet(images)
    for same in (images.float(), images.double(), images.contiguous(memory_format=torch.channels_last)):
        assert torch.equal(efficientnet(same), expected)


def test_digest_is_that_of_the_weights_and_not_of_the_arithmetic(efficientnet: Backbone) -> None:
    again = build_backbone(EfficientNetLiteConfig(device="cpu", precision=Precision.bfloat16))
    assert again.weights_digest == efficientnet.weights_digest
    assert again.dtype == torch.bfloat16


def test_bfloat16_stays_near_float32(efficientnet: Backbone) -> None:
    coarse = build_backbone(EfficientNetLiteConfig(device="cpu", precision=Precision.bfloat16))
    images = random_images(batch=1, side=32)
    a, b = coarse(images), efficientnet(images)
    assert a.dtype == torch.float32
    assert not torch.equal(a, b)
    assert float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0)) > 0.99


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 8, 8, 3), (1, 4, 8, 8)])
def test_other_shapes_are_refused(efficientnet: Backbone, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\]"):
        efficientnet(torch.zeros(shape))


def test_other_types_are_refused(efficientnet: Backbone) -> None:
    with pytest.raises(TypeError, match="int32"):
        efficientnet(torch.zeros((1, 3, 64, 64), dtype=torch.int32))


@pytest.mark.parametrize(("precision", "tolerance"), [(Precision.float32, 0.001), (Precision.bfloat16, 0.03)])
@pytest.mark.parametrize(
    ("config", "name", "channels"),
    [
        (ResNetConfig(depth=18, layer=3, device="cpu"), "resnet18_layer3", 64),
        (ResNetConfig(depth=18, layer=7, device="cpu"), "resnet18_layer7", 128),
        (ResNetConfig(depth=50, layer=4, device="cpu"), "resnet50_layer4", 256),
        (VGG16Config(layer=10, device="cpu"), "vgg16_layer10", 128),
    ],
)
def test_torchvision_backbones_use_imagenets_colours(
    monkeypatch: pytest.MonkeyPatch,
    config: BackboneConfig,
    name: str,
    channels: int,
    precision: Precision,
    tolerance: float,
) -> None:
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, **options: _random_state(config))
    backbone = build_backbone(replace(config, precision=precision))
    images = random_images()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    features = backbone(images)
    assert (backbone.name, backbone.channels) == (name, channels)
    assert features.shape[1] == channels
    assert float(features.min()) >= 0
    # The trunk's own weights, rounded or not, in exact arithmetic.
    expected = backbone.trunk.float()((images / 255 - mean) / std)
    torch.testing.assert_close(features, expected, rtol=tolerance, atol=tolerance * float(expected.max()))


def _random_state(config: BackboneConfig) -> dict[str, Tensor]:
    """Random weights for the first layers under the names of torchvision."""
    import torchvision

    if isinstance(config, VGG16Config):
        features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"][:6])
        return {f"features.{name}": tensor for name, tensor in features.state_dict().items()}
    assert isinstance(config, ResNetConfig)
    network: nn.Module = getattr(torchvision.models, f"resnet{config.depth}")()
    return network.state_dict()


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="BackboneConfig"):
        build_backbone(BackboneConfig(device="cpu"))


@pytest.mark.parametrize("device", ["gpu", "mps", "meta", "cuda:999", "cuda:x", ""])
def test_unusable_devices_are_refused(device: str) -> None:
    with pytest.raises(ConfigError, match=r"backbone\.device"):
        resolve_device(device)


def test_automatic_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cuda")


def test_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_dtype(Precision.float32, CPU) == torch.float32
    assert resolve_dtype(Precision.bfloat16, CPU) == torch.bfloat16
    for present, wanted in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr("vdup.features.backbone.cpu_has_bfloat16", lambda present=present: present)
        assert resolve_dtype(Precision.auto, CPU) == wanted
    for present, wanted in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda present=present, **options: present)
        assert resolve_dtype(Precision.auto, torch.device("cuda")) == wanted


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 sse\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("", False),
    ],
)
def test_processor_flags(tmp_path: Path, cpuinfo: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert cpu_has_bfloat16(tmp_path / "cpuinfo") is expected


def test_processor_flags_where_there_is_no_such_file(tmp_path: Path) -> None:
    assert cpu_has_bfloat16(tmp_path / "absent") is False


@pytest.mark.gpu
def test_gpu_agrees_with_cpu(efficientnet: Backbone) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    features = build_backbone(EfficientNetLiteConfig(device="cuda", precision=Precision.float32))(random_images())
    torch.testing.assert_close(features.cpu(), efficientnet(random_images()), rtol=1e-2, atol=1e-2)
