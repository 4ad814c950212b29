import pickle
from pathlib import Path

import numpy as np
import pytest
from feature_files.test_own import HEADER, features

from vdup.errors import FeatureFileError
from vdup.feature_files.own import write_features
from vdup.feature_files.read import is_feature_file, read_features


def test_the_suffix_names_the_form(tmp_path: Path) -> None:
    written = features(30)
    write_features(tmp_path / "a.safetensors", written, HEADER)
    (tmp_path / "a.PKL").write_bytes(pickle.dumps(written.features))
    np.save(tmp_path / "a.npy", written.features)
    for name, rate in (("a.safetensors", 15.0), ("a.PKL", 5.0), ("a.npy", 5.0)):
        found = read_features(tmp_path / name, 5.0)
        np.testing.assert_array_equal(found.features, written.features)
        assert found.times_seconds[-1] == pytest.approx(29 / rate)
        assert is_feature_file(tmp_path / name)


def test_other_names(tmp_path: Path) -> None:
    assert not is_feature_file(Path("a.mp4"))
    with pytest.raises(FeatureFileError, match=r"must end in one of \.npy, \.pkl, \.safetensors"):
        read_features(tmp_path / "a.mp4")
