"""Whole runs on tiny pictures, and training on features that are made up."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from photograph_factory import write_photographs
from safetensors.torch import load_file
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.config.lamv import LAMVExperiment
from vdup.train.lamv.experiment import LAMVResult, after_training, epoch_line, train_lamv
from vdup.train.lamv.loop import LAMVLoop
from vdup.train.lamv.record import LAMVRecord
from vdup.train.lamv.recordings import Recordings

from vdup.config import EfficientNetLiteConfig, Precision, Tuning
from vdup.errors import ConfigError
from vdup.temporal import LAMV

EPOCHS = 3

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs, and room for the cache that all runs share."""
    folder = tmp_path_factory.mktemp("lamv")
    write_photographs(folder / "photographs", 24)
    return folder


def settings(folder: Path, name: str) -> TrainJobConfig:
    experiment = LAMVExperiment(
        periods=[211.0, 97.0],
        m=8,
        epochs=EPOCHS,
        batch_alignments=4,
        clips=6,
        frames=10,
        validation_share=0.34,
        cache=folder / "cache",
    )
    backbone = EfficientNetLiteConfig(
        device="cpu", precision=Precision.float32, image_side_pixels=64, tuning=Tuning.none
    )
    return TrainJobConfig(
        output=folder / name / "k.safetensors",
        data=DataConfig(images=folder / "photographs"),
        experiment=experiment,
        backbone=backbone,
    )


@pytest.fixture(scope="module")
def whole(folder: Path) -> LAMVResult:
    return train_lamv(settings(folder, "whole"))


def comparable(path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


class TestRun:
    def test_writes_the_kernel_of_the_best_epoch(self, whole: LAMVResult) -> None:
        model = LAMV.load(whole.weights)
        assert (model.periods, model.m, model.normalization) == ((211.0, 97.0), 8, "feat_freq")
        checkpoint = load_file(whole.weights.with_suffix(".checkpoint.safetensors"))
        assert torch.equal(model.roots, checkpoint["best.roots"])
        assert whole.best.epoch > 0 or torch.equal(model.roots, LAMV((211.0, 97.0), 8).roots)
        assert not torch.equal(checkpoint["model.roots"], LAMV((211.0, 97.0), 8).roots)

    def test_leaves_a_log_and_results(self, whole: LAMVResult) -> None:
        log = comparable(whole.weights.with_suffix(".log.csv"))
        assert [row["epoch"] for row in log] == ["0", "1", "2", "3"]
        assert log[0]["loss"] == "" != log[1]["loss"]
        result = json.loads(whole.weights.with_suffix(".result.json").read_text())
        assert result["found"] == whole.best.found
        assert result["before_training"]["epoch"] == 0
        assert (whole.best.found, whole.best.margin) >= (whole.start.found, whole.start.margin)

    def test_a_killed_run_goes_on_to_the_same_kernel(self, folder: Path, whole: LAMVResult) -> None:
        config = settings(folder, "killed")

        def kill(record: LAMVRecord) -> None:
            if record.epoch == 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train_lamv(config, report=kill)
        assert not config.output.exists()
        done: list[int] = []
        result = train_lamv(config, report=lambda record: done.append(record.epoch))
        assert done == [2, 3]
        assert config.output.read_bytes() == whole.weights.read_bytes()
        logs = (comparable(path.with_suffix(".log.csv")) for path in (result.weights, whole.weights))
        assert next(logs) == next(logs)

    def test_other_settings_are_another_run(self, folder: Path, whole: LAMVResult) -> None:
        config = settings(folder, "whole")
        with pytest.raises(ConfigError, match=r"experiment\.noise was 2\.0 and is 1\.0"):
            train_lamv(replace(config, experiment=replace(config.experiment, noise=1.0)))

    def test_too_few_clips_are_told(self, folder: Path) -> None:
        config = settings(folder, "few")
        with pytest.raises(ConfigError, match="too little to learn from"):
            train_lamv(replace(config, experiment=replace(config.experiment, clips=3)))
        with pytest.raises(ConfigError, match="too few"):
            train_lamv(replace(config, experiment=replace(config.experiment, frames=200)))


class TestLearning:
    def made_up(self) -> Recordings:
        """Features that drift: neighbouring frames are alike, as in videos, and copies are half a frame behind."""
        rng = np.random.default_rng(0)
        steps = rng.standard_normal((16, 1, 160, 24))
        paths = np.cumsum(steps, axis=2)
        features = np.concatenate((paths[:, :, ::2], paths[:, :, 1::2]), axis=1)
        features /= np.linalg.norm(features, axis=3, keepdims=True)
        return Recordings(features.astype(np.float16), np.arange(16), "digest")

    def test_finds_more_offsets_than_the_kernel_it_starts_from(self) -> None:
        experiment = LAMVExperiment(
            periods=[997.0, 463.0], m=16, epochs=6, batch_alignments=12, alignments_a_clip=4, noise=1.0, fps=15.0,
            learning_rate=0.05,
        )  # fmt: skip
        model = LAMV(experiment.periods, experiment.m)
        split = (np.arange(12), np.arange(12, 16))
        loop = LAMVLoop(model, self.made_up(), split, experiment, seed=0, device=torch.device("cpu"))
        start = loop.start()
        for _ in range(experiment.epochs):
            last = loop.run_epoch()
        assert last.loss is not None
        assert loop.best.found >= start.found + 0.1
        assert loop.best.margin > start.margin


def test_epochs_are_told_on_a_line() -> None:
    start = LAMVRecord(0, None, None, None, 0.5, -0.1, 0.0, 2.0)
    assert epoch_line(start) == "start: offsets found 0.5000, margin -0.1000, 2.0 s"
    best = LAMVRecord(4, 0.25, 0.2, 0.05, 0.75, 0.1, 1e-3, 3.0)
    assert epoch_line(best).startswith("epoch 4: loss 0.2500 (localisation 0.2000, recognition 0.0500), offsets found")
    told = after_training(LAMVResult(start, best, Path("k.safetensors")))
    assert "offsets found 0.7500" in told
    assert "before training: 0.5000" in told
    assert "matcher=lamv matcher.weights=k.safetensors" in told
