import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from vdup.train.loop.checkpoint import (
    Checkpoint,
    check_same_run,
    load_checkpoint,
    save_checkpoint,
    write_atomically,
)
from vdup.train.loop.epoch_record import EpochRecord

from vdup.errors import ConfigError, WeightsError

START = EpochRecord(0, None, None, None, None, None, None, 0.5, 0.6, 0.4, 0.0, 1.25)
FIRST = EpochRecord(1, 0.1, 0.2, -0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1e-3, 2.5)


def sample() -> Checkpoint[EpochRecord]:
    tensors = {"model.a": torch.arange(6).reshape(2, 3).float(), "optimiser.0.step": torch.tensor(3.0)}
    return Checkpoint({"seed": 1, "loss": "x", "limit": None}, (START, FIRST), {"scale": 2.0}, tensors)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, sample())
    found = load_checkpoint(path, EpochRecord)
    assert (found.settings, found.records, found.scaler) == (
        sample().settings,
        sample().records,
        sample().scaler,
    )
    assert found.tensors.keys() == sample().tensors.keys()
    for name, tensor in sample().tensors.items():
        assert torch.equal(found.tensors[name], tensor)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, sample())
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, sample())
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(WeightsError, match=r"not a usable checkpoint .*remove it to train from the start"):
        load_checkpoint(path, EpochRecord)
    with pytest.raises(WeightsError, match="not a usable checkpoint"):
        load_checkpoint(tmp_path / "missing.safetensors", EpochRecord)


@pytest.mark.parametrize(
    "header",
    [
        None,
        {"format": "training-0"},
        {"format": "training-1", "settings": {}, "records": [{"epoch": 1}], "scaler": {}},
        {"format": "training-1", "settings": {}},
    ],
)
def test_files_of_another_kind_are_refused(header: object, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    save_file({"model.a": torch.zeros(1)}, path, metadata=None if header is None else {"vdup": json.dumps(header)})
    with pytest.raises(WeightsError, match="not a usable checkpoint"):
        load_checkpoint(path, EpochRecord)


def test_other_settings_are_named() -> None:
    path = Path("c.safetensors")
    check_same_run(path, {"a": 1, "b": 2}, {"b": 2, "a": 1})
    with pytest.raises(ConfigError, match=r"other settings \(b was 2 and is 3\); give the same settings"):
        check_same_run(path, {"a": 1, "b": 2}, {"a": 1, "b": 3})
    with pytest.raises(ConfigError, match="a was 1 and is None"):
        check_same_run(path, {"a": 1}, {})
