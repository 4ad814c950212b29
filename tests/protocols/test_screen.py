"""What is printed and written of an outcome, and that published figures stand under names that are measured."""

import io
import json
import math
from functools import partial
from pathlib import Path

import pytest
from evaluation_runs import answers, run
from rich.console import Console

from vdup.config import (
    CCWebVideoDatasetConfig,
    DatasetConfig,
    DataSourceConfig,
    EvaluateJobConfig,
    EVVEDatasetConfig,
    FIVRDatasetConfig,
    FolderDatasetConfig,
    RecordingsDatasetConfig,
    VCDBDatasetConfig,
    VCSLDatasetConfig,
    VSC2022DatasetConfig,
)
from vdup.datasets.base import Presence, Skipped
from vdup.errors import ConfigError
from vdup.matchers.base import Comparison
from vdup.protocols.files import check_json_output, draw_plots, write_outcome
from vdup.protocols.outcome import Breakdown, Measure, Outcome, Published
from vdup.protocols.screen import print_outcome
from vdup.report.plots import plot_score_histogram

OUTCOME = Outcome(
    dataset="Set \x1b[31m",
    protocol="protocol",
    definition="What it is.",
    answers="matcher tmk",
    queries=Presence(3, 1),
    references=Presence(5, 0),
    measures=(Measure("mAP", 0.25), Measure("pairs", 7), Measure("nothing", math.nan)),
    breakdowns=(
        Breakdown("by kind", ("kind", "found"), (("a", "1"),)),
        Breakdown("long", ("x",), (("hidden",),), on_screen=False),
    ),
    published=(
        Published("old", {"mAP": 0.5}, "A paper", "comparable if so"),
        Published("new", {"mAP": 0.75, "other": 0.125}, "A paper", "comparable if so"),
        Published("third", {"other": 0.5}, "Another", "never"),
    ),
    notes=("A note.",),
    skipped=(Skipped("are broken", ("f:1", "f:2")),),
    unreadable={"bad": "not a video"},
    plots={"scores": partial(plot_score_histogram, copies=[0.5], others=[])},
)


def printed(outcome: Outcome) -> str:
    text = io.StringIO()
    print_outcome(outcome, Console(file=text, width=200))
    return text.getvalue()


def test_screen() -> None:
    text = printed(OUTCOME)
    assert "\x1b" not in text
    assert "queries: 3 present, 1 missing; references: 5 present, 0 missing" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["mAP", "0.2500"] in rows
    assert ["pairs", "7"] in rows
    assert ["nothing", "-"] in rows
    assert ["this", "run", "0.2500", "-"] in rows
    assert ["old", "0.5000", "-", "1"] in rows
    assert ["new", "0.7500", "0.1250", "1"] in rows
    assert ["third", "-", "0.5000", "2"] in rows
    assert "1: A paper; comparable if so" in text
    assert "2: Another; never" in text
    assert "A note." in text
    assert "annotations left out: 2, which are broken" in text
    assert "counted as missing: bad" in text
    assert "not comparable" in text
    assert "hidden" not in text


def test_nothing_missing_is_not_told() -> None:
    outcome = Outcome("D", "p", "d", "a", Presence(1, 0), Presence(1, 0), ())
    assert "missing:" not in printed(outcome)
    assert "not comparable" not in printed(outcome)


def test_files(tmp_path: Path) -> None:
    config = EvaluateJobConfig(dataset=FolderDatasetConfig(name="folder"), data=DataSourceConfig(root=tmp_path))
    config.store.api_key = "secret"
    write_outcome(tmp_path / "o.json", OUTCOME, config)
    text = (tmp_path / "o.json").read_text()
    document = json.loads(text)
    assert document["measures"] == {"mAP": 0.25, "pairs": 7, "nothing": None}
    assert document["queries"] == {"present": 3, "missing": 1}
    assert document["published"][2] == {
        "method": "third",
        "values": {"other": 0.5},
        "source": "Another",
        "comparable": "never",
    }
    assert document["breakdowns"][1]["rows"] == [["hidden"]]
    assert document["skipped"] == [{"reason": "are broken", "places": ["f:1", "f:2"]}]
    assert document["settings"]["dataset"]["kind"] == "FolderDatasetConfig"
    assert "secret" not in text
    files = draw_plots(OUTCOME, tmp_path / "plots")
    assert tmp_path / "plots" / "scores.csv" in files
    assert all(file.exists() for file in files)


def test_output_is_checked_first(tmp_path: Path) -> None:
    check_json_output(None)
    check_json_output(tmp_path / "o.json")
    with pytest.raises(ConfigError, match=r"must end in \.json"):
        check_json_output(tmp_path / "o.csv")
    (tmp_path / "d.json").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        check_json_output(tmp_path / "d.json")


def test_an_outcome_finds_its_measures() -> None:
    assert OUTCOME.measure("pairs") == 7
    with pytest.raises(KeyError):
        OUTCOME.measure("unheard of")


@pytest.mark.parametrize(
    "dataset",
    [
        RecordingsDatasetConfig(name="madonna"),
        RecordingsDatasetConfig(name="climbing"),
        VCDBDatasetConfig(name="vcdb"),
        EVVEDatasetConfig(name="evve"),
        FIVRDatasetConfig(name="fivr_200k"),
        CCWebVideoDatasetConfig(name="cc_web_video"),
        VCSLDatasetConfig(name="vcsl"),
        VSC2022DatasetConfig(name="vsc2022"),
    ],
    ids=lambda dataset: dataset.name,
)
def test_published_figures_have_the_names_of_measures(dataset: DatasetConfig, tmp_path: Path) -> None:
    found = run(tmp_path, dataset, answers({}, Comparison(0.5, 0.0)))
    assert found.document["published"]
    optional = {"cc_c mAP", "cc*_c mAP"}  # without the file of cleaned labels
    for each in found.document["published"]:
        assert set(each["values"]) <= set(found.measures) | optional
        assert all(0 <= value <= 1 for value in each["values"].values())
        assert each["source"]
        assert each["comparable"]
