from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from movies.made_registration import made_registration
from numpy.typing import NDArray
from photograph_factory import write_photographs
from tiny_problem import write_tiny_problem
from vdup.train.__main__ import train
from vdup.train.calibration import experiment as calibration_module
from vdup.train.calibration.experiment import background_codes, train_calibration
from vdup.train.calibration.logistic import fit_logistic
from vdup.train.config.experiments import CalibrationExperiment, DataConfig, PCAExperiment, TrainJobConfig
from vdup.train.material.image_files import load_image

from vdup.align.calibration import Calibration, load_calibration
from vdup.align.verification import verification_inputs
from vdup.config import EfficientNetLiteConfig, SamplingConfig
from vdup.errors import ConfigError
from vdup.movies.agreement import Agreement
from vdup.pipeline.encoder import Encoder, build_encoder
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray

BACKGROUND, QUERIES = 12, 5


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    write_photographs(folder, 110, (128, 96))
    return folder


def settings(images: Path | None, output: Path, experiment: CalibrationExperiment) -> TrainJobConfig:
    return TrainJobConfig(
        output=output,
        data=DataConfig(images=images),
        experiment=experiment,
        sampling=SamplingConfig(workers=1),
        backbone=EfficientNetLiteConfig(device="cpu"),
    )


# --- the whole


