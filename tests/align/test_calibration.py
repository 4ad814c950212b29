import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from vdup.align.calibration import (
    VERIFICATION_INPUTS,
    Calibration,
    Evidence,
    ScoreModel,
    VerificationModel,
    load_calibration,
    save_calibration,
)
from vdup.align.false_alarms import FalseAlarms
from vdup.errors import WeightsError
from vdup.types import CodeArray

EVIDENCE = Evidence(bias=1.0, distance=-20.0, background=15.0, lowest=-2.0, knee=4.0)
SCORE = ScoreModel(bias=-3.0, evidence=1.5, speed_change=-2.0, tmk=4.0, distance=-8.0)


def _codes(rows: int, seed: int = 0) -> CodeArray:
    return np.random.default_rng(seed).integers(0, 256, (rows, 128), dtype=np.uint8)


def _calibration(rows: int = 30) -> Calibration:
    return Calibration(_codes(rows), replace(EVIDENCE, growth=0.1), SCORE, "digest")


def _tensors() -> dict[str, NDArray[np.generic]]:
    return {"background_codes": _codes(30), "evidence": np.ones(5), "score": np.ones(4)}


def _write(path: Path, tensors: dict[str, NDArray[np.generic]], **header: object) -> Path:
    complete = {"format": "calibration-1", "codes": "digest", **header}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(complete)})
    return path


def test_evidence_of_pairs_is_a_clipped_line() -> None:
    distances = np.array([[0, 100, 300, 512], [1024, 400, 50, 200]], dtype=np.int32)
    backgrounds = np.array([[400.0], [300.0]], dtype=np.float32)
    found = EVIDENCE.of(distances, backgrounds)
    assert found.dtype == np.float32
    for row in range(2):
        for column in range(4):
            line = 1.0 - 20.0 * distances[row, column] / 1024 + 15.0 * backgrounds[row, 0] / 1024
            assert found[row, column] == pytest.approx(min(max(line, -2.0), 4.0), abs=1e-5)


def test_what_is_farther_than_unrelated_pictures_is_no_evidence() -> None:
    generous = replace(EVIDENCE, background=-15.0, bias=15.0)
    distances = np.array([100, 149, 150, 400], dtype=np.int32)
    found = generous.of(distances, np.full(1, 150, dtype=np.float32))
    assert (found[:2] > 0).all()
    assert (found[2:] == 0).all()


def test_evidence_above_the_knee_grows_by_its_share() -> None:
    growing = replace(EVIDENCE, growth=0.25)
    distances = np.arange(0, 600, 7, dtype=np.int32)
    background = np.full(1, 400, dtype=np.float32)
    found = growing.of(distances, background)
    for distance, value in zip(distances.tolist(), found.tolist(), strict=True):
        line = 1.0 - 20.0 * distance / 1024 + 15.0 * 400 / 1024
        expected = max(line, -2.0) if line <= 4.0 else 4.0 + 0.25 * (line - 4.0)
        assert value == pytest.approx(expected, abs=1e-5)
    below_the_knee = growing.of(np.array([171, 138], dtype=np.int32), np.full(1, 500, dtype=np.float32))
    assert below_the_knee[1] > below_the_knee[0] > 4.0


def test_older_files_are_read_without_their_last_weights(tmp_path: Path) -> None:
    old = load_calibration(_write(tmp_path / "old.safetensors", _tensors()), "digest")
    assert old.evidence == Evidence(1.0, 1.0, 1.0, 1.0, 1.0, growth=0.0)
    assert old.score == ScoreModel(1.0, 1.0, 1.0, 1.0, distance=0.0)


def test_nearer_frames_and_rarer_pictures_speak_louder() -> None:
    distances = np.arange(150, 600, 10, dtype=np.int32)
    found = EVIDENCE.of(distances, np.full(1, 350, dtype=np.float32))
    assert (np.diff(found) <= 0).all()
    assert (EVIDENCE.of(distances, np.full(1, 400, dtype=np.float32)) >= found).all()


def test_probability_is_the_logistic_of_its_terms() -> None:
    logit = -3.0 + 1.5 * math.log(1 + 20) - 2.0 * 1.0 + 4.0 * 0.6 - 8.0 * 128 / 1024
    assert SCORE.probability(20.0, 0.5, 0.6, 128.0) == pytest.approx(SCORE.probability(20.0, 2.0, 0.6, 128.0))
    assert SCORE.probability(20.0, 2.0, 0.6, 128.0) == pytest.approx(1 / (1 + math.exp(-logit)))


def test_probability_stays_a_probability() -> None:
    assert 0 <= SCORE.probability(-5.0, 1.0, -1.0, 512.0) < 0.01
    steep = ScoreModel(bias=0.0, evidence=1e6, speed_change=0.0, tmk=0.0)
    assert steep.probability(1e9, 1.0, 1.0, 0.0) == pytest.approx(1.0)
    assert ScoreModel(-1e9, 0.0, 0.0, 0.0).probability(0.0, 1.0, 0.0, 0.0) == pytest.approx(0.0)


def test_background_is_the_mean_of_the_ten_nearest() -> None:
    calibration, codes = _calibration(), _codes(4, seed=9)
    found = calibration.background(codes)
    assert found.dtype == np.float32
    for code, mean in zip(codes, found, strict=True):
        distances = sorted(
            (int.from_bytes(code.tobytes()) ^ int.from_bytes(other.tobytes())).bit_count()
            for other in calibration.background_codes
        )
        assert mean == pytest.approx(sum(distances[:10]) / 10)
    assert calibration.background(_codes(0)).shape == (0,)


