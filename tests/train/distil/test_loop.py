from dataclasses import asdict

import numpy as np
import pytest
import torch
from vdup.train.config.distil import DistilExperiment
from vdup.train.distil.loop import DistilLoop
from vdup.train.distil.material import Maps, Material
from vdup.train.distil.student import Student
from vdup.train.loop.state import schedule

from vdup.config import EfficientNetLiteConfig, ModelConfig, NoWhiteningConfig, Precision, Tuning
from vdup.errors import VdupError
from vdup.types import RowArray

SIDE = 48
MODEL = ModelConfig(
    backbone=EfficientNetLiteConfig(
        image_side_pixels=SIDE, device="cpu", precision=Precision.float32, tuning=Tuning.none
    ),
    whitening=NoWhiteningConfig(),
)
EXPERIMENT = DistilExperiment(
    epochs=12,
    full_epochs=1,
    batch_pictures=15,
    neighbours=2,
    small_side_pixels=32,
    frozen_stages=8,
    learning_rate=1e-2,
    relation_weight=1.0,
    warmup=0.0,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def material() -> Material:
    """The teacher tells the colour of a picture; copies are a little lighter."""
    rng = np.random.default_rng(0)
    originals = rng.integers(30, 200, (40, 1, 3), dtype=np.uint8)
    colours = np.concatenate([originals, originals + np.uint8(20)], axis=1)
    vectors = colours.astype(np.float32) - 115
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    pixels = torch.from_numpy(colours.reshape(80, 3, 1, 1)).expand(80, 3, SIDE, SIDE)
    student = Student(MODEL, EXPERIMENT.frozen_stages, 3)
    maps = {side: student.early(pixels, side).numpy().astype(np.float16) for side in (32, SIDE)}
    return Material(
        {
            32: Maps(maps[32].reshape(40, 2, *maps[32].shape[1:]), np.arange(40)),
            # Every other picture is there in full size.
            SIDE: Maps(maps[SIDE].reshape(40, 2, *maps[SIDE].shape[1:])[::2], np.arange(0, 40, 2)),
        },
        vectors[:, 0].astype(np.float16),
        (("", "light"),) * 40,
        np.arange(40),
        "made up",
    )


SPLIT: tuple[RowArray, RowArray] = (np.arange(30), np.arange(30, 40))


def new_loop(material: Material) -> DistilLoop:
    torch.manual_seed(0)
    student = Student(MODEL, EXPERIMENT.frozen_stages, material.teacher.shape[1])
    return DistilLoop(student, material, SPLIT, EXPERIMENT, SIDE, seed=1)


def test_the_student_comes_nearer_to_its_teacher(material: Material) -> None:
    loop = new_loop(material)
    loop.start()
    for _ in range(EXPERIMENT.epochs):
        loop.run_epoch()
    vectors = [record.vectors for record in loop.records if record.vectors is not None]
    assert np.mean(vectors[-5:]) < 0.7 * vectors[0]
    assert [record.side_pixels for record in loop.records] == [32] * 12 + [SIDE]
    assert loop.best is loop.records[-1]  # only the last epoch has seen pictures of full size


def test_a_run_that_continues_gives_the_same_weights(material: Material) -> None:
    whole = new_loop(material)
    whole.start()
    for _ in range(2):
        whole.run_epoch()
    broken = new_loop(material)
    broken.start()
    broken.run_epoch()
    kept = broken.state({})
    going_on = new_loop(material)
    going_on.restore(kept)
    going_on.run_epoch()
    for name, tensor in whole.take_best().state_dict().items():
        assert torch.equal(tensor, going_on.take_best().state_dict()[name]), name
    one, other = asdict(whole.records[-1]), asdict(going_on.records[-1])
    assert one | {"seconds": 0} == other | {"seconds": 0}


def test_steps_hold_the_nearest_pictures_of_each_leader(material: Material) -> None:
    loop = new_loop(material)
    batches = loop._batches(np.random.default_rng(0), 1)
    assert [len(batch) for batch in batches] == [15, 15]
    originals = material.teacher[:30].astype(np.float32)
    for batch in batches:
        for place, leader in enumerate(batch[:5]):
            cosines = originals @ originals[leader]
            cosines[leader] = -np.inf
            assert set(batch[5 + 2 * place : 7 + 2 * place]) == set(np.argsort(-cosines)[:2])


def test_full_size_takes_its_share_alone(material: Material) -> None:
    loop = new_loop(material)
    (batch,) = loop._batches(np.random.default_rng(0), EXPERIMENT.epochs)
    assert np.all(batch % 2 == 0)
    assert np.all(batch < 30)
    assert loop.held_out.scenes(SIDE).tolist() == [30, 32, 34, 36, 38]
    assert loop.held_out.scenes(32).tolist() == list(range(30, 40))


def test_each_size_of_pictures_has_a_schedule_of_its_own(material: Material) -> None:
    loop = new_loop(material)
    loop.start()
    for _ in range(EXPERIMENT.epochs):
        loop.run_epoch()
    # 11 epochs of 2 steps and one of a single step; the last step of each counts.
    small = [EXPERIMENT.learning_rate * schedule(2 * epoch + 1, 22, 0.0) for epoch in range(11)]
    full = EXPERIMENT.full_learning_rate * schedule(0, 1, 0.0)
    assert [record.learning_rate for record in loop.records[1:]] == pytest.approx([*small, full])


def test_training_goes_on_from_the_best_weights_of_another_run(material: Material) -> None:
    first = new_loop(material)
    first.start()
    for _ in range(3):
        first.run_epoch()
    best = {name: tensor.clone() for name, tensor in first._best.items()}
    torch.manual_seed(7)
    student = Student(MODEL, EXPERIMENT.frozen_stages, material.teacher.shape[1])
    second = DistilLoop(student, material, SPLIT, EXPERIMENT, SIDE, seed=1, start=best)
    assert second.start().cosine == pytest.approx(first.best.cosine, abs=1e-6)

    stranger = DistilLoop(Student(MODEL, EXPERIMENT.frozen_stages, 5), material, SPLIT, EXPERIMENT, SIDE, 1, best)
    with pytest.raises(VdupError, match=r"run of experiment\.start had another network or teacher"):
        stranger.start()


def test_too_few_pictures_of_full_size(material: Material) -> None:
    torch.manual_seed(0)
    student = Student(MODEL, EXPERIMENT.frozen_stages, 3)
    with pytest.raises(ValueError, match="14 training pictures of 48 pixels do not fill a step"):
        DistilLoop(student, material, (np.arange(28), np.arange(28, 40)), EXPERIMENT, SIDE, seed=1)
    with pytest.raises(ValueError, match="1 pictures of 48 pixels are left for validation"):
        DistilLoop(student, material, (np.arange(38), np.arange(38, 40)), EXPERIMENT, SIDE, seed=1)


def test_a_loss_that_is_no_number_ends_the_training(material: Material) -> None:
    loop = new_loop(material)
    loop.start()
    with torch.no_grad():
        loop._student.head.weight.fill_(torch.nan)
    with pytest.raises(VdupError, match=r"lower experiment\.learning_rate"):
        loop.run_epoch()
