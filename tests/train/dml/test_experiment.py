"""Whole runs on tiny pictures."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from photograph_factory import write_photographs
from vdup.train.config.dml import DMLExperiment, EmbeddingStart
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.dml.epoch_lines import after_training, epoch_line
from vdup.train.dml.experiment import DMLResult, train_dml
from vdup.train.dml.loop import DMLRecord

from vdup.aggregation.embedding import load_embedding
from vdup.config import EfficientNetLiteConfig, Precision
from vdup.errors import ConfigError

SIDE, EPOCHS = 32, 3

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs, and room for the cache that all runs share."""
    folder = tmp_path_factory.mktemp("dml")
    write_photographs(folder / "photographs", 48)
    return folder


def settings(folder: Path, name: str, **changes: object) -> TrainJobConfig:
    experiment = DMLExperiment(
        layers=["conv_stem", "blocks.6.*.conv_pwl"],
        clips=8,
        frames=2,
        views=1,
        dimensions=8,
        epochs=EPOCHS,
        batch_videos=4,
        validation_share=0.3,
        left_out=["flip"],
        cache=folder / "cache",
    )
    return TrainJobConfig(
        output=folder / name / "w.safetensors",
        data=DataConfig(images=folder / "photographs"),
        experiment=replace(experiment, **changes),
        backbone=EfficientNetLiteConfig(device="cpu", precision=Precision.float32, image_side_pixels=SIDE),
    )


@pytest.fixture(scope="module")
def whole(folder: Path) -> DMLResult:
    return train_dml(settings(folder, "whole"))


def comparable(path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_run_leaves_weights_and_logs(folder: Path, whole: DMLResult) -> None:
    output = folder / "whole" / "w.safetensors"
    embedding = load_embedding(output)
    assert (embedding.input_width, embedding.dimensions) == (32 + 320, 8)
    assert embedding.threshold == whole.threshold
    assert [row["epoch"] for row in comparable(output.with_suffix(".log.csv"))] == ["0", "1", "2", "3"]
    result = json.loads(output.with_suffix(".result.json").read_text())
    assert result["mean_ap"] == whole.best.mean_ap
    assert set(result["threshold"]) == {"threshold", "precision", "recall", "false_alarm_rate"}


def test_an_interrupted_run_goes_on_to_the_same_end(folder: Path, whole: DMLResult) -> None:
    config = settings(folder, "broken")

    def interrupt(record: DMLRecord) -> None:
        if record.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_dml(config, report=interrupt)
    seen: list[int] = []
    train_dml(config, report=lambda record: seen.append(record.epoch))
    assert seen == [2, 3]
    assert config.output.read_bytes() == whole.weights.read_bytes()
    assert comparable(config.output.with_suffix(".log.csv")) == comparable(whole.weights.with_suffix(".log.csv"))


def test_other_settings_do_not_go_on(folder: Path, whole: DMLResult) -> None:
    assert whole.weights.is_file()
    with pytest.raises(ConfigError, match=r"experiment\.margin"):
        train_dml(settings(folder, "whole", margin=0.5))


def test_hidden_layers_start_at_random(folder: Path) -> None:
    config = settings(folder, "hidden", hidden=[6], init=EmbeddingStart.random, epochs=1)
    train_dml(config)
    assert [layer.out_features for layer in load_embedding(config.output).layers] == [6, 8]


def test_too_many_dimensions(folder: Path) -> None:
    with pytest.raises(ConfigError, match="too little to learn from"):
        train_dml(settings(folder, "wide", dimensions=300))


def test_settings_that_cannot_work() -> None:
    with pytest.raises(ConfigError, match="random where there are hidden layers"):
        DMLExperiment(hidden=[8])
    with pytest.raises(ConfigError, match=r"experiment\.most_filler=1\.5"):
        DMLExperiment(most_filler=1.5)


def test_lines_for_people(whole: DMLResult) -> None:
    record = DMLRecord(epoch=2, loss=0.25, mean_ap=0.5, recall=0.75, learning_rate=1e-3, seconds=2.0)
    assert epoch_line(record).startswith("epoch 2: loss 0.2500, rate 1.00e-03, validation mAP 0.5000, recall 0.7500")
    assert epoch_line(replace(record, loss=None)).startswith("start: validation mAP 0.5000")
    assert "aggregation.weights=" in after_training(whole)
