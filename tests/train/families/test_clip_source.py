from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.config.base import ExperimentConfig
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.families.clip_source import clip_source
from vdup.train.families.clips import PhotoClipFamilies, VideoClipFamilies
from vdup.train.families.pictures import JoinedFamilies

from vdup.errors import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs and what has the name of a video."""
    folder = tmp_path_factory.mktemp("material")
    for name in ("photographs", "videos", "empty"):
        (folder / name).mkdir()
    for number in range(12):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(folder / "photographs" / f"{number}.png")
    (folder / "videos" / "film.mp4").write_bytes(b"")
    return folder


def config(data: DataConfig) -> TrainJobConfig:
    return TrainJobConfig(experiment=ExperimentConfig(), output=Path("w"), data=data)


def test_photographs_videos_or_both(folder: Path) -> None:
    images, videos = folder / "photographs", folder / "videos"
    assert isinstance(clip_source(config(DataConfig(images=images)), 2, 1, 3, 1, []), PhotoClipFamilies)
    assert isinstance(clip_source(config(DataConfig(videos=videos)), 2, 1, 3, 1, []), VideoClipFamilies)
    both = clip_source(config(DataConfig(images=images, videos=videos)), 2, 1, 3, 1, [])
    assert isinstance(both, JoinedFamilies)
    assert len(both) == 3


def test_a_shorter_step_is_another_source(folder: Path) -> None:
    data = config(DataConfig(images=folder / "photographs"))
    assert clip_source(data, 2, 1, 3, 1, []).digest != clip_source(data, 2, 1, 3, 1, [], 0.5).digest


def test_what_cannot_be_used_is_told(folder: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to learn from"):
        clip_source(config(DataConfig()), 2, 1, 3, 1, [])
    with pytest.raises(ConfigError, match="no video in this folder"):
        clip_source(config(DataConfig(videos=folder / "empty")), 2, 1, 3, 1, [])
    with pytest.raises(ConfigError, match=r"no clips can be made: .*too few"):
        clip_source(config(DataConfig(images=folder / "photographs")), 2, 1, 300, 1, [])
    with pytest.raises(ConfigError, match=r"no clips can be made: .*nonsense"):
        clip_source(config(DataConfig(images=folder / "photographs")), 2, 1, 3, 1, ["nonsense"])
