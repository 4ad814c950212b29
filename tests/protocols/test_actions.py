from pathlib import Path

import numpy as np
import pytest
import torch
from action_folder import write_action_set
from evaluation_runs import EvaluationRun, run

from vdup.config import ActionsDatasetConfig, DataSourceConfig, EvaluateJobConfig
from vdup.errors import ConfigError, WeightsError
from vdup.evaluate import evaluate
from vdup.hashing import hasher
from vdup.hashing.network import HashNetwork, HashShape, save_hash_network
from vdup.protocols.published import ACTION_HASHING

CODES = {
    "Across/v_Across_g00_c01": 0,
    "Across/v_Across_g01_c01": 1,
    "Down/v_Down_g00_c01": 3,
    "Down/v_Down_g01_c01": 255,
    "Across/v_Across_g02_c01": 0,
    "Down/v_Down_g02_c01": 1,
}
"""First byte of the code of each clip; the last two are the test clips."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_action_set(tmp_path / "data", training=2, test=1)
    torch.manual_seed(0)
    save_hash_network(tmp_path / "w.safetensors", HashNetwork(HashShape("mc3_18", 16, 2, 16)), {})
    return tmp_path


def evaluated(folder: Path) -> EvaluationRun:
    return run(folder, ActionsDatasetConfig(name="ucf101", weights=folder / "w.safetensors"))


def test_a_number_worked_out_by_hand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(self: hasher.VideoHasher, paths: list[Path]):  # type: ignore[no-untyped-def]
        for path in paths:
            name = f"{path.parent.name}/{path.stem}"
            yield path, np.array([CODES[name], 0], dtype=np.uint8)

    monkeypatch.setattr(hasher.VideoHasher, "hash_videos", codes)
    found = evaluated(folder)
    # Across: ranks 1 and 2. Down, code 1: Across g01 at 0, Across g00 and Down g00 tied at 1, Down g01 at 7.
    # In the order of the list Down g00 is third: (1/3 + 2/4) / 2. Over both orders: ((1/2 + 1/3) / 2 + 2/4) / 2.
    assert found.measures["mAP (ties: order of the list)"] == pytest.approx((1 + (1 / 3 + 2 / 4) / 2) / 2, abs=1e-9)
    expected = (1 + ((1 / 2 + 1 / 3) / 2 + 2 / 4) / 2) / 2
    assert found.measures["mAP (ties: expectation)"] == pytest.approx(expected, abs=1e-9)
    assert found.presence("queries") == (2, 0)
    assert found.presence("references") == (4, 0)
    assert "hashing of actions, 16 bits, 2 frames" in found.out


def test_missing_and_unreadable_clips_are_counted(folder: Path) -> None:
    (folder / "data" / "Across" / "v_Across_g00_c01.avi").unlink()
    (folder / "data" / "Down" / "v_Down_g00_c01.avi").write_text("no video")
    found = evaluated(folder)
    assert found.code == 1
    assert found.presence("references") == (2, 2)
    assert 0 <= found.measures["mAP (ties: expectation)"] <= 1


def test_published_figures_have_the_name_of_a_measure(folder: Path) -> None:
    assert set(ACTION_HASHING) == {"ucf101", "hmdb51", "jhmdb"}
    found = evaluated(folder)
    for each in found.document["published"]:
        assert set(each["values"]) <= set(found.measures)


def test_a_network_must_be_given(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.weights=FILE"):
        run(folder, ActionsDatasetConfig(name="ucf101"))
    with pytest.raises(WeightsError):
        run(folder, ActionsDatasetConfig(name="ucf101", weights=folder / "none.safetensors"))


def test_predictions_are_refused(folder: Path) -> None:
    settings = EvaluateJobConfig(
        dataset=ActionsDatasetConfig(name="ucf101", weights=folder / "w.safetensors"),
        data=DataSourceConfig(root=folder / "data"),
        predictions=folder / "p.json",
    )
    with pytest.raises(ConfigError, match="leave it out"):
        evaluate(settings)


def test_nothing_there(folder: Path) -> None:
    for clip in (folder / "data").rglob("*.avi"):
        clip.unlink()
    with pytest.raises(ConfigError, match="no test clip"):
        evaluated(folder)
