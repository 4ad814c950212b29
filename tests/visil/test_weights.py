import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from vdup.config import ViSiLVariant
from vdup.errors import WeightsError
from vdup.visil import ViSiL
from vdup.visil.weights import Fingerprint, check_features, load_visil, save_visil

PUBLISHED = {
    "attention.context_vector.weight": (1, 3840),
    "video_comperator.conv1.weight": (32, 1, 3, 3),
    "video_comperator.conv1.bias": (32,),
    "video_comperator.conv2.weight": (64, 32, 3, 3),
    "video_comperator.conv2.bias": (64,),
    "video_comperator.conv3.weight": (128, 64, 3, 3),
    "video_comperator.conv3.bias": (128,),
    "video_comperator.fconv.weight": (1, 128, 1, 1),
    "video_comperator.fconv.bias": (1,),
}
"""Names and shapes of visil.pth; visil_symmetric.pth has 512 numbers a region."""

FEATURES: Fingerprint = {"backbone": "tiny", "dimensions": 6}


def published(dimensions: int = 3840) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(tuple(dimensions if side == 3840 else side for side in shape), generator=generator)
        for name, shape in PUBLISHED.items()
    }


@pytest.mark.parametrize(("variant", "dimensions"), [(ViSiLVariant.v, 3840), (ViSiLVariant.sym, 512)])
def test_the_published_state_dict_is_taken_as_it_is(variant: ViSiLVariant, dimensions: int, tmp_path: Path) -> None:
    state = published(dimensions)
    torch.save(state, tmp_path / "visil.pth")
    model, trained_on = load_visil(tmp_path / "visil.pth", variant)
    assert (model.variant, model.dimensions, trained_on) == (variant, dimensions, None)
    assert not model.training
    found = model.state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    check_features(tmp_path / "visil.pth", None, FEATURES)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    model = ViSiL(ViSiLVariant.sym, 6)
    save_visil(tmp_path / "w.safetensors", model, FEATURES)
    again, trained_on = load_visil(tmp_path / "w.safetensors", ViSiLVariant.sym)
    assert trained_on == FEATURES
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in model.state_dict().items())
    with pytest.raises(WeightsError, match=r"trained for matcher\.variant=sym, asked for is v"):
        load_visil(tmp_path / "w.safetensors", ViSiLVariant.v)


def test_weights_for_other_features_are_refused(tmp_path: Path) -> None:
    check_features(tmp_path / "w", FEATURES, dict(FEATURES))
    with pytest.raises(WeightsError, match=r"trained on other features \(different: backbone\)"):
        check_features(tmp_path / "w", FEATURES, {**FEATURES, "backbone": "large"})


def test_a_state_dict_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    context = "attention.context_vector.weight"
    wrong: list[tuple[object, str]] = [
        ([1, 2], "not a state dict"),
        ({"epoch": 3}, "not a state dict"),
        ({"layer.weight": torch.zeros(1)}, "so it is not of ViSiL"),
        ({context: published()[context]}, r"has no tensor video_comperator\.conv1\.bias"),
        ({**published(), "extra": torch.zeros(1)}, "has an unknown tensor extra"),
        ({**published(), "video_comperator.conv1.bias": torch.zeros(31)}, r"has shape \[31\], ViSiL has \[32\]"),
        ({**published(), "video_comperator.fconv.bias": torch.tensor([torch.nan])}, "holds NaN"),
    ]
    for state, message in wrong:
        torch.save(state, path)
        with pytest.raises(WeightsError, match=message):
            load_visil(path, ViSiLVariant.v)


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not exist"):
        load_visil(tmp_path / "none.pth", ViSiLVariant.v)
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(b"no weights at all")
        with pytest.raises(WeightsError, match="cannot be read"):
            load_visil(tmp_path / name, ViSiLVariant.v)


@pytest.mark.parametrize("header", [None, {"format": "visil-0"}, {"format": "visil-1", "variant": "v"}])
def test_safetensors_files_of_another_kind_are_refused(header: object, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(published(), path, metadata=None if header is None else {"vdup": json.dumps(header)})
    with pytest.raises(WeightsError, match="not a file of format visil-1"):
        load_visil(path, ViSiLVariant.v)


class _Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return (open, ("executed", "w"))


def test_nothing_in_a_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"attention.context_vector.weight": _Harmful()}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_visil(tmp_path / "w.pth", ViSiLVariant.v)
    assert not (tmp_path / "executed").exists()
