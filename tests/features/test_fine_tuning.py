import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vdup.config import EfficientNetLiteConfig, Precision, ResNetConfig, Tuning
from vdup.errors import WeightsError
from vdup.features.backbone import Backbone, build_backbone
from vdup.features.fine_tuning import (
    apply_fine_tuning,
    digest_with,
    is_fine_tuning,
    load_fine_tuning,
    save_fine_tuning,
)
from vdup.features.trunk import resnet_trunk

NAME = "efficientnet_lite0"
PLAIN = EfficientNetLiteConfig(device="cpu", precision=Precision.float32, tuning=Tuning.none)


def tuned(weights: Path) -> EfficientNetLiteConfig:
    return EfficientNetLiteConfig(device="cpu", precision=Precision.float32, weights=weights)


@pytest.fixture(scope="module")
def plain() -> Backbone:
    return build_backbone(PLAIN)


@pytest.fixture(scope="module")
def changed(plain: Backbone) -> dict[str, Tensor]:
    """The bias of the last convolution, a little higher."""
    return {"conv_head.bias": plain.trunk.state_dict()["conv_head.bias"] + 0.25}


def test_fine_tuning_is_laid_over_the_published_weights(
    plain: Backbone, changed: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "b.safetensors"
    save_fine_tuning(path, NAME, changed)
    backbone = build_backbone(tuned(path))
    published = plain.trunk.state_dict()
    for name, tensor in backbone.trunk.state_dict().items():
        expected = changed[name].half().float() if name in changed else published[name]
        assert torch.equal(tensor, expected), name
    images = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    assert not torch.equal(backbone(images), plain(images))
    assert backbone.weights_digest != plain.weights_digest


def test_digest_depends_on_every_value_and_name(changed: dict[str, Tensor]) -> None:
    [(name, tensor)] = changed.items()
    digests = {
        digest_with("a", changed),
        digest_with("b", changed),
        digest_with("a", {name: tensor + 1}),
        digest_with("a", {"other": tensor}),
        digest_with("a", {}),
    }
    assert len(digests) == 5
    assert digest_with("a", dict(changed)) in digests


def test_a_whole_network_needs_no_published_weights(tmp_path: Path) -> None:
    config = ResNetConfig(depth=18, layer=5, device="cpu", precision=Precision.float32)
    source = resnet_trunk(config, blank=True)
    source.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for tensor in source.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    torch.save(source.state_dict(), tmp_path / "r.pth")
    config.weights = tmp_path / "r.pth"
    folded = build_backbone(config)

    config.weights = tmp_path / "b.safetensors"
    save_fine_tuning(config.weights, folded.name, {k: v * 1e-3 for k, v in folded.trunk.state_dict().items()})
    found = build_backbone(config)
    for name, tensor in folded.trunk.state_dict().items():
        assert torch.equal(found.trunk.state_dict()[name], (tensor * 1e-3).half().float())
    assert found.channels == folded.channels

    save_fine_tuning(config.weights, folded.name, {"conv1.bias": folded.trunk.state_dict()["conv1.bias"]})
    with pytest.raises(WeightsError, match=r"has no tensor conv1\.weight"):
        build_backbone(config)


def test_files_are_told_apart(changed: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "b.safetensors"
    save_fine_tuning(path, NAME, changed)
    assert is_fine_tuning(path)
    save_file(changed, tmp_path / "plain.safetensors")
    (tmp_path / "text.safetensors").write_text("text")
    (tmp_path / "b.pth").write_bytes(path.read_bytes())
    for name in ("plain.safetensors", "text.safetensors", "b.pth", "missing.safetensors"):
        assert not is_fine_tuning(tmp_path / name)


def test_files_that_do_not_fit_are_refused(changed: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "b.safetensors"
    with pytest.raises(WeightsError, match=r"missing\.safetensors does not exist"):
        build_backbone(tuned(tmp_path / "missing.safetensors"))
    save_fine_tuning(path, "resnet34_layer29", changed)
    with pytest.raises(WeightsError, match="was trained for resnet34_layer29, in use is efficientnet_lite0"):
        build_backbone(tuned(path))
    save_file(changed, path)
    with pytest.raises(WeightsError, match="is not a fine-tuning file of format backbone-1"):
        build_backbone(tuned(path))
    path.write_bytes(b"text")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        build_backbone(tuned(path))


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("weight", torch.zeros(3, 2), r"weight has shape \[3, 2\], the network needs \[2, 3\]"),
        ("more", torch.zeros(2, 3), "has a tensor more, which the network has not"),
    ],
)
def test_names_and_shapes_are_checked(name: str, tensor: Tensor, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        apply_fine_tuning(nn.Linear(3, 2), {name: tensor}, "file")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not finite in half precision"):
        save_fine_tuning(tmp_path / "b.safetensors", NAME, {"a": torch.full((2,), value)})
    header = json.dumps({"format": "backbone-1", "backbone": NAME})
    save_file({"a": torch.full((2,), value)}, tmp_path / "b.safetensors", metadata={"vdup": header})
    with pytest.raises(WeightsError, match="a holds NaN, infinity"):
        load_fine_tuning(tmp_path / "b.safetensors", NAME)


def test_values_too_large_for_half_precision_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not finite in half precision"):
        save_fine_tuning(tmp_path / "b.safetensors", NAME, {"a": torch.full((2,), 1e6)})
