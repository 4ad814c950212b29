"""Whole runs on tiny pictures."""

from pathlib import Path

import numpy as np
import pytest
from photograph_factory import write_photographs
from PIL import Image
from vdup.train.codebook.experiment import thinned, train_codebook
from vdup.train.config.dml import CodebookExperiment, WordsBy
from vdup.train.config.experiments import DataConfig, TrainJobConfig

from vdup.aggregation.codebook import load_codebook
from vdup.config import EfficientNetLiteConfig, Precision
from vdup.errors import ConfigError

pytestmark = pytest.mark.usefixtures("one_thread")


def settings(folder: Path, by: WordsBy) -> TrainJobConfig:
    return TrainJobConfig(
        output=folder / by.value / "w.safetensors",
        data=DataConfig(images=folder),
        experiment=CodebookExperiment(
            by=by, layers=["conv_stem", "blocks.1.0.conv_pwl"], words=4, batches=3, batch_frames=16
        ),
        backbone=EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=32),
    )


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codebook")
    write_photographs(folder, 34)
    return folder


@pytest.mark.parametrize(("by", "widths"), [(WordsBy.vector, (56,)), (WordsBy.layer, (32, 24))])
def test_a_run_gives_books(photographs: Path, by: WordsBy, widths: tuple[int, ...]) -> None:
    config = settings(photographs, by)
    seen: list[int] = []
    train_codebook(config, lambda done, _total: seen.append(done))
    assert seen
    made = load_codebook(config.output)
    assert made.widths == widths
    assert made.words == 4 * len(widths)
    first = config.output.read_bytes()
    train_codebook(config)
    assert config.output.read_bytes() == first


def test_too_few_photographs(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "one.png")
    with pytest.raises(ConfigError, match="too few"):
        train_codebook(settings(tmp_path, WordsBy.layer))


def test_frames_are_thinned_evenly() -> None:
    videos = [np.full((10, 1), number, dtype=np.float32) for number in range(5)]
    assert thinned(videos, 50, 0) is videos
    found = thinned(videos, 20, 0)
    assert sum(map(len, found)) == 20
    assert all(len(np.unique(video)) == 1 for video in found)
