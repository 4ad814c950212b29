import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from vdup.config import SamplingConfig
from vdup.errors import WeightsError
from vdup.hashing.hasher import VideoHasher, clip_values
from vdup.hashing.network import (
    HashNetwork,
    HashShape,
    centre_crop,
    load_hash_network,
    load_kinetics,
    pack,
    save_hash_network,
)

CPU = torch.device("cpu")
SHAPE = HashShape("mc3_18", 16, 2, 16)


@pytest.fixture(scope="module")
def network() -> HashNetwork:
    torch.manual_seed(0)
    return HashNetwork(SHAPE).eval()


def clips(count: int, side: int = 18) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, 2, side, side, 3), dtype=np.uint8)


def test_signs_are_packed_and_zero_counts_as_positive() -> None:
    values = np.array([[-1, 0, 2, -0.5, 3, -2, 0, -1], [1, -1, -1, -1, -1, -1, -1, 1]], np.float32)
    assert pack(values).tolist() == [[0b01101010], [0b10000001]]
    with pytest.raises(ValueError, match="NaN"):
        pack(np.full((1, 8), np.nan, np.float32))


def test_the_middle_is_seen() -> None:
    images = np.arange(5 * 7 * 3).reshape(5, 7, 3).astype(np.uint8)
    assert np.array_equal(centre_crop(images, 3), images[1:4, 2:5])
    assert centre_crop(clips(2), 18).shape == (2, 2, 18, 18, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r3d_18", "mc3_18", "r2plus1d_18"])
def test_every_network_gives_as_many_values_as_bits(name: str) -> None:
    values = clip_values(HashNetwork(HashShape(name, 48, 2, 16)).eval(), clips(1), CPU)
    assert values.shape == (1, 48)
    assert values.dtype == np.float32


def test_values_are_those_of_the_layers(network: HashNetwork) -> None:
    seen = clips(2, 16)
    mean, std = np.array([0.43216, 0.394666, 0.37645]), np.array([0.22803, 0.22145, 0.216989])
    pixels = torch.from_numpy(((seen / 255 - mean) / std).astype(np.float32)).permute(0, 4, 1, 2, 3)
    with torch.no_grad():
        expected = network.balance(network.projection(network.trunk(pixels))).numpy()
    assert clip_values(network, seen, CPU) == pytest.approx(expected, abs=1e-4)


def test_clips_are_hashed_one_by_one_as_together(network: HashNetwork) -> None:
    hasher = VideoHasher(network, SamplingConfig(workers=1))
    together = hasher.hash_clips(clips(11))
    assert together.shape == (11, 2)
    alone = np.concatenate([hasher.hash_clips(clip[None]) for clip in clips(11)])
    # The order of sums may differ, and with it the sign of a value next to zero.
    assert np.bitwise_count(together ^ alone).sum() <= 1
    assert hasher.hash_clips(clips(0)).shape == (0, 2)


def test_a_file_gives_the_same_network(network: HashNetwork, tmp_path: Path) -> None:
    save_hash_network(tmp_path / "w.safetensors", network, {"epoch": 3})
    again = load_hash_network(tmp_path / "w.safetensors")
    assert again.shape == SHAPE
    assert again.digest() == network.digest()
    assert not again.training
    assert np.array_equal(clip_values(again, clips(2), CPU), clip_values(network, clips(2), CPU))
    with safe_open(str(tmp_path / "w.safetensors"), framework="pt") as file:
        header = json.loads(file.metadata()["vdup"])
    assert (header["format"], header["bits"], header["training"]) == ("hash-network-2", 16, {"epoch": 3})


def test_the_fingerprint_is_of_shape_and_weights(network: HashNetwork) -> None:
    torch.manual_seed(1)
    other = HashNetwork(SHAPE)
    assert other.digest() != network.digest()
    other.load_state_dict(network.state_dict())
    assert other.digest() == network.digest()
    other.shape = HashShape("mc3_18", 16, 4, 16)
    assert other.digest() != network.digest()


def test_files_that_cannot_be_used(network: HashNetwork, tmp_path: Path) -> None:
    good = tmp_path / "good.safetensors"
    save_hash_network(good, network, {})
    tensors = load_file(good)
    header = {"format": "hash-network-2", "network": "mc3_18", "bits": 16, "frames": 2, "side_pixels": 16}
    bad = tmp_path / "bad.safetensors"

    def refused(match: str) -> None:
        with pytest.raises(WeightsError, match=match):
            load_hash_network(bad)

    refused("does not exist")
    bad.write_bytes(good.read_bytes()[:1000])
    refused("cannot be read")
    for changed, match in (
        ({"format": "refiner-1"}, "not a hash network"),
        ({"bits": 48}, "does not hold the network"),
        ({"network": "resnet18"}, "does not hold the network"),
        ({"frames": None}, "does not hold the network"),
    ):
        save_file(tensors, str(bad), metadata={"vdup": json.dumps(header | changed)})
        refused(match)
    told = {"vdup": json.dumps(header)}
    save_file({name: tensors[name] for name in tensors if name != "projection.bias"}, str(bad), metadata=told)
    refused("projection.bias")
    save_file({**tensors, "projection.bias": torch.full((16,), torch.inf)}, str(bad), metadata=told)
    refused("NaN or infinity")


@pytest.mark.parametrize(
    "values", [("resnet18", 16, 2, 16), ("mc3_18", 24, 2, 16), ("mc3_18", 16, 0, 16), ("mc3_18", 16, 2, 8)]
)
def test_shapes_that_cannot_be(values: tuple[str, int, int, int]) -> None:
    with pytest.raises(ValueError, match=f"{values[0]}|at least"):
        HashShape(*values)


def test_weights_that_cannot_be_downloaded(network: HashNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", offline)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(WeightsError, match=r"cannot download .*no network.*experiment\.pretrained=none"):
        load_kinetics(network)
