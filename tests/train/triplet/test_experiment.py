"""Whole runs on tiny pictures."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from command_runner import run_command
from photograph_factory import write_photographs
from safetensors.torch import load_file
from vdup.train.__main__ import main
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.config.losses import NTXentLossConfig
from vdup.train.config.triplet import Start, Trainable, TripletExperiment
from vdup.train.loop.checkpoint import Checkpoint
from vdup.train.loop.epoch_record import EpochRecord
from vdup.train.loop.run_epochs import settings_of
from vdup.train.loop.training_loop import TrainingLoop
from vdup.train.triplet.epoch_lines import after_training, epoch_line
from vdup.train.triplet.experiment import TrainingResult, refiner_like, train_triplet

from vdup.codes.refiner import Refiner
from vdup.config import EfficientNetLiteConfig, NoWhiteningConfig, Precision, RefinerConfig, Tuning
from vdup.errors import ConfigError, WeightsError
from vdup.pipeline.encoder import build_encoder

SIDE, EPOCHS = 64, 3

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs, and room for the cache that all runs share."""
    folder = tmp_path_factory.mktemp("triplet")
    write_photographs(folder / "photographs", 24)
    return folder


def settings(folder: Path, name: str, trainable: Trainable = Trainable.head) -> TrainJobConfig:
    experiment = TripletExperiment(
        trainable=trainable,
        init=Start.random,
        epochs=EPOCHS,
        batch_families=8,
        views=2,
        validation_share=0.25,
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
        whitening=NoWhiteningConfig(),
    )


@pytest.fixture(scope="module")
def whole(folder: Path) -> TrainingResult:
    return train_triplet(settings(folder, "whole"))