@pytest.fixture(scope="module")
def problem(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three references and five queries of a few seconds each, the last query without a copy."""
    root = tmp_path_factory.mktemp("problem") / "made"
    write_tiny_problem(root, images, QUERIES)
    return root


@pytest.fixture(scope="module")
def trained(
    images: Path, problem: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[tuple[int, int]]]:
    """File of a calibration and the steps that were told on the way."""
    output = tmp_path_factory.mktemp("trained") / "new" / "calibration.safetensors"
    steps: list[tuple[int, int]] = []
    experiment = CalibrationExperiment(background=BACKGROUND, problem=problem)
    train_calibration(settings(images, output, experiment), lambda done, total: steps.append((done, total)))
    return output, steps


@pytest.mark.slow
def test_a_calibration_of_the_models_codes_is_written(
    images: Path, problem: Path, trained: tuple[Path, list[tuple[int, int]]]
) -> None:
    output, steps = trained
    model = settings(images, output, CalibrationExperiment())
    made: Calibration = load_calibration(output, build_encoder(model).codes_digest)
    assert made.background_codes.shape == (BACKGROUND, CODE_BYTES)
    assert steps == [(done, QUERIES) for done in range(1, QUERIES + 1)]

    evidence = made.evidence
    assert evidence.distance < 0 < evidence.background
    assert evidence.lowest < 0 < evidence.knee
    near, far = evidence.of(np.array([100, 480], dtype=np.int32), np.full(2, 380, dtype=np.float32))
    assert near > 0 > far

    # So few segments do not settle what each of the inputs is worth, but all of them together.
    weak, strong = made.score.probability(1.0, 1.6, 0.0, 200.0), made.score.probability(80.0, 1.0, 0.9, 200.0)
    assert 0 <= weak < strong <= 1
    assert made.verification is not None
    poor = made_registration(
        speed=1.6,
        correlation=0.1,
        covered=0.2,
        agreement=Agreement(0.1, 0.1, 60, 0.0),
        quick=0.05,
        quick_elsewhere=0.05,
    )
    doubted, believed = (
        made.verification.probability(verification_inputs(score, 4.0, found, mirrored=False, panel=False))
        for score, found in ((0.1, poor), (0.9, made_registration()))
    )
    assert 0 <= doubted < believed <= 1
    assert made.false_alarms is not None
    assert 3 * 4 <= 3600 * made.false_alarms.fitted_hours <= 3 * 9  # three references of 4 to 8 s


@pytest.mark.slow
def test_a_problem_without_copies_is_refused(images: Path, problem: Path, tmp_path: Path) -> None:
    made = tmp_path / "problem"
    for part in ("refs", "queries"):
        (made / part).mkdir(parents=True)
    (made / "refs" / "R0000.mp4").write_bytes((problem / "refs" / "R0001.mp4").read_bytes())
    (made / "queries" / "Q0000.mp4").write_bytes((problem / "queries" / "Q0002.mp4").read_bytes())
    (made / "gt.csv").write_text("query_id,ref_id,query_start,query_end,ref_start,ref_end\n")
    output = tmp_path / "calibration.safetensors"
    with pytest.raises(ConfigError, match=r"evidence model needs both .* gave 0 right .* raise experiment.references"):
        train_calibration(settings(images, output, CalibrationExperiment(background=BACKGROUND, problem=made)))
    assert not output.exists()


@pytest.mark.parametrize(("right", "wrong"), [(0, 0), (0, 5), (5, 0)])
def test_segments_of_one_kind_only_are_refused(right: int, wrong: int) -> None:
    with pytest.raises(ConfigError, match=f"score model .* {right} right and {wrong} wrong"):
        calibration_module._require_both("score", "segments", right, wrong)


def test_both_kinds_count_for_half_however_many_there_are_of_each() -> None:
    labels = np.array([True, False, False, False, False])
    weights = calibration_module._equal_weights(labels)
    assert weights[labels].sum() == pytest.approx(2.5)
    assert weights[~labels].sum() == pytest.approx(2.5)

    inputs = np.array([[0.0], [1.0], [2.0], [3.0], [1.5]])
    once = fit_logistic(inputs, inputs[:, 0] > 1.2, calibration_module._equal_weights(inputs[:, 0] > 1.2))
    twice = np.concatenate([inputs, inputs[:2], inputs[:2]])  # three times as many of one kind
    often = fit_logistic(twice, twice[:, 0] > 1.2, calibration_module._equal_weights(twice[:, 0] > 1.2))
    assert -once[0] / once[1] == pytest.approx(-often[0] / often[1], abs=0.05)


def test_errors_of_the_problem_name_the_photographs(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("photographs are too few")

    monkeypatch.setattr(calibration_module, "make_problem", fail)
    config = settings(images, tmp_path / "c.safetensors", CalibrationExperiment(background=BACKGROUND))
    with pytest.raises(ConfigError, match=r"no calibration can be made from data.images=.*photographs are too few"):
        train_calibration(config)


def test_too_few_photographs_for_the_background(images: Path, tmp_path: Path) -> None:
    config = settings(images, tmp_path / "c.safetensors", CalibrationExperiment(background=56))
    with pytest.raises(ConfigError, match=r"has 110 photographs, at least 112 .* lower experiment.background"):
        train_calibration(config)


def test_a_problem_at_hand_leaves_all_photographs_for_the_background(images: Path, tmp_path: Path) -> None:
    def calibration(background: int) -> TrainJobConfig:
        experiment = CalibrationExperiment(background=background, problem=tmp_path / "problem")
        return settings(images, tmp_path / "c.safetensors", experiment)

    with pytest.raises(ConfigError, match=r"has 110 photographs, at least 111 "):
        train_calibration(calibration(111))
    with pytest.raises(ConfigError, match=r"no calibration can be made|there is no such|problem"):
        train_calibration(calibration(110))


def test_photographs_and_the_experiment_are_needed(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "c.safetensors"
    with pytest.raises(ConfigError, match=r"data\.images=DIR"):
        train_calibration(settings(None, output, CalibrationExperiment()))
    with pytest.raises(ConfigError, match=r"data\.images=DIR"):
        train_calibration(TrainJobConfig(output=output, data=DataConfig(images=images), experiment=PCAExperiment()))


def test_the_command_shows_how_many_queries_are_done(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stand_in(config: TrainJobConfig, progress: Callable[[int, int], None]) -> None:
        progress(7, 7)

    monkeypatch.setattr(calibration_module, "train_calibration", stand_in)
    assert train(settings(images, tmp_path / "c.safetensors", CalibrationExperiment())) == 0
    assert "training: 7 of 7 queries" in capsys.readouterr().err


# --- background


def test_detail_is_taken_away() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    before = picture.copy()
    for _ in range(20):
        soft = calibration_module._without_detail(picture, rng)
        assert (soft.shape, soft.dtype) == (picture.shape, np.uint8)
        steps = np.abs(np.diff(soft.astype(np.float64), axis=1)).mean()
        assert steps < 0.25 * np.abs(np.diff(picture.astype(np.float64), axis=1)).mean()
    np.testing.assert_array_equal(picture, before)


def test_pale_pictures_are_clipped_not_wrapped() -> None:
    white = np.full((32, 32, 3), 255, np.uint8)
    levels = [int(calibration_module._without_detail(white, np.random.default_rng(n)).mean()) for n in range(40)]
    assert max(levels) == 255
    assert min(levels) >= int(0.2 * 255)


class Remembering:
    """Stands for an encoder: the code is the start of the picture, and all batches are kept."""

    def __init__(self) -> None:
        self.batches: list[NDArray[np.uint8]] = []

    def encode(self, images: NDArray[np.uint8], mirrored: bool = False) -> CodeArray:
        self.batches.append(images)
        return images.reshape(len(images), -1)[:, :CODE_BYTES].copy()


def test_of_four_background_pictures_one_is_soft_and_one_drawn(images: Path) -> None:
    paths = sorted(images.iterdir())[:70]
    encoder = Remembering()
    codes = background_codes(cast("Encoder", encoder), paths, 32, seed=0)
    assert (codes.shape, codes.dtype) == ((70, CODE_BITS // 8), np.uint8)
    assert [len(batch) for batch in encoder.batches] == [64, 6]
    shown = np.concatenate(encoder.batches)
    for row, path in enumerate(paths):
        assert np.array_equal(shown[row], load_image(path, 32)) is (row % 4 >= 2)  # soft, drawn, and two as they are
        np.testing.assert_array_equal(codes[row], shown[row].ravel()[:CODE_BYTES])


def test_seed_decides_the_background(images: Path) -> None:
    paths = sorted(images.iterdir())[:5]
    first, again, other = (background_codes(cast("Encoder", Remembering()), paths, 32, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
