"""Whole runs on tiny clips."""

import csv
import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from action_folder import CLASSES, write_action_set
from command_runner import run_command
from safetensors.torch import load_file
from vdup.train.__main__ import main
from vdup.train.c3d_hash.epoch_lines import after_training, epoch_line
from vdup.train.c3d_hash.experiment import HashResult, new_network, start_from, train_c3d_hash
from vdup.train.c3d_hash.learner import HashLearner
from vdup.train.c3d_hash.loop import HashRecord, augment
from vdup.train.config.c3d_hash import C3DHashExperiment, HashArchitecture, Pretrained, Triplets
from vdup.train.config.experiments import DataConfig, TrainJobConfig

from vdup.config import EfficientNetLiteConfig, SamplingConfig
from vdup.errors import ConfigError, WeightsError
from vdup.hashing import network as hash_network
from vdup.hashing.hasher import VideoHasher
from vdup.hashing.network import HashShape

EPOCHS = 2

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("c3d_hash")
    write_action_set(folder / "actions")
    return folder


def settings(folder: Path, name: str) -> TrainJobConfig:
    experiment = C3DHashExperiment(
        network=HashArchitecture.mc3_18,  # the smallest file
        pretrained=Pretrained.none,
        bits=16,
        frames=2,
        side_pixels=16,
        epochs=EPOCHS,
        batch_classes=2,
        batch_clips=2,
        learning_rate=0.01,
        classification_weight=0.5,
        cache=folder / "clips",
    )
    return TrainJobConfig(
        output=folder / name / "w.safetensors",
        data=DataConfig(root=folder / "actions"),
        experiment=experiment,
        backbone=EfficientNetLiteConfig(device="cpu"),
        sampling=SamplingConfig(workers=1),
    )


@pytest.fixture(scope="module")
def whole(folder: Path) -> HashResult:
    return train_c3d_hash(settings(folder, "whole"))


def comparable(path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_run_leaves_weights_and_logs(folder: Path, whole: HashResult) -> None:
    output = folder / "whole" / "w.safetensors"
    assert whole.weights == output
    assert [row["epoch"] for row in comparable(output.with_suffix(".log.csv"))] == ["0", "1", "2"]
    result = json.loads(output.with_suffix(".result.json").read_text())
    assert result["code_ap"] == whole.best.code_ap
    assert whole.test is not None
    assert result["test"]["code_ap"] == whole.test.code_ap
    assert result["settings"]["experiment.bits"] == 16
    assert "hash.weights=" in after_training(whole)
    line = epoch_line(HashRecord(2, 1.0, 0.5, 0.125, 0.5, 0.25, 0.75, 0.1, 1.0))
    assert line.startswith("epoch 2: loss 1.0000 (triplets 0.500, quantisation 0.500, classes 0.125), rate")


def test_the_loss_is_the_weighted_sum_of_its_parts(folder: Path, whole: HashResult) -> None:
    assert whole.best.classification is None or whole.best.classification > 0
    for row in comparable(folder / "whole" / "w.log.csv")[1:]:
        metric, classes, signs = (float(row[name]) for name in ("metric", "classification", "quantisation"))
        assert classes > 0
        assert float(row["loss"]) == pytest.approx(metric + 0.5 * classes + 0.1 * signs, abs=1e-4)


def test_the_classifier_is_not_trained_without_a_weight(folder: Path) -> None:
    config = settings(folder, "triplets alone")
    assert isinstance(config.experiment, C3DHashExperiment)
    config.experiment.classification_weight = 0.0
    config.experiment.epochs = 1
    train_c3d_hash(config)
    assert comparable(folder / "triplets alone" / "w.log.csv")[1]["classification"] == "0.0"
    state = load_file(folder / "triplets alone" / "w.checkpoint.safetensors")
    start = HashLearner(new_network(HashShape("mc3_18", 16, 2, 16), 0), len(CLASSES), config.seed)
    assert torch.equal(state["model.classifier.weight"], start.classifier.weight)


def test_what_was_trained_hashes_videos(folder: Path, whole: HashResult) -> None:
    hasher = VideoHasher.open(whole.weights, SamplingConfig(workers=1))
    video = folder / "actions" / "Down" / "v_Down_g00_c01.avi"
    code = hasher.hash_video(video)
    assert code.dtype == np.uint8
    assert code.shape == (2,)
    assert np.array_equal(code, hasher.hash_video(video))


def test_an_interrupted_run_goes_on_to_the_same_end(folder: Path, whole: HashResult) -> None:
    config = settings(folder, "broken")

    def interrupt(record: HashRecord) -> None:
        if record.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_c3d_hash(config, report=interrupt)
    seen: list[int] = []
    counted: list[tuple[int, int]] = []
    result = train_c3d_hash(
        config, lambda done, total: counted.append((done, total)), lambda record: seen.append(record.epoch)
    )
    assert seen == [2]
    assert counted[-1][0] == counted[-1][1]
    assert result.weights.read_bytes() == whole.weights.read_bytes()
    assert result.test == whole.test
    assert comparable(folder / "broken" / "w.log.csv") == comparable(folder / "whole" / "w.log.csv")
    ours, theirs = (load_file(folder / run / "w.checkpoint.safetensors") for run in ("broken", "whole"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_run_of_other_settings_is_refused(folder: Path, whole: HashResult) -> None:
    other = settings(folder, "whole")
    assert isinstance(other.experiment, C3DHashExperiment)
    other.experiment.triplets = Triplets.hard
    with pytest.raises(ConfigError, match=r"experiment\.triplets was all and is hard"):
        train_c3d_hash(other)


def test_the_seed_decides_the_start() -> None:
    shape = HashShape("mc3_18", 16, 2, 16)
    before = torch.get_rng_state()
    ours, again, other = (new_network(shape, seed).digest() for seed in (0, 0, 1))
    assert ours == again != other
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["mc3_18", pytest.param("r2plus1d_18", marks=pytest.mark.slow)])
def test_residual_blocks_begin_as_identities(name: str) -> None:
    trunk = new_network(HashShape(name, 16, 2, 16), 0).trunk.eval()
    inputs = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 64, 2, 4, 4)).astype(np.float32))
    for block in trunk.get_submodule("layer1").children():
        assert torch.equal(block(inputs), inputs.clamp(min=0))


