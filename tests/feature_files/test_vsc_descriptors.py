from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vdup.errors import FeatureFileError
from vdup.feature_files.vsc_descriptors import read_vsc_descriptors

IDS = np.array(["R100002", "R100001", "R100002", "R100001"])
FEATURES = np.arange(12, dtype=np.float32).reshape(4, 3)


def write(path: Path, **arrays: Any) -> Path:
    np.savez(path, **{"video_ids": IDS, "features": FEATURES, "timestamps": np.array([3.0, 0.0, 1.0, 1.0]), **arrays})
    return path


def test_one_time_a_row(tmp_path: Path) -> None:
    found = read_vsc_descriptors(write(tmp_path / "a.npz"))
    assert len(found) == 4
    assert found.video_ids.tolist() == IDS.tolist()
    np.testing.assert_array_equal(found.features, FEATURES)
    assert found.starts_seconds.tolist() == found.ends_seconds.tolist() == [3.0, 0.0, 1.0, 1.0]


def test_start_and_end(tmp_path: Path) -> None:
    times = np.array([[3, 4], [0, 1], [1, 2], [1, 2]], dtype=np.float32)
    found = read_vsc_descriptors(write(tmp_path / "a.npz", timestamps=times))
    assert found.starts_seconds.tolist() == [3.0, 0.0, 1.0, 1.0]
    assert found.ends_seconds.tolist() == [4.0, 1.0, 2.0, 2.0]


def test_features_of_each_video(tmp_path: Path) -> None:
    times = np.array([[3, 4], [0, 1], [1, 2], [1, 2]])
    videos = read_vsc_descriptors(write(tmp_path / "a.npz", timestamps=times)).of_videos()
    assert list(videos) == ["R100001", "R100002"]
    assert videos["R100002"].features.tolist() == [FEATURES[2].tolist(), FEATURES[0].tolist()]
    assert videos["R100002"].times_seconds.tolist() == [1.5, 3.5]
    assert videos["R100002"].duration_seconds == 4.0


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"features": FEATURES[:3]}, r"float32 \[3, 3\] and \[4\]"),
        ({"features": FEATURES[:, 0]}, r"float32 \[4\]"),
        ({"video_ids": IDS[:, None]}, r"\[4, 1\]"),
        ({"video_ids": np.array([1.5, 2, 3, 4])}, "video_ids must be text"),
        ({"video_ids": np.array([None] * 4)}, "not a usable"),
        ({"timestamps": np.zeros((4, 3))}, "timestamps must be seconds"),
        ({"timestamps": np.array(["a"] * 4)}, "timestamps must be seconds"),
        ({"timestamps": np.array([0, np.nan, 1, 2])}, r"timestamps of row 1 \(video R100001\) are not finite"),
        ({"features": np.full((4, 3), np.inf)}, "features of row 0"),
    ],
)
def test_arrays_that_do_not_fit(arrays: dict[str, Any], reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", **arrays)
    with pytest.raises(FeatureFileError, match=reason) as caught:
        read_vsc_descriptors(path)
    assert caught.value.path == str(path)


def test_missing_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=FEATURES, video_ids=IDS)
    with pytest.raises(FeatureFileError, match="needs the arrays video_ids, features and timestamps"):
        read_vsc_descriptors(tmp_path / "a.npz")


def test_not_an_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FEATURES)
    (tmp_path / "text.npz").write_text("video_ids")
    (tmp_path / "cut.npz").write_bytes(write(tmp_path / "b.npz").read_bytes()[:-40])
    for name in ("a.npy", "text.npz", "cut.npz", "missing.npz"):
        with pytest.raises(FeatureFileError):
            read_vsc_descriptors(tmp_path / name)
