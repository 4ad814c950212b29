from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import query_help
from vdup.config import QueryJobConfig
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError
from vdup.evaluation.summary import Summary, summarise

TRUTH = [Segment("Q0", "R0", 0.0, 5.0, 1.0, 6.0), Segment("Q1", "R1", 0.0, 5.0, 1.0, 6.0)]


def test_every_help_is_a_default_of_the_query_command() -> None:
    config = QueryJobConfig(videos=Path("v"))
    switched_off = dict(setting.split("=") for row in query_help.HELPS for setting in row.settings)
    assert switched_off == {
        "matcher.mirror": "false",
        "matcher.panels": "false",
        "sampling.query_fps": "1",
        "sampling.crop_bars": "false",
    }
    assert config.matcher.mirror
    assert config.matcher.panels
    assert config.sampling.query_fps == 2
    assert config.sampling.crop_bars


def test_prints_one_row_a_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[Path, tuple[str, ...]]] = []

    def measure(root: Path, library: Path, overrides: Sequence[str]) -> tuple[Summary, float]:
        calls.append((library, tuple(overrides)))
        return summarise(TRUTH, [], {}, 0.5), 10.0 * len(calls)

    monkeypatch.setattr(query_help, "measure", measure)
    monkeypatch.setenv("COLUMNS", "160")
    assert query_help.main(["root=made up", "library=mine", "backbone.device=cpu"]) == 0
    shown = capsys.readouterr().out
    for place, row in enumerate(query_help.HELPS, start=1):
        [line] = [line for line in shown.splitlines() if f" {row.name} " in line]
        assert f" {10 * place} " in line
    assert [overrides for _, overrides in calls] == [("backbone.device=cpu", *row.settings) for row in query_help.HELPS]
    assert [library == Path("mine") for library, _ in calls] == [not row.shapes_library for row in query_help.HELPS]


def test_wrong_use_and_missing_truth_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert query_help.main(["library=x"]) == 2
    assert "usage:" in capsys.readouterr().err

    def measure(*_: object) -> tuple[Summary, float]:
        raise ConfigError("gt.csv is missing")

    monkeypatch.setattr(query_help, "measure", measure)
    assert query_help.main([f"root={tmp_path}"]) == 1
    assert "gt.csv is missing" in capsys.readouterr().err