def test_without_the_kinetics_weights(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def offline(_network: hash_network.HashNetwork) -> None:
        raise WeightsError("cannot download them")

    monkeypatch.setattr("vdup.train.c3d_hash.experiment.load_kinetics", offline)
    network = new_network(HashShape("mc3_18", 16, 2, 16), 0)
    before = network.digest()
    with caplog.at_level(logging.WARNING):
        assert not start_from(network, Pretrained.auto)
    assert caplog.text.count("random weights") == 1
    assert network.digest() == before
    with pytest.raises(WeightsError, match="cannot download"):
        start_from(network, Pretrained.kinetics)


def test_crops_and_flips_are_those_of_the_whole_clip() -> None:
    rows, columns = np.mgrid[0:20, 0:20].astype(np.uint8)
    frame = np.stack([rows, columns, np.zeros_like(rows)], axis=-1)
    clips = np.tile(frame, (40, 3, 1, 1, 1))
    clips[..., 2] = np.arange(3)[None, :, None, None]
    made = augment(clips, 16, True, np.random.default_rng(0))
    assert made.shape == (40, 3, 16, 16, 3)
    seen = set()
    for clip in made:
        assert clip[:, 0, 0, 2].tolist() == [0, 1, 2]
        assert (clip[..., :2] == clip[0, ..., :2]).all()
        corner, along = clip[0, 0, 0, :2].tolist(), int(clip[0, 0, 1, 1]) - int(clip[0, 0, 0, 1])
        seen.add((*corner, along))
    assert {along for *_, along in seen} == {-1, 1}
    assert len({top for top, *_ in seen}) == 5
    straight = augment(clips, 16, False, np.random.default_rng(0))
    assert {int(clip[0, 0, 1, 1]) - int(clip[0, 0, 0, 1]) for clip in straight} == {1}


@pytest.mark.slow
def test_the_command_trains(folder: Path, whole: HashResult) -> None:
    words = [
        "+experiment=c3d_hash", "data.root=actions", "output=command/w.safetensors", "experiment.pretrained=none",
        "experiment.bits=16", "experiment.frames=2", "experiment.side_pixels=16", "experiment.cache=clips",
        "experiment.epochs=1", "experiment.network=mc3_18", "experiment.batch_classes=2", "experiment.batch_clips=2",
        "sampling.workers=1", "backbone.device=cpu",
    ]  # fmt: skip
    result = run_command(main, folder, *words)
    assert (result.code, "epoch 1: loss" in result.err) == (0, True), result.err
    assert "use it with: hash.weights=command/w.safetensors" in result.out
    assert run_command(main, folder, *words[:1], *words[2:]).err.endswith("as data.root=DIR\n")
