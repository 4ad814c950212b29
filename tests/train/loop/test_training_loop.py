from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from feature_families import DIMENSIONS, feature_families
from vdup.train.config.losses import (
    LossConfig,
    Miner,
    MultiSimilarityLossConfig,
    NTXentLossConfig,
    TripletLossConfig,
)
from vdup.train.config.triplet import Binarisation, TripletExperiment
from vdup.train.families.batches import CachedFamilies, split_scenes
from vdup.train.loop.checkpoint import load_checkpoint, save_checkpoint
from vdup.train.loop.deterministic import deterministic
from vdup.train.loop.epoch_record import EpochRecord
from vdup.train.loop.training_loop import TrainingLoop
from vdup.train.network.trainable import TrainedModel

from vdup.codes.refiner import Refiner
from vdup.errors import VdupError
from vdup.types import CODE_BITS

SETTINGS = TripletExperiment(epochs=4, batch_families=24, views=3, learning_rate=3e-2, validation_share=0.3)
CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


def small_loop(
    experiment: TripletExperiment = SETTINGS, loss: LossConfig | None = None, seed: int = 0, hidden: int = 0
) -> TrainingLoop:
    families = feature_families(110)
    model = TrainedModel(None, lambda maps: maps)
    torch.manual_seed(0)
    model.refiner = Refiner([DIMENSIONS, hidden, CODE_BITS] if hidden else [DIMENSIONS, CODE_BITS])
    split = split_scenes(families.scenes, experiment.validation_share, 0)
    return TrainingLoop(model, families, split, experiment, loss or TripletLossConfig(), seed, CPU)


def trained(loop: TrainingLoop, epochs: int = 4) -> TrainingLoop:
    with deterministic(CPU):
        loop.start()
        for _ in range(epochs):
            loop.run_epoch()
    return loop


def weights(loop: TrainingLoop) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in loop.state({}).tensors.items()}


def results(loop: TrainingLoop) -> list[object]:
    return [replace(record, seconds=0.0) for record in loop.records]


@pytest.mark.parametrize(
    "loss",
    [
        TripletLossConfig(miner=Miner.hard),
        TripletLossConfig(miner=Miner.semihard),
        TripletLossConfig(miner=Miner.none),
        NTXentLossConfig(),
        MultiSimilarityLossConfig(),
    ],
    ids=["hard", "semihard", "all", "ntxent", "multi_similarity"],
)
def test_loss_falls_and_validation_rises(loss: LossConfig) -> None:
    start, first, *_, last = trained(small_loop(loss=loss)).records
    assert first.loss is not None
    assert last.loss is not None
    assert last.loss < first.loss
    assert last.recall > start.recall + 0.05
    assert last.code_ap > start.code_ap + 0.05


@pytest.mark.parametrize("binarisation", list(Binarisation))
def test_relaxations_and_hidden_layers_learn(binarisation: Binarisation) -> None:
    experiment = replace(SETTINGS, binarisation=binarisation, learning_rate=1e-2)
    start, *_, last = trained(small_loop(experiment, hidden=24), 3).records
    assert last.code_ap > start.code_ap


def test_regularisers_do_what_they_are_for() -> None:
    plain = replace(SETTINGS, entropy_weight=0.0, quantisation_weight=0.0, balance_weight=0.0, decorrelation_weight=0.0)
    last = trained(small_loop(plain), 2).records[-1]
    for name in ("entropy", "quantisation", "balance", "decorrelation"):
        regularised = trained(small_loop(replace(plain, **{f"{name}_weight": 5.0})), 2).records[-1]
        assert getattr(regularised, name) < getattr(last, name)


def test_batches_are_mined_from_the_codes_as_they_are() -> None:
    loop = small_loop(replace(SETTINGS, neighbours=2))
    loop.start()
    nearest = loop._nearest()
    assert nearest is not None

    families, training = loop._families, loop._training
    assert isinstance(families, CachedFamilies)
    with torch.no_grad():
        inputs = torch.from_numpy(families._inputs[training, 0].astype(np.float32))
        bits = loop._model(inputs).numpy() >= 0
    for row, number in enumerate(training):
        distances = (bits != bits[row]).sum(axis=1)
        distances[row] = CODE_BITS + 1
        places = [int(np.flatnonzero(training == other)[0]) for other in nearest[number]]
        assert distances[places].tolist() == sorted(distances)[:2]
    held_out = np.setdiff1d(np.arange(len(nearest)), training)
    assert (nearest[held_out] == -1).all()

    [first, *_] = loop._batches(1, nearest)
    assert any(other in first for other in nearest[first[0]])
    assert small_loop(replace(SETTINGS, neighbours=0))._nearest() is None


@pytest.mark.parametrize("memory", [0, 200])
def test_equal_seeds_give_equal_runs(memory: int) -> None:
    experiment = replace(SETTINGS, memory=memory)
    first, again = (trained(small_loop(experiment), 2) for _ in range(2))
    other = trained(small_loop(experiment, seed=1), 2)
    assert results(first) == results(again)
    assert all(torch.equal(a, b) for a, b in zip(weights(first).values(), weights(again).values(), strict=True))
    assert results(first) != results(other)


@pytest.mark.parametrize("memory", [0, 200])
def test_a_run_that_goes_on_equals_one_that_was_not_interrupted(memory: int, tmp_path: Path) -> None:
    experiment = replace(SETTINGS, memory=memory)
    whole = trained(small_loop(experiment))

    save_checkpoint(tmp_path / "c.safetensors", trained(small_loop(experiment), 2).state({"a": 1}))
    loop = small_loop(experiment)
    loop.restore(load_checkpoint(tmp_path / "c.safetensors", EpochRecord))
    with deterministic(CPU):
        loop.run_epoch()
        loop.run_epoch()

    assert results(loop) == results(whole)
    expected, found = weights(whole), weights(loop)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert loop.take_best() == whole.take_best()


def test_best_epoch_is_what_is_kept() -> None:
    loop = trained(small_loop(), 2)
    best = loop.best
    with torch.no_grad():
        loop._model.refiner.layers[0].get_parameter("weight").copy_(torch.ones(CODE_BITS, DIMENSIONS))
    assert loop.run_epoch().code_ap < best.code_ap
    assert loop.best is best
    assert loop.take_best().code_ap == best.code_ap


def test_a_checkpoint_of_another_model_is_refused() -> None:
    state = trained(small_loop(hidden=24), 1).state({})
    with pytest.raises(VdupError, match="the checkpoint is of another model"):
        small_loop().restore(state)


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    loop = small_loop(replace(SETTINGS, quantisation_weight=1e39))
    loop.start()
    with pytest.raises(VdupError, match=r"the training ran away; lower experiment\.learning_rate"):
        loop.run_epoch()
