import numpy as np
import pytest
import torch
from torch import nn

from vdup.errors import ConfigError
from vdup.features.backbone import Backbone
from vdup.features.layer_maxima import LayerMaxima


def backbone() -> Backbone:
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3, stride=2)
    trunk = nn.Sequential()
    for name, part in (("first", first), ("relu1", nn.ReLU()), ("second", second), ("relu2", nn.ReLU6())):
        trunk.add_module(name, part)
    return Backbone(trunk.eval(), "tiny", (0, 0, 0), (1, 1, 1), torch.device("cpu"), torch.float32)


def pictures(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(count).integers(0, 256, (count, 16, 16, 3), np.uint8)


def naive(network: Backbone, images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[list[float]]:
    """Greatest value of every channel, looked for position by position; 0 where all are negative."""
    rows = []
    parts = dict(network.trunk.named_children())
    for image in images:
        batch = torch.from_numpy(image).permute(2, 0, 1)[None]
        with torch.inference_mode():
            hidden = parts["first"](network.normalised(batch))
            maps = [hidden[0], parts["second"](hidden.relu())[0]]
        rows.append(
            [max(0.0, max(value for line in plane.tolist() for value in line)) for map_ in maps for plane in map_]
        )
    return rows


def test_maxima_are_those_of_every_position() -> None:
    network = backbone()
    maxima = LayerMaxima(network)
    images = pictures(3)
    found = maxima.of_images(images, batch_size=2)
    assert found.shape == (3, 9)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive(network, images), rtol=1e-5, atol=1e-5)


def test_read_off_a_pass_that_someone_else_makes() -> None:
    network = backbone()
    maxima = LayerMaxima(network)
    images = pictures(5)
    batch = torch.from_numpy(images).permute(0, 3, 1, 2)
    with torch.inference_mode(), maxima.reading() as found:
        output = network(batch[:2])
        network(batch[2:])
        rows = maxima.joined(found)
        assert found == []
    np.testing.assert_allclose(rows, maxima.of_images(images, 5), rtol=1e-5)
    # Nothing is left in the network.
    with torch.inference_mode():
        assert torch.equal(network(batch[:2]), output)
    assert found == []


def test_layers_by_name() -> None:
    maxima = LayerMaxima(backbone(), ["sec*"])
    assert (maxima.layers, maxima.widths, maxima.dimensions) == (("second",), (5,), 5)
    assert LayerMaxima(backbone(), ["second", "first"]).layers == ("first", "second")
    assert maxima.fingerprint(64) != LayerMaxima(backbone(), ["first"]).fingerprint(64)
    assert maxima.fingerprint(64) != maxima.fingerprint(32)


def test_unknown_layer() -> None:
    with pytest.raises(ConfigError, match="third names no convolution of tiny; it has first, second"):
        LayerMaxima(backbone(), ["third"])


def test_no_images() -> None:
    assert LayerMaxima(backbone()).of_images(pictures(0), 4).shape == (0, 9)
