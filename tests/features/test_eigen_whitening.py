from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from vdup.errors import WeightsError
from vdup.features.eigen_whitening import load_eigen_whitening


def published(channels: int = 4) -> dict[str, Tensor]:
    """Names and shapes as in pca_resnet50_vcdb_1M.pth, the eigenvalues not in order."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.linalg.qr(torch.randn(channels, channels, generator=generator)).Q
    values = torch.rand(channels, generator=generator)
    return {"mean": torch.randn(1, channels, generator=generator), "d": values, "V": vectors}


def test_directions_are_ordered_and_divided_by_their_deviation(tmp_path: Path) -> None:
    state = published()
    torch.save(state, tmp_path / "pca.pth")
    whitening = load_eigen_whitening(tmp_path / "pca.pth", 4, 3)
    vector = np.array([0.3, -0.2, 0.5, 0.1], np.float32)
    values, vectors = state["d"].numpy(), state["V"].numpy()
    expected = [
        float((vector - state["mean"][0].numpy()) @ vectors[:, place]) / np.sqrt(values[place] + 1e-7)
        for place in sorted(range(4), key=lambda place: -values[place])[:3]
    ]
    np.testing.assert_allclose(whitening.apply(torch.from_numpy(vector)), expected, rtol=1e-5)
    assert load_eigen_whitening(tmp_path / "pca.pth", 4).dimensions == 4


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pca.pth"
    with pytest.raises(WeightsError, match="does not exist"):
        load_eigen_whitening(path, 4)
    wrong: list[tuple[object, str]] = [
        (torch.zeros(3), "not a whitening of ViSiL"),
        ({"mean": torch.zeros(4)}, "must hold the tensors mean, d, V"),
        (published(5), "must have 4, 4 and 4 x 4"),
        ({**published(), "d": torch.tensor([1.0, 2.0, -1.0, 1.0])}, "negative eigenvalues"),
        ({**published(), "d": torch.tensor([1.0, 2.0, torch.nan, 1.0])}, "NaN"),
    ]
    for state, message in wrong:
        torch.save(state, path)
        with pytest.raises(WeightsError, match=message):
            load_eigen_whitening(path, 4)
    torch.save(published(), path)
    with pytest.raises(WeightsError, match="has 4 directions, 5 are wanted"):
        load_eigen_whitening(path, 4, 5)
    path.write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_eigen_whitening(path, 4)
