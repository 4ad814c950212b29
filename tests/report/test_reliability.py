import csv
from pathlib import Path

import numpy as np
import pytest
from result_factory import console

from vdup.evaluation.reliability import brier_score, expected_calibration_error
from vdup.report.figure import can_draw
from vdup.report.reliability import JudgedScores, plot_reliability, print_reliability

ANSWERS = [(0.95, True, "a"), (0.97, True, "a"), (0.93, False, "b"), (0.32, False, "b"), (0.3, True, "c")]


def printed(judged: JudgedScores, wanted_error: float | None = None) -> list[str]:
    screen, text = console()
    print_reliability(judged, screen, wanted_error=wanted_error)
    return text.getvalue().splitlines()


def test_low_scores_are_left_out() -> None:
    judged = JudgedScores.of([*ANSWERS, (0.049, True, "d"), (0.05, False, "e")])
    assert judged.scores.tolist() == [0.95, 0.97, 0.93, 0.32, 0.3, 0.05]
    assert judged.right.tolist() == [True, True, False, False, True, False]
    assert judged.groups == ["a", "a", "b", "b", "c", "e"]


def test_shares_errors_and_intervals_are_printed() -> None:
    judged = JudgedScores.of(ANSWERS)
    lines = printed(judged, wanted_error=0.08)
    assert lines[0].split()[:5] == ["score", "mean", "score", "share", "right"]
    rows = {line.split()[0]: line.split()[1:5] for line in lines[1:11]}
    assert rows["0.9-1.0"] == ["0.950", "0.667", "2", "3"]
    assert rows["0.3-0.4"] == ["0.310", "0.500", "1", "2"]
    assert rows["0.4-0.5"] == ["-", "-", "0", "0"]
    bar = next(line for line in lines if line.startswith("0.9-1.0"))
    assert bar.count("#") == round(20 * 2 / 3)
    assert bar.rstrip().endswith("#      |")
    error = expected_calibration_error(judged.scores, judged.right)
    assert lines[11].startswith(f"expected calibration error: {error:.4f}, 95% interval 0.")
    assert lines[11].endswith("(wanted: at most 0.08)")
    assert lines[12].startswith(f"Brier score: {brier_score(judged.scores, judged.right):.4f}, 95% interval 0.")
    assert not any("wanted" in line for line in printed(judged))


def test_nothing_was_found() -> None:
    lines = printed(JudgedScores.of([]))
    assert lines[11] == "expected calibration error: nan, 95% interval nan to nan"


def test_the_diagram_leaves_its_numbers(tmp_path: Path) -> None:
    written = plot_reliability(tmp_path / "diagram.png", JudgedScores.of(ANSWERS))
    header, low, high = csv.reader((tmp_path / "diagram.csv").read_text().splitlines())
    assert header == ["lowest", "highest", "mean_score", "share_right", "right", "segments"]
    assert [float(cell) for cell in low] == pytest.approx([0.3, 0.4, 0.31, 0.5, 1, 2])
    assert [float(cell) for cell in high] == pytest.approx([0.9, 1.0, 0.95, 2 / 3, 2, 3])
    assert (tmp_path / "diagram.png" in written) is can_draw()
    plot_reliability(tmp_path / "empty.png", JudgedScores(np.zeros(0), np.zeros(0, dtype=np.bool_), []))
    assert len((tmp_path / "empty.csv").read_text().splitlines()) == 1
