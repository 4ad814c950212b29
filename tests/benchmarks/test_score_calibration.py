"""The benchmark's judging and printing, on folders with labels only."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.score_calibration import judge, main

HEADER = "query_id,ref_id,query_start,query_end,ref_start,ref_end"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Two folders; what was found stands beside each of them."""
    found = (
        "Q0.mp4,R0.mp4,0,10,0,10,0.95\nQ0.mp4,R1.mp4,0,10,0,10,0.93\nQ1.mp4,R0.mp4,0,10,0,10,0.04",
        "Q0.mp4,R0.mp4,0,10,5,15,0.35\nQ0.mp4,R0.mp4,0,10,20,30,0.33",
    )
    folders = []
    for name, rows in zip(("one", "two"), found, strict=True):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        (folders[-1] / "gt.csv").write_text(f"{HEADER}\nQ0,R0,0,10,0,10\nQ1,R1,0,10,0,10\n", encoding="utf-8")
        folders[-1].with_suffix(".csv").write_text(f"{HEADER},score\n{rows}\n", encoding="utf-8")
    return folders


def test_segments_of_all_folders_are_pooled(roots: list[Path]) -> None:
    judged = judge(roots, [root.with_suffix(".csv") for root in roots])
    assert judged.scores.tolist() == [0.95, 0.93, 0.35, 0.33]
    assert judged.right.tolist() == [True, False, True, False]
    assert judged.groups == [(0, "Q0"), (0, "Q0"), (1, "Q0"), (1, "Q0")]


def test_prints_the_measures_of_given_predictions(roots: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    files = ",".join(str(root.with_suffix(".csv")) for root in roots)
    plot = roots[0].parent / "plots" / "diagram.png"
    assert main([f"roots=[{roots[0]},{roots[1]}]", f"predictions=[{files}]", f"plot={plot}"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 segments from score 0.05 on, of 2 folders\n")
    error = (2 * abs(0.94 - 0.5) + 2 * abs(0.34 - 0.5)) / 4
    assert f"expected calibration error: {error:.4f}, 95% interval" in out
    assert "(wanted: at most 0.08)" in out
    assert plot.with_suffix(".csv").is_file()


def test_says_what_is_missing(roots: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.score_calibration"],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m benchmarks.score_calibration roots=")
    file = roots[0].with_suffix(".csv")
    assert main([f"roots=[{roots[0]},{roots[1]}]", f"predictions={file}"]) == 2
    assert main([f"roots={roots[0]}", f"predictions={file}", "work=there"]) == 2
    assert main([f"roots={roots[0].parent}", f"predictions={file}"]) == 1
    assert "gt.csv cannot be read" in capsys.readouterr().err
