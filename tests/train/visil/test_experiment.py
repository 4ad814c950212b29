"""Whole runs on tiny pictures."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from photograph_factory import write_photographs
from safetensors.torch import load_file
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.config.visil import ViSiLExperiment
from vdup.train.visil.experiment import ViSiLResult, after_training, epoch_line, train_visil
from vdup.train.visil.record import ViSiLRecord
from vdup.train.visil.validation import Validation

from vdup.config import EfficientNetLiteConfig, Precision, Tuning, ViSiLMatcherConfig, ViSiLVariant
from vdup.errors import ConfigError
from vdup.types import FrameFeatures
from vdup.visil.build import build_visil

SIDE, EPOCHS = 64, 3

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs, and room for the cache that all runs share."""
    folder = tmp_path_factory.mktemp("visil")
    write_photographs(folder / "photographs", 72)
    return folder


def settings(folder: Path, name: str) -> TrainJobConfig:
    experiment = ViSiLExperiment(
        dimensions=16,
        epochs=EPOCHS,
        batch_triplets=3,
        clips=6,
        frames=8,
        views=1,
        validation_share=0.34,
        cache=folder / "cache",
    )
    backbone = EfficientNetLiteConfig(
        device="cpu", precision=Precision.float32, image_side_pixels=SIDE, tuning=Tuning.none
    )
    return TrainJobConfig(
        output=folder / name / "w.safetensors",
        data=DataConfig(images=folder / "photographs"),
        experiment=experiment,
        backbone=backbone,
    )


@pytest.fixture(scope="module")
def whole(folder: Path) -> ViSiLResult:
    return train_visil(settings(folder, "whole"))


def comparable(path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_run_leaves_weights_and_logs(folder: Path, whole: ViSiLResult) -> None:
    output = folder / "whole" / "w.safetensors"
    assert whole.weights == output
    rows = comparable(output.with_suffix(".log.csv"))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert rows[0]["loss"] == ""
    losses = [float(row["loss"]) - float(row["triplet"]) - 0.1 * float(row["regularisation"]) for row in rows[1:]]
    np.testing.assert_allclose(losses, 0, atol=1e-5)
    result = json.loads(output.with_suffix(".result.json").read_text())
    assert (
        result["average_precision"] == whole.best.average_precision == max(float(r["average_precision"]) for r in rows)
    )
    assert result["visil_f"]["recall"] == whole.without.recall


def test_what_was_trained_can_be_used(folder: Path, whole: ViSiLResult) -> None:
    config = settings(folder, "whole")
    extractor, model = build_visil(config, ViSiLMatcherConfig(variant=ViSiLVariant.v, weights=whole.weights))
    frames = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)
    video = FrameFeatures(extractor.extract(frames), np.arange(6.0), 6.0)
    assert video.features.shape == (6, 9, 16)
    assert -1 <= model.similarity(video, video) <= 1
    assert float(model.state_dict()["attention.context_vector.weight"].norm()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_end(folder: Path, whole: ViSiLResult) -> None:
    config = settings(folder, "broken")

    def interrupt(record: ViSiLRecord) -> None:
        if record.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_visil(config, report=interrupt)
    seen: list[int] = []
    result = train_visil(config, report=lambda record: seen.append(record.epoch))
    assert seen == [2, 3]
    assert result.weights.read_bytes() == whole.weights.read_bytes()
    assert result.without == whole.without
    assert comparable(folder / "broken" / "w.log.csv") == comparable(folder / "whole" / "w.log.csv")
    ours, theirs = (load_file(folder / run / "w.checkpoint.safetensors") for run in ("broken", "whole"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_finished_run_is_not_repeated_and_another_one_refused(folder: Path, whole: ViSiLResult) -> None:
    seen: list[ViSiLRecord] = []
    assert train_visil(settings(folder, "whole"), report=seen.append).best == whole.best
    assert seen == []
    other = settings(folder, "whole")
    assert isinstance(other.experiment, ViSiLExperiment)
    other.experiment.margin = 0.2
    with pytest.raises(ConfigError, match=r"other settings .*experiment\.margin was 0\.5 and is 0\.2"):
        train_visil(other)


def test_too_little_material_is_named(folder: Path) -> None:
    few = settings(folder, "few")
    few.data = DataConfig(images=folder / "photographs", limit=5)
    with pytest.raises(ConfigError, match=r"no clips can be made: 5 photographs are too few"):
        train_visil(few)
    three = settings(folder, "three")
    three.data = DataConfig(images=folder / "photographs", limit=36)
    with pytest.raises(ConfigError, match=r"too little to learn from: 3 scenes are too few"):
        train_visil(three)
    nothing = settings(folder, "nothing")
    nothing.data = DataConfig()
    with pytest.raises(ConfigError, match=r"data\.images=DIR or data\.videos=DIR"):
        train_visil(nothing)


def test_what_is_printed() -> None:
    start = ViSiLRecord(0, None, None, None, 0.5, 0.25, 0.0, 1.0)
    first = ViSiLRecord(1, 0.5, 0.4, 1.0, 0.75, 0.5, 1e-3, 2.0)
    assert epoch_line(start).startswith("start: micro-AP 0.5000, recall 0.2500")
    assert "loss 0.5000 (triplet 0.4000, regularisation 1.0000), micro-AP 0.7500" in epoch_line(first)
    result = ViSiLResult(first, Validation(0.6, 0.4), Path("w.safetensors"), ViSiLVariant.v)
    assert "ViSiL_f: 0.6000, 0.4000" in after_training(result)
    assert "matcher=visil matcher.variant=v matcher.weights=w.safetensors" in after_training(result)
