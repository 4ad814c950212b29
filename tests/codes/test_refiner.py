import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from vdup.codes.refiner import Refiner, build_refiner, load_refiner, save_refiner
from vdup.config import EfficientNetLiteConfig, ExtractorConfig, RefinerConfig, Tuning
from vdup.errors import WeightsError
from vdup.features.extractor import build_extractor
from vdup.types import FloatArray

FEATURES: dict[str, str | int | float] = {"backbone": "tiny", "dimensions": 6}


def _refiner(*widths: int, seed: int = 0) -> Refiner:
    torch.manual_seed(seed)
    return Refiner(list(widths))


def _features(rows: int, width: int) -> FloatArray:
    return np.random.default_rng(3).standard_normal((rows, width)).astype(np.float32)


def _write(path: Path, tensors: dict[str, Tensor], **header: object) -> Path:
    complete = {"format": "refiner-1", "activation": "gelu", "extractor": FEATURES, **header}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(complete)})
    return path


def _layer(width: int = 6) -> dict[str, Tensor]:
    return {"layers.0.weight": torch.ones(1024, width), "layers.0.bias": torch.zeros(1024)}


def test_bits_are_the_signs_of_what_loops_compute() -> None:
    refiner = _refiner(6, 5, 1024)
    (first_weight, first_bias), (second_weight, second_bias) = (
        (layer.get_parameter("weight").tolist(), layer.get_parameter("bias").tolist()) for layer in refiner.layers
    )
    features = _features(3, 6)
    codes = refiner.encode(features)
    assert codes.shape == (3, 128)
    assert codes.dtype == np.uint8
    for row, code in zip(features.tolist(), codes, strict=True):
        hidden = []
        for weights, bias in zip(first_weight, first_bias, strict=True):
            value = sum(w * x for w, x in zip(weights, row, strict=True)) + bias
            hidden.append(value * 0.5 * (1 + math.erf(value / math.sqrt(2))))
        bits = np.unpackbits(code)
        for bit, weights, bias in zip(bits, second_weight, second_bias, strict=True):
            value = sum(w * x for w, x in zip(weights, hidden, strict=True)) + bias
            assert abs(value) < 1e-5 or bit == (value >= 0)


def test_one_layer_has_no_activation() -> None:
    refiner = _refiner(4, 1024)
    features = torch.from_numpy(_features(2, 4))
    [layer] = refiner.layers
    torch.testing.assert_close(
        refiner(features), features @ layer.get_parameter("weight").T + layer.get_parameter("bias")
    )
    assert refiner.input_width == 4


def test_no_features_give_no_codes() -> None:
    assert _refiner(4, 1024).encode(_features(0, 4)).shape == (0, 128)


def test_other_number_formats_and_memory_orders_give_the_same_codes() -> None:
    refiner, features = _refiner(4, 1024), _features(8, 4)
    turned = np.asfortranarray(features.astype(np.float64))
    np.testing.assert_array_equal(refiner.encode(turned), refiner.encode(features))  # type: ignore[arg-type]


@pytest.mark.parametrize("widths", [[1024], [6, 512], []])
def test_widths_that_give_no_code_are_refused(widths: list[int]) -> None:
    with pytest.raises(ValueError, match="must be two numbers or more and end in 1024"):
        Refiner(widths)


def test_file_brings_back_the_same_refiner(tmp_path: Path) -> None:
    refiner = _refiner(6, 16, 1024)
    path = tmp_path / "refiner.safetensors"
    save_refiner(path, refiner, FEATURES)
    loaded = load_refiner(path, FEATURES)
    assert loaded.digest() == refiner.digest()
    np.testing.assert_array_equal(loaded.encode(_features(9, 6)), refiner.encode(_features(9, 6)))
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert load_refiner(path).digest() == refiner.digest()
    assert build_refiner(RefinerConfig(weights=path), FEATURES).digest() == refiner.digest()


