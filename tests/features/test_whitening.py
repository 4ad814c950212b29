import json
from pathlib import Path

import numpy as np
import pytest
import t7_writer as t7
import torch
from safetensors.torch import save_file

from vdup.config import NoWhiteningConfig, PCAWhiteningConfig, T7WhiteningConfig, WhiteningConfig
from vdup.errors import WeightsError
from vdup.features import whitening as whitening_module
from vdup.features.whitening import NoWhitening, Whitening, build_whitening, load_whitening, save_whitening

FACTS = {"backbone": "net", "pooling": "pool"}


def random_whitening(dimensions: int = 3, channels: int = 5, seed: int = 0) -> Whitening:
    generator = torch.Generator().manual_seed(seed)
    return Whitening(torch.rand(channels, generator=generator), torch.randn(dimensions, channels, generator=generator))


def build(
    config: WhiteningConfig, channels: int = 5, backbone: str = "net", pooling: str = "pool"
) -> Whitening | NoWhitening:
    return build_whitening(config, channels, backbone=backbone, pooling=pooling)


def test_apply_against_loops() -> None:
    whitening = random_whitening()
    vectors = torch.rand(2, 4, 5, generator=torch.Generator().manual_seed(1))
    result = whitening.apply(vectors)
    assert result.shape == (2, 4, 3)
    for i in range(2):
        for j in range(4):
            for d in range(3):
                expected = sum(
                    float(whitening.projection[d, c]) * float(vectors[i, j, c] - whitening.mean[c]) for c in range(5)
                )
                assert float(result[i, j, d]) == pytest.approx(expected, abs=1e-5)


def test_digest_follows_the_values() -> None:
    assert random_whitening().digest == random_whitening().digest
    assert random_whitening().digest != random_whitening(seed=1).digest
    assert random_whitening().to(torch.device("cpu")).digest == random_whitening().digest


