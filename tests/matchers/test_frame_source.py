import pickle
from pathlib import Path

import numpy as np
import pytest
from pipeline.workshop import SIDE, ThumbnailExtractor, Workshop

from vdup.config import SamplingConfig
from vdup.datasets.base import VideoFile
from vdup.errors import FeatureFileError, VideoDecodeError, VideoOpenError
from vdup.matchers.frame_source import FrameSource
from vdup.pipeline.feature_maker import FeatureMaker


class Films:
    """A source of the features of scripted films."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.extractor = ThumbnailExtractor()
        self.built = 0

    def maker(self) -> FeatureMaker:
        self.built += 1
        return FeatureMaker(self.extractor, fps=2.0, side_pixels=SIDE, sampling=SamplingConfig())

    def source(self, cache: Path | None = None) -> FrameSource:
        return FrameSource(self.maker, 15.0, cache)

    def film(self, name: str, footage: int) -> VideoFile:
        return VideoFile(*self.workshop.film(name, (footage, 0, 6)))


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Films:
    workshop = Workshop(tmp_path)
    monkeypatch.setattr("vdup.pipeline.feature_maker.DecoderPool", workshop.pool)
    return Films(workshop)


def test_features_of_videos(films: Films) -> None:
    source = films.source()
    a, b = source.read(films.film("a", 1)), source.read(films.film("b", 2))
    assert a.times_seconds.tolist() == np.arange(0, 6, 0.5).tolist()
    assert a.duration_seconds == 6.0
    assert (a.features != b.features).any()
    assert films.built == 1


def test_span(films: Films) -> None:
    source, video = films.source(), films.film("a", 1)
    part = source.read(video, (1.0, 2.5))
    assert part.times_seconds.tolist() == [1.0, 1.5, 2.0]
    assert part.duration_seconds == 6.0
    np.testing.assert_array_equal(part.features, source.read(video).features[2:5])
    with pytest.raises(FeatureFileError, match="no frame between 7 s and 8 s"):
        source.read(video, (7.0, 8.0))


def test_files_of_features_need_no_network(films: Films, tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_normal((30, 4)).astype(np.float32)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(values))
    found = films.source(tmp_path / "cache").read(VideoFile("a", tmp_path / "a.pkl"))
    np.testing.assert_array_equal(found.features, values)
    assert found.duration_seconds == 2.0
    assert films.built == 0
    assert not (tmp_path / "cache").exists()


def test_features_of_different_extractors_do_not_mix(films: Films, tmp_path: Path) -> None:
    for name, width in (("a", 4), ("b", 5)):
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(np.ones((3, width), dtype=np.float32)))
    source = films.source()
    source.read(VideoFile("a", tmp_path / "a.pkl"))
    with pytest.raises(FeatureFileError, match=r"a frame has \[5\] numbers, in other files \[4\]"):
        source.read(VideoFile("b", tmp_path / "b.pkl"))


def test_cache(films: Films, tmp_path: Path) -> None:
    video, cache = films.film("a", 1), tmp_path / "cache"
    first = films.source(cache).read(video)
    frames = films.extractor.frames
    again = films.source(cache).read(video)
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.times_seconds, again.times_seconds)
    assert films.extractor.frames == frames
    films.film("a", 2)  # the video has changed
    assert (films.source(cache).read(video).features != first.features).any()
    assert films.extractor.frames == 2 * frames
    assert len(list(cache.rglob("*.safetensors"))) == 1


def test_cache_of_other_settings(films: Films, tmp_path: Path) -> None:
    video, cache = films.film("a", 1), tmp_path / "cache"
    films.source(cache).read(video)
    other = FeatureMaker(films.extractor, fps=4.0, side_pixels=SIDE, sampling=SamplingConfig())
    assert len(FrameSource(lambda: other, 15.0, cache).read(video)) == 24
    assert len(list(cache.rglob("*.safetensors"))) == 2


@pytest.mark.parametrize("cached", [False, True])
def test_bad_videos(cached: bool, films: Films, tmp_path: Path) -> None:
    source = films.source(tmp_path / "cache" if cached else None)
    films.workshop.breaking_off.add("b")
    bad = [films.film("b", 1), VideoFile("missing", tmp_path / "missing"), VideoFile("none", None)]
    (tmp_path / "missing").write_text("no film")
    for video, kind in zip(bad, (VideoDecodeError, VideoOpenError, VideoOpenError), strict=True):
        with pytest.raises(kind):
            source.read(video)
    assert len(source.read(films.film("good", 1))) == 12


def test_a_link_in_a_circle_is_a_bad_video(films: Films, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(VideoOpenError, match=r"circle.*symbolic links"):
        films.source(tmp_path / "cache").read(VideoFile("circle", tmp_path / "circle"))
