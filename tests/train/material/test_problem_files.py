"""The tables of a problem, written and read."""

from pathlib import Path

from vdup.train.material.problem_files import CopiedStretch, EditedQuery, read_edited, write_tables

from vdup.datasets.segment_csv import read_edits, read_ground_truth
from vdup.datasets.segments import Segment


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    edited = [EditedQuery("Q0", "crop+flip", "R1"), EditedQuery("Q1", "take:gray", "R0"), EditedQuery("Q2", "none", "")]
    write_tables(tmp_path, [CopiedStretch("Q0", "R1", 1.5, 4.0, 0.25, 2.75)], edited)
    assert read_edited(tmp_path / "edits.csv") == edited
    assert read_ground_truth(tmp_path / "gt.csv") == [Segment("Q0", "R1", 1.5, 4.0, 0.25, 2.75)]
    assert read_edits(tmp_path / "edits.csv") == {"Q0": ["crop+flip"], "Q1": ["take:gray"], "Q2": ["none"]}


def test_older_tables_tell_no_reference(tmp_path: Path) -> None:
    assert read_edited(tmp_path / "edits.csv") == []
    (tmp_path / "edits.csv").write_text("query_id,edit\nQ0,crop\n")
    assert read_edited(tmp_path / "edits.csv") == [EditedQuery("Q0", "crop", None)]
