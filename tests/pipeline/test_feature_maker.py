import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pipeline.workshop import SIDE, ThumbnailExtractor, Workshop

from vdup.config import (
    EfficientNetLiteConfig,
    ExtractorConfig,
    GeMConfig,
    NoWhiteningConfig,
    ResNetConfig,
    SamplingConfig,
)
from vdup.errors import VideoDecodeError, VideoOpenError
from vdup.feature_files.own import read_header, read_own_features
from vdup.features.trunk import resnet_trunk
from vdup.pipeline.feature_maker import FeatureMaker, build_feature_maker, build_frame_extractor


@pytest.fixture
def films(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr("vdup.pipeline.feature_maker.DecoderPool", workshop.pool)
    return workshop


def make_maker(fps: float = 4.0, **settings: Any) -> FeatureMaker:
    return FeatureMaker(ThumbnailExtractor(), fps=fps, side_pixels=SIDE, sampling=SamplingConfig(), **settings)


def written(maker: FeatureMaker, video: Path, file: Path) -> float:
    source = maker.stamp(video)
    [seconds] = [maker.write(decoded, source, file) for decoded in maker.pool().videos([video])]
    return seconds


def test_file_holds_the_features_of_every_frame(films: Workshop, tmp_path: Path) -> None:
    maker, (_, video), file = make_maker(), films.film("a", (3, 0, 7)), tmp_path / "out" / "a.safetensors"
    assert written(maker, video, file) == 7.0
    found = read_own_features(file)
    assert found.times_seconds.tolist() == np.arange(0, 7, 0.25).tolist()
    assert found.duration_seconds == 7.0
    expected = [ThumbnailExtractor().extract(batch.images) for batch in next(maker.pool().videos([video]))]
    np.testing.assert_array_equal(found.features, np.concatenate(expected))
    header = read_header(file)
    assert header.fps == 4.0
    assert header.settings == maker.settings
    assert header.settings["features.backbone"] == "thumbnails"
    assert (header.source.name, header.source.size_bytes) == ("a", video.stat().st_size)


@pytest.mark.parametrize("half", [False, True])
def test_memory_and_file_agree(half: bool, films: Workshop, tmp_path: Path) -> None:
    maker, (_, video), file = make_maker(half=half), films.film("a", (3, 0, 5)), tmp_path / "a.safetensors"
    written(maker, video, file)
    in_memory, on_disk = maker.compute(next(maker.pool().videos([video]))), read_own_features(file)
    np.testing.assert_array_equal(in_memory.features, on_disk.features)
    np.testing.assert_array_equal(in_memory.times_seconds, on_disk.times_seconds)
    assert in_memory.duration_seconds == on_disk.duration_seconds


def test_what_is_current(films: Workshop, tmp_path: Path) -> None:
    maker, (_, video), file = make_maker(), films.film("a", (3, 0, 5)), tmp_path / "a.safetensors"
    assert not maker.is_current(file, video)
    written(maker, video, file)
    assert maker.is_current(file, video)
    os.utime(video, ns=(1, 1))  # another time, the same content
    assert maker.is_current(file, video)
    films.film("a", (4, 0, 5))  # other content of the same length
    assert not maker.is_current(file, video)
    written(maker, video, file)
    films.film("a", (4, 0, 15))
    assert not maker.is_current(file, video)
    written(maker, video, file)
    assert maker.is_current(file, video)
    for other in (make_maker(fps=5.0), make_maker(half=True)):
        assert not other.is_current(file, video)
    file.write_bytes(file.read_bytes()[:100])
    assert not maker.is_current(file, video)


def test_videos_that_cannot_be_read(films: Workshop, tmp_path: Path) -> None:
    maker, file = make_maker(), tmp_path / "a.safetensors"
    with pytest.raises(VideoOpenError):
        maker.stamp(tmp_path / "missing")
    with pytest.raises(VideoOpenError):
        maker.is_current(file, tmp_path / "missing")
    films.breaking_off.add("broken")
    for name, parts in (("broken", [(1, 0, 5)]), ("empty", [])):
        _, video = films.film(name, *parts)
        with pytest.raises(VideoDecodeError):
            written(maker, video, file)
        with pytest.raises(VideoDecodeError):
            maker.compute(next(maker.pool().videos([video])))
    assert not list(tmp_path.glob("*.safetensors*"))


@pytest.fixture
def resnet(tmp_path: Path) -> ResNetConfig:
    """A ResNet-18 of its first layers, with random weights."""
    config = ResNetConfig(depth=18, layer=3, image_side_pixels=32, device="cpu")
    trunk = resnet_trunk(config, blank=True).to_empty(device="cpu")
    random = torch.Generator().manual_seed(1)
    state = {
        name: torch.rand(tensor.shape, generator=random) + 0.1 if tensor.is_floating_point() else torch.zeros(())
        for name, tensor in trunk.state_dict().items()
    }
    torch.save(state, tmp_path / "resnet.pth")
    return replace(config, weights=tmp_path / "resnet.pth")


def test_backbone_without_a_whitening_of_its_own(resnet: ResNetConfig, caplog: pytest.LogCaptureFixture) -> None:
    extractor = build_frame_extractor(ExtractorConfig(backbone=resnet))
    assert extractor.fingerprint["whitening"] == "none"
    assert "no whitening comes with vdup for this backbone and pooling" in caplog.text
    caplog.clear()
    build_frame_extractor(ExtractorConfig(backbone=resnet, whitening=NoWhiteningConfig()))
    assert not caplog.text
    gem = ExtractorConfig(backbone=EfficientNetLiteConfig(image_side_pixels=32), pooling=GeMConfig())
    assert build_frame_extractor(gem).fingerprint["whitening"] == "none"


def test_default_features_are_whitened(caplog: pytest.LogCaptureFixture) -> None:
    maker = build_feature_maker(ExtractorConfig(backbone=EfficientNetLiteConfig(image_side_pixels=64)), 15.0)
    assert maker.settings["features.whitening"] == "pca"
    assert maker.settings["sampling.fps"] == 15.0
    assert not caplog.text
