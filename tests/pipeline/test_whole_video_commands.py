"""The commands of whole-video search, on scripted films."""

import csv
from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.calibrate import calibrate
from vdup.command import ALL_WELL, FAILED
from vdup.config import (
    CalibrateJobConfig,
    MatcherConfig,
    MeanAggregationConfig,
    QueryJobConfig,
    SearchLevel,
    WholeVideoConfig,
)
from vdup.errors import ConfigError
from vdup.query import query

MEAN = MeanAggregationConfig()


@pytest.fixture
def library(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of five films."""
    for module in ("video_searcher", "threshold_pairs", "query_codes"):
        monkeypatch.setattr(f"vdup.pipeline.{module}.DecoderPool", workshop.pool)
    with workshop.open(aggregation=MEAN) as opened:
        opened.index_all(workshop.films(5))
    return workshop.library


def ask(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, output: Path, **settings: float) -> tuple[int, list[str]]:
    """Exit code, and the films that are near-duplicates of film 3."""
    films = [workshop.film("copy", (3, 0, 6))]
    monkeypatch.setattr("vdup.video.discover.find_videos", lambda _path: films)
    config = QueryJobConfig(
        library=workshop.library,
        videos=films[0][1],
        level=SearchLevel.video,
        output=output,
        aggregation=MEAN,
        whole_video=WholeVideoConfig(**settings),  # type: ignore[arg-type]
    )
    code = query(config)
    rows = list(csv.DictReader(output.read_text().splitlines()))
    return code, [row["ref_id"] for row in rows if row["near_duplicate"] == "yes"]


def test_queries_use_the_threshold_that_was_found(
    workshop: Workshop, library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = workshop.folder / "near.csv"
    assert ask(workshop, monkeypatch, output, threshold=-1.0)[1][0] == "film 3"
    assert len(ask(workshop, monkeypatch, output, threshold=-1.0)[1]) == 5
    job = CalibrateJobConfig(library=library, aggregation=MEAN, most_videos=5, copies=1, precision=1.0)
    assert calibrate(job) == ALL_WELL
    assert "kept in" in capsys.readouterr().out
    assert ask(workshop, monkeypatch, output) == (ALL_WELL, ["film 3"])
    assert "1 of 1 queries have a near-duplicate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("shares", "fits", "expected"),
    [(True, True, ["1.0000", "0.0000"]), (True, False, ["", ""]), (False, True, ["", ""])],
)
def test_shares_are_told_unless_switched_off_or_without_a_calibration(
    workshop: Workshop,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    shares: bool,
    fits: bool,
    expected: list[str],
) -> None:
    films = [workshop.film("copy", (3, 0, 6))]
    monkeypatch.setattr("vdup.video.discover.find_videos", lambda _path: films)
    config = QueryJobConfig(
        library=library,
        videos=films[0][1],
        level=SearchLevel.video,
        output=workshop.folder / "near.csv",
        aggregation=MEAN,
        whole_video=WholeVideoConfig(threshold=0.5, nearest=2, shares=shares),
        matcher=workshop.matcher() if fits else MatcherConfig(),
    )
    assert query(config) == ALL_WELL
    rows = list(csv.DictReader((workshop.folder / "near.csv").read_text().splitlines()))
    assert [row["query_share"] for row in rows] == expected
    assert [row["reference_share"] for row in rows] == expected
    assert ("made for other codes" in caplog.text) == (shares and not fits)


def test_labelled_pairs_and_a_threshold_that_is_not_kept(
    workshop: Workshop, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = workshop.film("copy", (1, 0, 6))[1]
    pairs = workshop.folder / "pairs.csv"
    pairs.write_text(f"video_a,video_b,duplicate\nfilm 1,{copy},1\nfilm 0,film 2,0\n")
    job = CalibrateJobConfig(library=library, aggregation=MEAN, pairs=pairs, store_threshold=False)
    assert calibrate(job) == ALL_WELL
    assert "not kept" in capsys.readouterr().out
    with workshop.open(aggregation=MEAN) as opened:
        assert opened.folder.catalogue.meta_text("video_threshold") is None


def test_a_query_that_cannot_be_read(
    workshop: Workshop, library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = workshop.folder / "broken"
    broken.write_text("no script")
    monkeypatch.setattr("vdup.video.discover.find_videos", lambda _path: [("broken", broken)])
    config = QueryJobConfig(library=library, videos=broken, level=SearchLevel.video, aggregation=MEAN)
    assert query(config) == FAILED
    assert "could not be read: broken" in capsys.readouterr().out


def test_settings_that_cannot_work() -> None:
    with pytest.raises(ConfigError, match=r"plot=curve\.pdf"):
        CalibrateJobConfig(plot=Path("curve.pdf"))
    with pytest.raises(ConfigError, match=r"precision=1\.5"):
        CalibrateJobConfig(precision=1.5)
