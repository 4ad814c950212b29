"""The benchmark's printing, on a folder with labels only."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.copybench", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_prints_the_measures_of_given_predictions(tmp_path: Path) -> None:
    header = "query_id,ref_id,query_start,query_end,ref_start,ref_end"
    (tmp_path / "gt.csv").write_text(f"{header}\nQ0,R0,0,10,0,10\nQ1,R1,0,10,0,10\n", encoding="utf-8")
    (tmp_path / "edits.csv").write_text("query_id,edit\nQ0,crop\nQ1,flip\nQ2,none\n", encoding="utf-8")
    predictions = tmp_path / "found.csv"
    predictions.write_text(
        f"{header},score\nQ0.mp4,R0.mp4,0,10,0,10,0.9\nQ2.mp4,R0.mp4,0,10,0,10,0.7\n", encoding="utf-8"
    )
    result = run(f"root={tmp_path}", f"predictions={predictions}", "matcher.threshold=0.8")
    assert result.returncode == 0, result.stderr
    assert "0.5000" in next(line for line in result.stdout.splitlines() if "pair micro-AP" in line)
    assert "scores of 0.8 or more" in result.stdout
    crop = next(line for line in result.stdout.splitlines() if line.startswith("crop"))
    assert crop.split() == ["crop", "1", "1", "1", "1.000", "1.000"]
    assert "none" not in result.stdout


def test_says_what_is_missing(tmp_path: Path) -> None:
    assert "usage" in run().stderr
    assert "gt.csv cannot be read" in run(f"root={tmp_path}").stderr