@pytest.mark.parametrize(("mean", "projection"), [((4,), (3, 5)), ((1, 5), (3, 5)), ((5,), (5,))])
def test_shapes_are_checked(mean: tuple[int, ...], projection: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mean"):
        Whitening(torch.zeros(mean), torch.zeros(projection))


def test_saved_file_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "pca.safetensors"
    save_whitening(path, random_whitening(), {**FACTS, "images": 7})
    loaded, facts = load_whitening(path)
    assert facts == {**FACTS, "images": 7}
    torch.testing.assert_close(loaded.mean, random_whitening().mean, rtol=0, atol=0)
    torch.testing.assert_close(loaded.projection, random_whitening().projection, rtol=1e-3, atol=1e-6)
    assert loaded.projection.dtype == torch.float32
    built = build(PCAWhiteningConfig(weights=path))
    assert isinstance(built, Whitening)
    assert built.digest == loaded.digest


def test_saving_needs_names_and_finite_values(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pooling"):
        save_whitening(tmp_path / "a.safetensors", random_whitening(), {"backbone": "net"})
    huge = Whitening(torch.zeros(2), torch.full((2, 2), 1e6))
    with pytest.raises(ValueError, match="finite"):
        save_whitening(tmp_path / "a.safetensors", huge, FACTS)


@pytest.mark.parametrize(
    ("channels", "backbone", "pooling", "reason"),
    [
        (5, "other", "pool", "on backbone net, in use is other"),
        (5, "net", "gem", "on pooling pool"),
        (6, "net", "pool", "5 channels"),
    ],
)
def test_file_of_another_model_is_refused(
    tmp_path: Path, channels: int, backbone: str, pooling: str, reason: str
) -> None:
    path = tmp_path / "pca.safetensors"
    save_whitening(path, random_whitening(), FACTS)
    with pytest.raises(WeightsError, match=reason) as caught:
        build(PCAWhiteningConfig(weights=path), channels, backbone, pooling)
    assert "python -m vdup.train +experiment=pca data.images=DIR" in str(caught.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pca.safetensors"
    config = PCAWhiteningConfig(weights=path)
    with pytest.raises(WeightsError, match="does not exist"):
        build(config)
    save_whitening(path, random_whitening(), FACTS)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(WeightsError, match="not a usable whitening file"):
        build(config)
    save_file({"mean": torch.zeros(5)}, path, metadata={"vdup": json.dumps(FACTS)})
    with pytest.raises(WeightsError, match="not a usable whitening file"):
        build(config)
    save_file({"mean": torch.zeros(5), "projection": torch.zeros(2, 4)}, path, metadata={"vdup": json.dumps(FACTS)})
    with pytest.raises(WeightsError, match="not a usable whitening file"):
        build(config)
    save_file({"mean": torch.zeros(5), "projection": torch.zeros(2, 5)}, path)
    with pytest.raises(WeightsError, match="does not say"):
        build(config)


def test_bundled_file_is_found_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_whitening(tmp_path / whitening_module.BUNDLED_FILE, random_whitening(), FACTS)
    monkeypatch.setattr(whitening_module, "files", {"vdup.weights": tmp_path}.__getitem__)
    assert build(PCAWhiteningConfig()).dimensions == 3
    (tmp_path / whitening_module.BUNDLED_FILE).unlink()
    with pytest.raises(WeightsError, match=r"vdup\.train"):
        build(PCAWhiteningConfig())


def test_no_whitening() -> None:
    whitening = build(NoWhiteningConfig())
    vectors = torch.rand(3, 5)
    assert whitening.apply(vectors) is vectors
    assert (whitening.dimensions, whitening.name) == (5, "none")


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="WhiteningConfig"):
        build(WhiteningConfig())


class TestPublishedPair:
    mean = np.linspace(0, 1, 5, dtype=np.float32)
    matrix = np.random.default_rng(0).standard_normal((4, 5))

    def config(self, folder: Path, dimensions: int = 3) -> T7WhiteningConfig:
        mean, dvt = folder / "mean.t7", folder / "dvt.t7"
        mean.write_bytes(t7.tensor(self.mean))
        dvt.write_bytes(t7.tensor(self.matrix))
        return T7WhiteningConfig(mean=mean, dvt=dvt, dimensions=dimensions)

    def check(self, config: T7WhiteningConfig) -> None:
        vectors = np.random.default_rng(1).random((6, 5)).astype(np.float32)
        expected = np.stack([(self.matrix @ (vector - self.mean))[:3] for vector in vectors])
        whitening = build(config)
        assert whitening.name == "t7"
        np.testing.assert_allclose(whitening.apply(torch.from_numpy(vectors)).numpy(), expected, atol=1e-5)

    def test_torch_7_files(self, tmp_path: Path) -> None:
        self.check(self.config(tmp_path))

    @pytest.mark.parametrize("new_format", [True, False])
    def test_pytorch_files_of_the_same_suffix(self, tmp_path: Path, new_format: bool) -> None:
        config = self.config(tmp_path)
        # The publishers keep the mean as one row.
        for path, array in ((config.mean, self.mean[None]), (config.dvt, self.matrix)):
            torch.save(torch.from_numpy(array), path, _use_new_zipfile_serialization=new_format)
        self.check(config)

    def test_misfits_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"whitening\.dimensions"):
            build(self.config(tmp_path, dimensions=5))
        with pytest.raises(WeightsError, match="6 channels"):
            build(self.config(tmp_path), channels=6)
        swapped = self.config(tmp_path)
        swapped.dvt = swapped.mean
        with pytest.raises(WeightsError, match=r"expected \[D, 5\]"):
            build(swapped)

    def test_unusable_files_are_refused(self, tmp_path: Path) -> None:
        config = self.config(tmp_path)
        config.mean.write_bytes(b"PK, but no archive")
        with pytest.raises(WeightsError, match="not a usable tensor file"):
            build(config)
        torch.save({"mean": torch.zeros(5)}, config.mean)
        with pytest.raises(WeightsError, match="holds a dict"):
            build(config)
        config.mean.unlink()
        with pytest.raises(WeightsError, match="cannot read"):
            build(config)
