"""Commands as benchmarks run them."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import commands
from benchmarks.commands import matches_of, run_command


def test_a_command_that_fails_is_told() -> None:
    assert run_command("vdup.query", "--help") > 0
    with pytest.raises(subprocess.CalledProcessError):
        run_command("vdup.query", "no_such_setting=1")


def test_settings_of_the_matcher_are_for_the_query_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []

    def noted(command: str, *settings: str) -> float:
        ran.append((command, *settings))
        (tmp_path / "matches.json").write_text(json.dumps({"matches": [{"score": 0.5}]}))
        return 0.0

    monkeypatch.setattr(commands, "run_command", noted)
    overrides = ["matcher.threshold=0.2", "backbone.device=cpu"]
    assert matches_of(tmp_path / "v", tmp_path / "q", tmp_path, overrides) == [{"score": 0.5}]
    assert [words[0] for words in ran] == ["vdup.index", "vdup.query"]
    assert ran[0][-1] == "backbone.device=cpu"
    assert "matcher.threshold=0.2" not in ran[0]
    assert list(ran[1][-2:]) == overrides
