from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from vdup.aggregation.embedding import VideoEmbedding, embedding_bytes, load_embedding
from vdup.errors import WeightsError

MAXIMA = {"backbone": "tiny", "layers": ["a"]}


def embedding(*widths: int) -> VideoEmbedding:
    torch.manual_seed(0)
    made = VideoEmbedding([*widths], threshold=0.625)
    made.register_buffer("mean", torch.rand(widths[0]))
    return made


def test_layers_by_hand() -> None:
    made = embedding(4, 3, 2)
    vector = np.random.default_rng(0).random((1, 4), dtype=np.float32)
    first, second = (
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in made.layers
        if isinstance(layer, nn.Linear)
    )
    values = first[0] @ (vector[0] - made.mean.numpy()) + first[1]
    values = second[0] @ np.where(values > 0, values, 0) + second[1]
    np.testing.assert_allclose(made.embed(vector)[0], values / np.sqrt((values**2).sum()), rtol=1e-4)
    assert (made.input_width, made.dimensions) == (4, 2)


def test_file_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    made = embedding(6, 3)
    path.write_bytes(embedding_bytes(made, MAXIMA))
    read = load_embedding(path, MAXIMA)
    rows = np.random.default_rng(1).random((5, 6), dtype=np.float32)
    np.testing.assert_allclose(read.embed(rows), made.embed(rows), atol=5e-3)
    assert read.threshold == 0.625
    assert load_embedding(path).digest() == read.digest()


@pytest.mark.parametrize("contents", [b"", b"nonsense" * 40])
def test_damaged_files(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "e.safetensors"
    path.write_bytes(contents)
    with pytest.raises(WeightsError, match="not a usable video embedding"):
        load_embedding(path)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    with pytest.raises(WeightsError, match="does not exist"):
        load_embedding(path)
    path.write_bytes(embedding_bytes(embedding(6, 3), MAXIMA))
    with pytest.raises(WeightsError, match=r"other layer maxima \(different: layers\)"):
        load_embedding(path, {**MAXIMA, "layers": ["b"]})
    broken = embedding(6, 3)
    with torch.no_grad():
        broken.layers[0].weight[0, 0] = torch.nan  # type: ignore[operator]
    path.write_bytes(embedding_bytes(broken, MAXIMA))
    with pytest.raises(WeightsError, match="NaN"):
        load_embedding(path)


def test_too_few_widths() -> None:
    with pytest.raises(ValueError, match="two numbers or more"):
        VideoEmbedding([4])