def test_file_brings_everything_back(tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    save_calibration(path, _calibration())
    loaded = load_calibration(path, "digest")
    np.testing.assert_array_equal(loaded.background_codes, _codes(30))
    assert (loaded.evidence, loaded.score, loaded.codes) == (replace(EVIDENCE, growth=0.1), SCORE, "digest")


def test_a_model_of_verification_comes_back_too(tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    model = VerificationModel(-2.0, tuple(np.linspace(-1, 2, len(VERIFICATION_INPUTS)).tolist()))
    save_calibration(path, replace(_calibration(), verification=model))
    assert load_calibration(path, "digest").verification == model
    save_calibration(path, _calibration())
    assert load_calibration(path, "digest").verification is None


def test_inputs_that_a_file_of_before_does_not_know_weigh_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    weights = tuple(np.linspace(-1, 2, len(VERIFICATION_INPUTS)).tolist())
    save_calibration(path, replace(_calibration(), verification=VerificationModel(-2.0, weights)))
    tensors = load_file(str(path))
    with safe_open(str(path), framework="np") as source:
        metadata = source.metadata()
    save_file(tensors | {"verification": tensors["verification"][:18].copy()}, str(path), metadata=metadata)
    before = load_calibration(path, "digest").verification
    assert before is not None
    assert before.weights == (*weights[:17], 0.0, 0.0)
    save_file(tensors | {"verification": tensors["verification"][:15].copy()}, str(path), metadata=metadata)
    with pytest.raises(WeightsError, match="weights are needed, got 14"):
        load_calibration(path, "digest")


def test_verification_is_the_logistic_of_its_terms() -> None:
    model = VerificationModel(-2.0, tuple(np.linspace(-1, 2, len(VERIFICATION_INPUTS)).tolist()))
    inputs = {name: 0.1 * number for number, name in enumerate(VERIFICATION_INPUTS)}
    logit = -2.0
    for number, weight in enumerate(model.weights):
        logit += weight * 0.1 * number
    assert model.probability(inputs) == pytest.approx(1 / (1 + math.exp(-logit)))
    with pytest.raises(ValueError, match="weights are needed, got 3"):
        VerificationModel(0.0, (1.0, 2.0, 3.0))


def test_file_of_other_codes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    save_calibration(path, _calibration())
    with pytest.raises(WeightsError, match="made for other codes") as caught:
        load_calibration(path, "another digest")
    assert "matcher.calibration=FILE" in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.safetensors: not a readable calibration file"):
        load_calibration(tmp_path / "absent.safetensors", "digest")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_file_that_was_cut_short(share: float, tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    save_calibration(path, _calibration())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match="not a readable calibration file"):
        load_calibration(path, "digest")


@pytest.mark.parametrize(
    "change",
    [
        {"background_codes": None},
        {"score": None},
        {"evidence": np.ones(4)},
        {"score": np.ones(6)},
        {"evidence": np.ones((5, 2))},
        {"evidence": np.array([1.0, -20.0, np.nan, -2.0, 4.0])},
        {"score": np.array([1.0, 2.0, np.inf, 0.0])},
        {"verification": np.ones(6)},
        {"verification": np.append(np.ones(10), np.nan)},
        {"background_codes": _codes(9)},
        {"background_codes": _codes(30).astype(np.int16)},
        {"background_codes": np.zeros((30, 64), dtype=np.uint8)},
        {"background_codes": np.zeros(3840, dtype=np.uint8)},
    ],
)
def test_damaged_contents_are_refused(change: dict[str, NDArray[np.generic] | None], tmp_path: Path) -> None:
    changed = {name: tensor for name, tensor in {**_tensors(), **change}.items() if tensor is not None}
    with pytest.raises(WeightsError, match=r"calibration\.safetensors: not a "):
        load_calibration(_write(tmp_path / "calibration.safetensors", changed), "digest")


def test_other_safetensors_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    with pytest.raises(WeightsError, match="not a calibration file of format calibration-1"):
        load_calibration(_write(path, _tensors(), format="calibration-0"), "digest")
    save_file(_tensors(), str(path))
    with pytest.raises(WeightsError, match="not a calibration file"):
        load_calibration(path, "digest")
    save_file({"weights": np.ones(3)}, str(path))
    with pytest.raises(WeightsError, match="not a readable calibration file"):
        load_calibration(path, "digest")


def test_false_alarms_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "calibration.safetensors"
    expected = FalseAlarms(3.0, 0.9, 0.5, 0.6, fitted_hours=2.0)
    save_calibration(path, replace(_calibration(), false_alarms=expected))
    assert load_calibration(path, "digest").false_alarms == expected
    save_calibration(path, _calibration())
    assert load_calibration(path, "digest").false_alarms is None


@pytest.mark.parametrize("numbers", [[1.0, 1.0], [1.0, 1.0, 1.0, 1.0, -2.0], [np.nan, 1.0, 1.0, 1.0, 1.0]])
def test_damaged_false_alarms_are_refused(tmp_path: Path, numbers: list[float]) -> None:
    changed = {**_tensors(), "false_alarms": np.array(numbers)}
    with pytest.raises(WeightsError, match="not a readable calibration file"):
        load_calibration(_write(tmp_path / "calibration.safetensors", changed), "digest")


def test_what_scores_come_from_has_a_digest() -> None:
    base = _calibration()
    same = replace(_calibration(), false_alarms=FalseAlarms(3.0, 0.9, 0.5, 0.6, fitted_hours=2.0))
    assert same.scores_digest == base.scores_digest
    others = [
        replace(base, codes="other"),
        replace(base, score=replace(SCORE, bias=0.0)),
        replace(base, evidence=EVIDENCE),
        replace(base, background_codes=_codes(30, seed=1)),
        replace(base, verification=VerificationModel(0.0, (1.0,) * len(VERIFICATION_INPUTS))),
    ]
    assert len({base.scores_digest, *(other.scores_digest for other in others)}) == 6
