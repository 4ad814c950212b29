from pathlib import Path

import numpy as np
import pytest
import torch
from feature_families import DIMENSIONS, feature_families
from vdup.train.closed_form.initial_refiner import initial_refiner
from vdup.train.closed_form.rotation import fit_rotation
from vdup.train.config.triplet import Start
from vdup.train.families.view_features import ViewFeatures

from vdup.codes.refiner import Refiner, save_refiner
from vdup.config import RefinerConfig
from vdup.errors import ConfigError
from vdup.types import CODE_BITS, FloatArray

FINGERPRINT: dict[str, str | int | float] = {"backbone": "made up"}


@pytest.fixture(scope="module")
def features() -> ViewFeatures:
    [batch] = feature_families(300).batches([np.arange(300)], 0)
    inputs = batch.inputs.astype(np.float32)
    return ViewFeatures(inputs[:, 0], inputs[:, 1:])


def start(kind: Start, features: ViewFeatures, hidden: int = 0, seed: int = 0) -> Refiner:
    refiner: Refiner = initial_refiner(kind, RefinerConfig(hidden=hidden), features, FINGERPRINT, seed)
    return refiner


def values_of(refiner: Refiner, rows: FloatArray) -> FloatArray:
    with torch.no_grad():
        return refiner(torch.from_numpy(rows)).numpy()  # type: ignore[no-any-return]


@pytest.mark.parametrize("hidden", [0, 8, DIMENSIONS, 40])
@pytest.mark.parametrize("kind", [Start.rotation, Start.random])
def test_bits_are_balanced_and_values_of_size_one(kind: Start, hidden: int, features: ViewFeatures) -> None:
    refiner = start(kind, features, hidden)
    assert [layer.out_features for layer in refiner.layers] == ([hidden] if hidden else []) + [CODE_BITS]
    values = values_of(refiner, features.originals)
    assert np.abs(values).mean() == pytest.approx(1, rel=1e-3)
    on = (values > 0).mean(axis=0)
    assert np.abs(on - 0.5).max() < 0.01


def test_rotation_has_the_signs_of_the_closed_form(features: ViewFeatures) -> None:
    weights, biases = fit_rotation(features, CODE_BITS, seed=0)
    expected = features.originals @ weights.T + biases > 0
    found = values_of(start(Start.rotation, features), features.originals) > 0
    assert (found == expected).mean() > 0.999


@pytest.mark.parametrize("hidden", [DIMENSIONS, 40])
def test_a_wide_hidden_layer_starts_as_nearly_the_closed_form(hidden: int, features: ViewFeatures) -> None:
    linear = values_of(start(Start.rotation, features), features.originals)
    bent = values_of(start(Start.rotation, features, hidden), features.originals)
    assert ((linear > 0) == (bent > 0)).mean() > 0.95
    assert np.corrcoef(linear.ravel(), bent.ravel())[0, 1] > 0.99


def test_seed_decides_random_starts(features: ViewFeatures) -> None:
    first, again, other = (values_of(start(Start.random, features, 8, seed), features.originals) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_a_file_is_gone_on_with(features: ViewFeatures, tmp_path: Path) -> None:
    path = tmp_path / "r.safetensors"
    torch.manual_seed(0)
    saved = Refiner([DIMENSIONS, 8, CODE_BITS])
    save_refiner(path, saved, FINGERPRINT)
    refiner = initial_refiner(Start.refiner, RefinerConfig(weights=path), features, FINGERPRINT, 0)
    expected, found = values_of(saved, features.originals), values_of(refiner, features.originals)
    np.testing.assert_array_equal(found > 0, expected > 0)
    assert all(parameter.requires_grad for parameter in refiner.parameters())
    with pytest.raises(ConfigError, match=r"refiner\.hidden=8 does not go with experiment\.init=refiner"):
        initial_refiner(Start.refiner, RefinerConfig(weights=path, hidden=8), features, FINGERPRINT, 0)


def test_a_rotation_needs_no_more_dimensions_than_bits() -> None:
    rows = np.random.default_rng(0).standard_normal((4, 1100)).astype(np.float32)
    with pytest.raises(ConfigError, match=r"1100 dimensions do not fit 1024 bits.*experiment\.init=random"):
        start(Start.rotation, ViewFeatures(rows, rows[:, None]))
