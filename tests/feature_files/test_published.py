import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from vdup.errors import FeatureFileError
from vdup.feature_files.published import read_array_features, read_pickled_features

FEATURES = np.random.default_rng(1).standard_normal((31, 6)).astype(np.float32)


def test_a_row_for_every_frame_at_15_a_second(tmp_path: Path) -> None:
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(FEATURES, 2).replace(b"numpy._core", b"numpy.core"))
    found = read_pickled_features(path)
    np.testing.assert_array_equal(found.features, FEATURES)
    assert found.times_seconds.tolist() == [frame / 15 for frame in range(31)]
    assert found.duration_seconds == 31 / 15


def test_regions_other_formats_and_rates(tmp_path: Path) -> None:
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(np.asfortranarray(FEATURES.reshape(31, 2, 3).astype(np.float64))))
    found = read_pickled_features(path, frames_per_second=2)
    np.testing.assert_array_equal(found.features, FEATURES.reshape(31, 2, 3))
    assert found.features.dtype == np.float32
    assert found.times_seconds[-1] == 15.0


def test_npy(tmp_path: Path) -> None:
    path = tmp_path / "clip.npy"
    np.save(path, FEATURES.astype(np.float16))
    found = read_array_features(path, frames_per_second=1)
    np.testing.assert_array_equal(found.features, FEATURES.astype(np.float16))
    assert found.times_seconds.tolist() == list(range(31))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"clip": FEATURES}, "holds a dict"),
        (FEATURES[0], r"float32 \[6\]"),
        (FEATURES[:0], r"float32 \[0, 6\]"),
        (np.array([["a"]]), r"<U1 \[1, 1\]"),
        (np.full((2, 3), np.inf), "not finite"),
        (np.array([[None]]), "no plain numbers"),
    ],
)
def test_other_contents(value: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(FeatureFileError, match=reason) as caught:
        read_pickled_features(path)
    assert caught.value.path == str(path)


class Hostile:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


def test_hostile_pickle(tmp_path: Path) -> None:
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(Hostile(tmp_path / "was-here")))
    with pytest.raises(FeatureFileError, match=r"refused, nothing of it was executed: it asks for posix\.system"):
        read_pickled_features(path)
    assert not (tmp_path / "was-here").exists()


def test_npy_of_objects(tmp_path: Path) -> None:
    path = tmp_path / "clip.npy"
    np.save(path, np.array([Hostile(tmp_path / "was-here")], dtype=object), allow_pickle=True)
    with pytest.raises(FeatureFileError, match=r"not a usable \.npy file"):
        read_array_features(path, 1)
    assert not (tmp_path / "was-here").exists()


@pytest.mark.parametrize("data", [b"", b"hello", b"\x93NUMPY\x01\x00\x46\x00garbage"])
def test_bad_npy(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip.npy").write_bytes(data)
    with pytest.raises(FeatureFileError):
        read_array_features(tmp_path / "clip.npy", 1)


def test_missing_files(tmp_path: Path) -> None:
    for read in (read_pickled_features, read_array_features):
        with pytest.raises(FeatureFileError, match="cannot be read: No such file"):
            read(tmp_path / "clip.x", 1)


def test_archive_in_the_place_of_an_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=FEATURES, b=FEATURES)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(FeatureFileError, match="several arrays"):
        read_array_features(tmp_path / "a.npy", 1)
