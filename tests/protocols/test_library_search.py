"""A folder of scripted films, searched by vdup itself: the numbers are those of the commands that users type."""

import json
from pathlib import Path

import pytest
from miniature_datasets import SEGMENTS_HEADER, write
from pipeline.workshop import Stretch, Workshop

from vdup.config import (
    DataSourceConfig,
    EvaluateJobConfig,
    FolderDatasetConfig,
    IndexJobConfig,
    NoAggregationConfig,
    QueryJobConfig,
)
from vdup.index import index
from vdup.protocols.answers import Workplace
from vdup.protocols.outcome import Outcome
from vdup.protocols.run import evaluate_dataset
from vdup.query import query

FILMS: dict[str, tuple[Stretch, ...]] = {
    "refs/R0.mp4": ((1, 0, 20),),
    "refs/R1.mp4": ((2, 0, 20),),
    "refs/R2.mp4": ((3, 0, 15),),
    "queries/Q0.mp4": ((9, 0, 4), (1, 5, 8)),
    "queries/Q1.mp4": ((2, 3, 6),),
    "queries/Q2.mp4": ((8, 0, 6),),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, parts in FILMS.items():
        write(tmp_path / "data" / name, json.dumps(parts))
    write(tmp_path / "data" / "gt.csv", SEGMENTS_HEADER, "Q0,R0,4,12,5,13", "Q1,R1,0,6,3,9")
    write(tmp_path / "data" / "edits.csv", "query_id,edit", "Q0,insert", "Q1,trim", "Q2,none")
    return tmp_path / "data"


def evaluated(config: EvaluateJobConfig, told: list[tuple[str, int, int]] | None = None) -> Outcome:
    def never() -> None:
        raise AssertionError("no pairs are compared")

    def progress(name: str, done: int, total: int, failure: str | None) -> None:
        if told is not None:
            told.append((name, done, total))

    return evaluate_dataset(Workplace(config, never, progress))  # type: ignore[arg-type]


def test_equals_indexing_and_searching_by_the_commands(root: Path, workshop: Workshop, tmp_path: Path) -> None:
    matcher = workshop.matcher()
    source = DataSourceConfig(root=root)
    told: list[tuple[str, int, int]] = []
    own = evaluated(
        EvaluateJobConfig(
            dataset=FolderDatasetConfig(name="folder"), data=source, matcher=matcher, work=tmp_path / "work"
        ),
        told,
    )
    assert own.measure("segments found") == 1.0
    assert own.measure("segment AP") > 0.5
    assert own.measure("queries without truth, share with an alarm") == 0.0
    assert [done for _, done, _ in told] == [1, 2, 3, 4, 5, 6]
    assert {total for _, _, total in told} == {6}

    workshop.stored.clear()
    none = NoAggregationConfig()
    assert index(IndexJobConfig(videos=root / "refs", library=tmp_path / "lib", aggregation=none)) == 0
    matches = tmp_path / "found.csv"
    settings = QueryJobConfig(
        videos=root / "queries", library=tmp_path / "lib", matcher=matcher, output=matches, aggregation=none
    )
    assert query(settings) == 0
    threshold = FolderDatasetConfig(name="folder", threshold=matcher.threshold)
    other = evaluated(EvaluateJobConfig(dataset=threshold, data=source, predictions=matches))
    # The file has times with three decimals.
    for measure in own.measures:
        assert other.measure(measure.name) == pytest.approx(measure.value, abs=1e-3)


def test_a_second_run_takes_the_library_over(root: Path, workshop: Workshop, tmp_path: Path) -> None:
    config = EvaluateJobConfig(
        dataset=FolderDatasetConfig(name="folder"),
        data=DataSourceConfig(root=root),
        matcher=workshop.matcher(),
        work=tmp_path / "work",
    )
    first = evaluated(config)
    assert set(workshop.take_decoded()) == {Path(name).name for name in FILMS}
    assert evaluated(config).measures == first.measures
    assert set(workshop.take_decoded()) == {"Q0.mp4", "Q1.mp4", "Q2.mp4"}


def test_films_that_cannot_be_decoded_count_as_missing(root: Path, workshop: Workshop, tmp_path: Path) -> None:
    (root / "refs" / "R1.mp4").write_text("no film")
    (root / "queries" / "Q2.mp4").write_text("no film")
    config = EvaluateJobConfig(
        dataset=FolderDatasetConfig(name="folder"),
        data=DataSourceConfig(root=root),
        matcher=workshop.matcher(),
        work=tmp_path / "work",
    )
    outcome = evaluated(config)
    assert set(outcome.unreadable) == {"R1", "Q2"}
    assert (outcome.queries.missing, outcome.references.missing) == (1, 1)
    assert outcome.measure("segments found") == 0.5
    assert outcome.measure("segment AP (present videos)") > outcome.measure("segment AP")
