import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vdup.errors import FeatureFileError, OutputError
from vdup.feature_files.own import (
    FeatureHeader,
    FeatureWriter,
    SourceStamp,
    read_header,
    read_own_features,
    write_features,
)
from vdup.types import FrameFeatures

HEADER = FeatureHeader(
    settings={"features.backbone": "stub", "sampling.fps": 15.0, "sampling.crop_bars": True},
    fps=15.0,
    duration_seconds=0.5,
    source=SourceStamp("clip \udcff 日本.mp4", 1 << 40, 1_700_000_000_123_456_789, "ab" * 32),
)


def features(frames: int = 7, *shape: int) -> FrameFeatures:
    values = np.random.default_rng(frames).standard_normal((frames, *(shape or (5,)))).astype(np.float32)
    return FrameFeatures(values, np.arange(frames) / 15, HEADER.duration_seconds)


@pytest.mark.parametrize("shape", [(5,), (9, 3)])
def test_what_is_written_is_read(shape: tuple[int, ...], tmp_path: Path) -> None:
    path, written = tmp_path / "sub" / "a.safetensors", features(7, *shape)
    write_features(path, written, HEADER)
    found = read_own_features(path)
    np.testing.assert_array_equal(found.features, written.features)
    np.testing.assert_array_equal(found.times_seconds, written.times_seconds)
    assert found.features.dtype == np.float32
    assert found.duration_seconds == HEADER.duration_seconds
    assert read_header(path) == HEADER
    assert [file.name for file in path.parent.iterdir()] == ["a.safetensors"]


def test_blocks_and_other_readers(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.safetensors", features(9)
    with FeatureWriter(path) as writer:
        for first, last in ((0, 4), (4, 5), (5, 9)):
            writer.add(whole.features[first:last], whole.times_seconds[first:last])
        assert not path.exists()
        writer.finish(HEADER)
    tensors = load_file(path)  # the format's own reader
    np.testing.assert_array_equal(tensors["features"], whole.features)
    np.testing.assert_array_equal(tensors["times_seconds"], whole.times_seconds)


def test_half_precision(tmp_path: Path) -> None:
    full, half, written = tmp_path / "full.safetensors", tmp_path / "half.safetensors", features(2000)
    write_features(full, written, HEADER)
    write_features(half, written, HEADER, half=True)
    found = read_own_features(half)
    assert found.features.dtype == np.float32
    np.testing.assert_array_equal(found.features, written.features.astype(np.float16))
    assert half.stat().st_size == full.stat().st_size - written.features.nbytes // 2


def test_fingerprint_is_that_of_the_settings_alone() -> None:
    other = replace(HEADER, duration_seconds=9.0, settings=dict(reversed(HEADER.settings.items())))
    assert other.fingerprint == HEADER.fingerprint
    assert replace(HEADER, settings={**HEADER.settings, "x": 1}).fingerprint != HEADER.fingerprint


def test_block_that_is_left_early_leaves_the_old_file(tmp_path: Path) -> None:
    path, old = tmp_path / "a.safetensors", features(3)
    write_features(path, old, HEADER)
    with pytest.raises(KeyboardInterrupt), FeatureWriter(path) as writer:  # noqa: PT012
        writer.add(features(8).features, features(8).times_seconds)
        raise KeyboardInterrupt
    np.testing.assert_array_equal(read_own_features(path).features, old.features)
    assert len(list(tmp_path.iterdir())) == 1


def test_blocks_of_other_shapes(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path / "a.safetensors") as writer:
        with pytest.raises(ValueError, match="at least one block"):
            writer.finish(HEADER)
        writer.add(features(3).features, features(3).times_seconds)
        with pytest.raises(ValueError, match="cannot follow"):
            writer.add(features(3, 6).features, features(3).times_seconds)
        with pytest.raises(ValueError, match="cannot follow"):
            writer.add(features(3).features, features(4).times_seconds)


def test_place_that_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        FeatureWriter(tmp_path / "file" / "a.safetensors")


def spoil(path: Path, kind: str) -> None:
    data = path.read_bytes()
    match kind:
        case "cut":
            path.write_bytes(data[:-5])
        case "text":
            path.write_text("hello")
        case "empty":
            path.write_bytes(b"")
        case "missing":
            path.unlink()
        case "other":
            save_file({"features": np.zeros((2, 3), dtype=np.float32)}, path)
        case "format":
            path.write_bytes(data.replace(b"frame-features-1", b"frame-features-9"))
        case "short of times":
            header = {"format": "frame-features-1", "settings": {}, "fps": 1, "duration_seconds": 1,
                      "source": {"name": "", "size_bytes": 0, "modified_ns": 0, "content_hash": ""}}  # fmt: skip
            tensors: dict[str, np.ndarray[Any, Any]] = {
                "features": np.zeros((2, 3), dtype=np.float32),
                "times_seconds": np.zeros(1),
            }
            save_file(tensors, path, metadata={"vdup": json.dumps(header)})


@pytest.mark.parametrize("kind", ["cut", "text", "empty", "missing", "other", "format", "short of times"])
def test_bad_files(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_features(path, features(), HEADER)
    spoil(path, kind)
    with pytest.raises(FeatureFileError) as caught:
        read_own_features(path)
    assert caught.value.path == str(path)
    assert "python -m vdup.features" in caught.value.reason
