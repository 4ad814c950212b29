import csv
import logging
import sys
from pathlib import Path

import pytest
from vdup.train.loop.epoch_record import EpochRecord
from vdup.train.loop.training_log import TrainingLog, draw_curves, to_csv

RECORDS = [
    EpochRecord(0, None, None, None, None, None, None, 0.5, 0.6, 0.4, 0.0, 1.25),
    EpochRecord(1, 0.1, 0.2, -0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1e-3, 2.5),
]


def test_table_has_a_line_an_epoch() -> None:
    rows = list(csv.DictReader(to_csv(EpochRecord, RECORDS).splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert [row["loss"] for row in rows] == ["", "0.1"]
    assert float(rows[1]["learning_rate"]) == 1e-3
    assert to_csv(EpochRecord, []).count("\n") == 1


def test_curves_are_a_picture() -> None:
    pytest.importorskip("matplotlib")
    start, both = draw_curves(EpochRecord, RECORDS[:1]), draw_curves(EpochRecord, RECORDS)
    assert start.startswith(b"\x89PNG")
    assert both.startswith(b"\x89PNG")
    assert start != both


def test_events_can_be_read_back(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = TrainingLog(tmp_path / "w.safetensors", EpochRecord)
    for record in RECORDS:
        log.add_event(record)
    events = accumulator.EventAccumulator(str(log.events))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("validation/recall")] == [
        (0, pytest.approx(0.4)),
        (1, pytest.approx(0.9)),
    ]
    assert [event.step for event in events.Scalars("losses/metric")] == [1]


def test_without_the_packages_the_table_is_written_and_the_rest_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for package in ("matplotlib", "tensorboard"):
        monkeypatch.setitem(sys.modules, package, None)
    with caplog.at_level(logging.WARNING):
        log = TrainingLog(tmp_path / "w.safetensors", EpochRecord)
        for count in (1, 2):
            log.write(RECORDS[:count])
            log.add_event(RECORDS[count - 1])
    assert [path.name for path in tmp_path.iterdir()] == ["w.log.csv"]
    assert len(caplog.records) == 2
    assert "install vdup[train]" in caplog.text
