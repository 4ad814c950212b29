from pathlib import Path

import pytest

from vdup.datasets.segment_csv import read_edits, read_ground_truth, read_predictions
from vdup.datasets.segments import ScoredSegment, Segment, overlap_in_area
from vdup.errors import ConfigError

TRUTH_HEADER = "query_id,ref_id,query_start,query_end,ref_start,ref_end\n"
PREDICTIONS_HEADER = "query_id,ref_id,query_start,query_end,ref_start,ref_end,score\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_truth_in_order(tmp_path: Path) -> None:
    path = written(tmp_path, TRUTH_HEADER + "Q1,R2,4.84,15.12,0.0,10.28\nQ0,R1, 1 ,2,3,4\n")
    assert read_ground_truth(path) == [
        Segment("Q1", "R2", 4.84, 15.12, 0.0, 10.28),
        Segment("Q0", "R1", 1.0, 2.0, 3.0, 4.0),
    ]


def test_reads_predictions_with_columns_in_any_order_and_more_of_them(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "\ufeffscore,speed,ref_id,query_id,query_start,query_end,ref_start,ref_end\n.5,1.0,R1.mp4,Q1.mp4,1,2,3,4\n",
    )
    assert read_predictions(path) == [ScoredSegment("Q1.mp4", "R1.mp4", 1.0, 2.0, 3.0, 4.0, 0.5)]


def test_strips_the_last_extension_only_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path, PREDICTIONS_HEADER + "a.b/Q.1.mp4,R1.mkv,1,2,3,4,.5\na.b/Q2,R2,1,2,3,4,.5\n")
    stripped = [(p.query_id, p.reference_id) for p in read_predictions(path, strip_extensions=True)]
    assert stripped == [("a.b/Q.1", "R1"), ("a.b/Q2", "R2")]
    assert read_predictions(path)[0].query_id == "a.b/Q.1.mp4"
    truth = written(tmp_path, TRUTH_HEADER + "Q1.mp4,R1.mp4,1,2,3,4\n")
    assert read_ground_truth(truth, strip_extensions=True)[0].query_id == "Q1"


def test_reads_edits(tmp_path: Path) -> None:
    path = written(tmp_path, "query_id,edit\nQ1.mp4,crop\nQ2.mp4,none\nQ1.mp4,blur+flip\n")
    assert read_edits(path, strip_extensions=True) == {"Q1": ["crop", "blur+flip"], "Q2": ["none"]}


def test_a_header_alone_is_no_segments(tmp_path: Path) -> None:
    assert read_ground_truth(written(tmp_path, TRUTH_HEADER)) == []
    assert read_predictions(written(tmp_path, PREDICTIONS_HEADER)) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Q1,R1,a,2,3,4,.5", "query_start must be a number, got 'a'"),
        ("Q1,R1,1,nan,3,4,.5", "query_end must be finite"),
        ("Q1,R1,2,1,3,4,.5", "query_end 1.0 lies before query_start 2.0"),
        ("Q1,R1,1,2,4,3,.5", "ref_end 3.0 lies before ref_start 4.0"),
        ("Q1,,1,2,3,4,.5", "ref_id is empty"),
        ("Q1,R1,1,2,3,4", "score is empty"),
        ("Q1,R1,1,2,3,4,inf", "score must be finite"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = written(tmp_path, f"{PREDICTIONS_HEADER}Q0,R0,1,2,3,4,.5\n{row}\n")
    with pytest.raises(ConfigError, match=r"rows\.csv:3: ") as caught:
        read_predictions(path)
    assert said in str(caught.value)


def test_a_true_segment_has_a_length_but_a_prediction_need_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rows\.csv:2: a true segment of no length"):
        read_ground_truth(written(tmp_path, TRUTH_HEADER + "Q1,R1,1,1,3,4\n"))
    assert len(read_predictions(written(tmp_path, PREDICTIONS_HEADER + "Q1,R1,1,1,3,3,.5\n"))) == 1


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rows\.csv:1: no column score"):
        read_predictions(written(tmp_path, TRUTH_HEADER))
    with pytest.raises(ConfigError, match="no column query_id"):
        read_ground_truth(written(tmp_path, ""))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.csv cannot be read"):
        read_ground_truth(tmp_path / "absent.csv")
    (tmp_path / "noise.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"noise\.csv is not a CSV file"):
        read_edits(tmp_path / "noise.csv")


def test_overlap_in_area_needs_both_axes_and_more_than_a_point() -> None:
    box = Segment("Q", "R", 0, 10, 100, 110)
    assert overlap_in_area(box, Segment("Q", "R", 9, 20, 109, 120))
    assert not overlap_in_area(box, Segment("Q", "R", 10, 20, 100, 110))
    assert not overlap_in_area(box, Segment("Q", "R", 0, 10, 110, 120))
    assert not overlap_in_area(box, Segment("Q", "R", 5, 5, 100, 110))