def comparable(path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_run_leaves_weights_and_logs(folder: Path, whole: TrainingResult) -> None:
    output = folder / "whole" / "w.safetensors"
    assert whole.refiner == output
    assert whole.backbone is None
    assert [row["epoch"] for row in comparable(output.with_suffix(".log.csv"))] == ["0", "1", "2", "3"]
    assert output.with_suffix(".checkpoint.safetensors").is_file()
    result = json.loads(output.with_suffix(".result.json").read_text())
    assert result["code_ap"] == whole.best.code_ap
    assert result["recall_by_edit"] == whole.validation.recall_by_edit
    assert result["settings"]["experiment.trainable"] == "head"


def test_what_was_trained_can_be_used(folder: Path, whole: TrainingResult) -> None:
    model = replace(settings(folder, "whole"), refiner=RefinerConfig(weights=whole.refiner))
    codes = build_encoder(model).encode(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert codes.shape == (1, 128)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_end(
    folder: Path, whole: TrainingResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(folder, "broken")

    def interrupt(record: EpochRecord) -> None:
        if record.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_triplet(config, report=interrupt)
    seen: list[int] = []
    # The start is in the checkpoint and takes long to make.
    monkeypatch.setattr("vdup.train.triplet.experiment.initial_refiner", None)
    result = train_triplet(config, report=lambda record: seen.append(record.epoch))
    assert seen == [2, 3]
    assert result.refiner.read_bytes() == whole.refiner.read_bytes()
    assert result.validation == whole.validation
    assert comparable(folder / "broken" / "w.log.csv") == comparable(folder / "whole" / "w.log.csv")
    ours, theirs = (load_file(folder / run / "w.checkpoint.safetensors") for run in ("broken", "whole"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_finished_run_is_not_repeated_and_another_one_refused(folder: Path, whole: TrainingResult) -> None:
    seen: list[EpochRecord] = []
    assert train_triplet(settings(folder, "whole"), report=seen.append) == whole
    assert seen == []
    other = settings(folder, "whole")
    other.loss = NTXentLossConfig()
    with pytest.raises(ConfigError, match=r"other settings .*loss was TripletLossConfig and is NTXentLossConfig"):
        train_triplet(other)


@pytest.mark.slow
@pytest.mark.parametrize("trainable", [Trainable.last_blocks, Trainable.all])
def test_the_backbone_is_trained_and_used(folder: Path, trainable: Trainable, monkeypatch: pytest.MonkeyPatch) -> None:
    # On so few pictures the start may be better than the first epoch.
    monkeypatch.setattr(TrainingLoop, "best", property(lambda loop: loop.records[-1]))
    config = settings(folder, trainable.value, trainable)
    assert isinstance(config.experiment, TripletExperiment)
    config.experiment.epochs = 1
    result = train_triplet(config)
    assert result.backbone is not None
    names = set(load_file(result.backbone))
    assert any(name.startswith("conv_head.") for name in names)
    assert any(name.startswith("conv_stem.") for name in names) is (trainable is Trainable.all)
    backbone = EfficientNetLiteConfig(
        device="cpu", precision=Precision.float32, image_side_pixels=SIDE, weights=result.backbone
    )
    tuned = replace(config, backbone=backbone, refiner=RefinerConfig(weights=result.refiner))
    picture = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3), dtype=np.uint8)
    assert build_encoder(tuned).encode(picture).shape == (1, 128)


def test_widths_come_from_the_checkpoint() -> None:
    tensors = {f"model.refiner.{name}": tensor for name, tensor in Refiner([5, 7, 1024]).state_dict().items()}
    like = refiner_like(Checkpoint({}, (), {}, tensors))
    assert [(layer.in_features, layer.out_features) for layer in like.layers] == [(5, 7), (7, 1024)]
    with pytest.raises(WeightsError, match="no refiner"):
        refiner_like(Checkpoint({}, (), {}, {}))


def test_where_files_lie_does_not_shape_a_run(folder: Path) -> None:
    first, second = settings_of(settings(folder, "a")), settings_of(settings(folder, "b"))
    assert first == second
    json.dumps(first)
    assert first["loss.margin"] == 0.15
    assert not {"output", "experiment.cache", "backbone.device"} & set(first)


@pytest.mark.slow
def test_a_sweep_writes_its_table(folder: Path) -> None:
    words = [
        "+experiment=triplet", "data.images=photographs", "whitening=none", "backbone.image_side_pixels=64",
        "backbone.precision=float32", "backbone.device=cpu", "backbone.tuning=none", "experiment.init=random",
        "experiment.views=2", "experiment.epochs=1", "experiment.batch_families=8", "experiment.cache=cache",
        "hydra.sweep.dir=sweep", "--multirun", "loss=triplet,ntxent", "refiner.hidden=0,-1",
    ]  # fmt: skip
    result = run_command(main, folder, *words)
    assert result.code == 2  # of the jobs with a width that cannot be
    rows = list(csv.DictReader((folder / "sweep" / "sweep.csv").read_text().splitlines()))
    assert [(row["job"], row["loss"], row["refiner.hidden"], row["result"]) for row in rows] == [
        ("0", "triplet", "0", "done"),
        ("1", "triplet", "-1", "failed"),
        ("2", "ntxent", "0", "done"),
        ("3", "ntxent", "-1", "failed"),
    ]
    for row in rows[::2]:
        document = json.loads((folder / "sweep" / row["job"] / "weights.result.json").read_text())
        assert float(row["code_ap"]) == pytest.approx(document["code_ap"], abs=1e-5)
    assert rows[1]["code_ap"] == ""
    assert "sweep, best first" in result.out
    assert "refiner.weights=" in result.out
    assert "epoch 1: loss " in result.err


def test_lines_say_what_was_reached(whole: TrainingResult) -> None:
    start = EpochRecord(0, None, None, None, None, None, None, 0.5, 0.625, 0.4, 0.0, 1.25)
    assert epoch_line(start) == "start: micro-AP 0.5000 (float 0.6250), recall 0.4000, 1.2 s"
    assert f"refiner.weights={whole.refiner}" in after_training(whole)
    assert f"+experiment=calibration data.images=DIR refiner.weights={whole.refiner}" in after_training(whole)
    tuned = replace(whole, backbone=Path("b.safetensors"))
    assert "backbone.weights=b.safetensors" in after_training(tuned)


def test_too_few_photographs(folder: Path, tmp_path: Path) -> None:
    config = settings(folder, "few")
    config.data.limit = 3
    with pytest.raises(ConfigError, match="too little to learn from: 3 scenes are too few"):
        train_triplet(config)


def test_unknown_edits_to_leave_out(folder: Path) -> None:
    config = settings(folder, "unknown")
    assert isinstance(config.experiment, TripletExperiment)
    config.experiment.left_out = ["melt"]
    with pytest.raises(ConfigError, match=r"melt.*experiment\.left_out"):
        train_triplet(config)
