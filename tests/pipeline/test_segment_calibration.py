"""``vdup.calibrate level=segment`` on scripted films, and a query after it."""

import csv
import json
from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.calibrate import calibrate
from vdup.command import ALL_WELL
from vdup.config import CalibrateJobConfig, MatcherConfig, NoAggregationConfig, QueryJobConfig, SearchLevel
from vdup.errors import ConfigError
from vdup.pipeline import excerpts as excerpts_module
from vdup.pipeline.library_scores import measured_false_alarms
from vdup.query import query

PLAIN = NoAggregationConfig()


@pytest.fixture
def library(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of five films."""
    monkeypatch.setattr(excerpts_module, "DecoderPool", workshop.pool)
    monkeypatch.setattr(excerpts_module, "is_blank", lambda image: not image.any())
    monkeypatch.setattr(excerpts_module, "edited_frames", lambda frames, rng: frames)
    with workshop.open(aggregation=PLAIN) as opened:
        opened.index_all(workshop.films(5, 15.0))
    return workshop.library


def job(workshop: Workshop, **settings: object) -> CalibrateJobConfig:
    return CalibrateJobConfig(
        library=workshop.library,
        aggregation=PLAIN,
        level=SearchLevel.segment,
        matcher=workshop.matcher(),
        copies=1,
        **settings,  # type: ignore[arg-type]
    )


def ask(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, matcher: MatcherConfig) -> list[float]:
    """Scores of what is found of film 3, from the query command's JSON file, and the threshold behind them."""
    films = [workshop.film("copy", (3, 2, 10))]
    monkeypatch.setattr("vdup.video.discover.find_videos", lambda _path: films)
    output = workshop.folder / "found.json"
    config = QueryJobConfig(
        library=workshop.library, videos=films[0][1], output=output, aggregation=PLAIN, matcher=matcher
    )
    assert query(config) == ALL_WELL
    document = json.loads(output.read_text())
    return [*(match["score"] for match in document["matches"]), document["queries"][0]["threshold"]]


def test_queries_use_the_false_segments_that_were_measured(
    workshop: Workshop, library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = workshop.matcher(false_alarms=50.0)
    with pytest.raises(ConfigError, match=r"vdup\.calibrate level=segment"):
        ask(workshop, monkeypatch, strict)
    plot = workshop.folder / "diagram.png"
    assert calibrate(job(workshop, plot=plot)) == ALL_WELL
    captured = capsys.readouterr()
    assert "calibrating: 5 of 5 videos" in captured.err
    assert "5 excerpts" in captured.out
    assert "expected calibration error" in captured.out
    assert f"kept in {library} for queries" in captured.out
    rows = list(csv.DictReader(plot.with_suffix(".csv").read_text().splitlines()))
    assert sum(int(row["right"]) for row in rows) == 5
    told = next(line for line in captured.out.splitlines() if line.startswith("matcher.false_alarms=1:"))

    score, threshold = ask(workshop, monkeypatch, workshop.matcher(false_alarms=1.0, threshold=0.0))[-2:]
    assert f"threshold {threshold:.4f}," in told
    assert f"reported from score {threshold:.4f} on" in capsys.readouterr().out
    assert score >= threshold
    *_, lower = ask(workshop, monkeypatch, strict)
    assert lower < threshold


def test_what_is_not_kept(workshop: Workshop, library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate(job(workshop, store_threshold=False)) == ALL_WELL
    assert "is not kept" in capsys.readouterr().out
    with workshop.open(aggregation=PLAIN) as opened:
        assert measured_false_alarms(opened.folder.catalogue, workshop.calibration()) is None