def test_of_those_that_ship_the_one_for_the_features_is_taken() -> None:
    digests = set()
    for tuning in (Tuning.copies, Tuning.distilled):
        extractor = build_extractor(ExtractorConfig(backbone=EfficientNetLiteConfig(device="cpu", tuning=tuning)))
        digests.add(build_refiner(RefinerConfig(), extractor.fingerprint).digest())
    assert len(digests) == 2
    with pytest.raises(WeightsError, match=r"trained on other features \(different: .*backbone"):
        build_refiner(RefinerConfig(), FEATURES)


def test_half_precision_is_kept_in_the_file_and_widened_on_loading(tmp_path: Path) -> None:
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    refiner = _refiner(6, 1024)
    save_refiner(full, refiner, FEATURES)
    save_refiner(half, refiner.half(), FEATURES)
    assert half.stat().st_size < 0.7 * full.stat().st_size
    loaded = load_refiner(half, FEATURES)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    assert loaded.digest() == refiner.float().digest()


def test_digest_follows_every_weight() -> None:
    assert _refiner(6, 1024).digest() == _refiner(6, 1024).digest()
    changed = _refiner(6, 1024)
    with torch.no_grad():
        changed.layers[0].get_parameter("bias")[1023] += 1e-3
    assert changed.digest() != _refiner(6, 1024).digest()
    assert _refiner(6, 1024, seed=1).digest() != _refiner(6, 1024).digest()


def test_other_features_are_named(tmp_path: Path) -> None:
    path = tmp_path / "refiner.safetensors"
    save_refiner(path, _refiner(6, 1024), FEATURES)
    with pytest.raises(WeightsError, match=r"other features \(different: backbone, pooling\)") as caught:
        load_refiner(path, {"backbone": "other", "dimensions": 6, "pooling": "gem"})
    assert "refiner.weights=FILE" in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.safetensors: not a readable refiner file"):
        load_refiner(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_file_that_was_cut_short(share: float, tmp_path: Path) -> None:
    path = tmp_path / "refiner.safetensors"
    save_refiner(path, _refiner(6, 1024), FEATURES)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match="not a readable refiner file"):
        load_refiner(path)


def test_other_safetensors_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file(_layer(), str(path))
    with pytest.raises(WeightsError, match="not a refiner file of format refiner-1"):
        load_refiner(path)
    save_file(_layer(), str(path), metadata={"vdup": "not JSON"})
    with pytest.raises(WeightsError, match="not a readable refiner file"):
        load_refiner(path)
    with pytest.raises(WeightsError, match="format refiner-1"):
        load_refiner(_write(path, _layer(), format="refiner-2"))


@pytest.mark.parametrize(
    "header", [{"activation": "relu"}, {"activation": None}, {"extractor": None}, {"extractor": 3}]
)
def test_incomplete_headers_are_refused(header: dict[str, object], tmp_path: Path) -> None:
    path = _write(tmp_path / "refiner.safetensors", _layer(), **header)
    with pytest.raises(WeightsError, match="header is incomplete or names an unknown activation"):
        load_refiner(path, FEATURES)


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"layers.0.weight": torch.ones(1024, 6)},
        {"layers.0.weight": torch.ones(512, 6), "layers.0.bias": torch.zeros(512)},
        {"layers.0.weight": torch.ones(1024, 6), "layers.0.bias": torch.zeros(3)},
        {"layers.0.weight": torch.ones(1024), "layers.0.bias": torch.zeros(1024)},
        {**_layer(), "layers.2.weight": torch.ones(1024, 6), "layers.2.bias": torch.zeros(1024)},
        {**_layer(), "stray": torch.zeros(1)},
        {**_layer(8), "layers.1.weight": torch.ones(1024, 6), "layers.1.bias": torch.zeros(1024)},
    ],
)
def test_layers_that_do_not_fit_together_are_refused(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="its layers do not fit together"):
        load_refiner(_write(tmp_path / "refiner.safetensors", tensors))


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    tensors = _layer()
    tensors["layers.0.bias"][7] = float("nan")
    with pytest.raises(WeightsError, match="hold NaN or infinity"):
        load_refiner(_write(tmp_path / "refiner.safetensors", tensors))
