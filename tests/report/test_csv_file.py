import csv
import io
from pathlib import Path

from result_factory import found, match, nothing, unreadable

from vdup.datasets.segment_csv import read_predictions
from vdup.report.csv_file import best_first, to_csv


def test_columns_and_decimals() -> None:
    assert to_csv([found(match(score=0.123456789))]) == (
        "query_id,ref_id,query_start,query_end,ref_start,ref_end,score\n"
        "q.mp4,r.mp4,1.000,11.250,3661.500,3671.750,0.123457\n"
    )


def test_header_stands_without_matches() -> None:
    assert to_csv([nothing("a"), unreadable("b")]) == "query_id,ref_id,query_start,query_end,ref_start,ref_end,score\n"


def test_best_first_over_all_queries() -> None:
    results = [
        found(match("b", score=0.5), match("b", score=0.5, start=0.5), match("b", "a", score=0.5)),
        found(match("a", score=0.5), match("a", score=0.9)),
    ]
    order = [(one.score, one.query_id, one.reference_id, one.query_start_seconds) for one in best_first(results)]
    assert order == [
        (0.9, "a", "r.mp4", 1.0),
        (0.5, "a", "r.mp4", 1.0),
        (0.5, "b", "a", 1.0),
        (0.5, "b", "r.mp4", 0.5),
        (0.5, "b", "r.mp4", 1.0),
    ]


def test_any_name_survives() -> None:
    name = 'a, "b"\nä 日本.mp4'
    rows = list(csv.reader(io.StringIO(to_csv([found(match(name))]))))
    assert rows[1][0] == name


def test_the_evaluation_reads_it(tmp_path: Path) -> None:
    (tmp_path / "matches.csv").write_text(to_csv([found(match())]))
    [segment] = read_predictions(tmp_path / "matches.csv")
    assert (segment.query_id, segment.reference_end_seconds, segment.score) == ("q.mp4", 3671.75, 0.9)
