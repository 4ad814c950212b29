import csv
import json
from pathlib import Path

import pytest
from rich.console import Console

from vdup.config import QueryJobConfig, SearchLevel
from vdup.errors import VideoOpenError
from vdup.evaluation.operating_point import operating_points
from vdup.pipeline.video_searcher import VideoMatch, VideoSearchResult
from vdup.report.operating_points import plot_operating_points, print_operating_points
from vdup.report.video_matches import print_video_results, write_video_matches

RESULTS = [
    VideoSearchResult(
        "q1.mp4",
        (VideoMatch("q1.mp4", "a, b.mp4", 0.9, True, 0.5, 1 / 3), VideoMatch("q1.mp4", "c.mp4", 0.25, True, 0.0, 0.0)),
        seconds=4.0,
    ),
    VideoSearchResult("q2.mp4", (), VideoOpenError(Path("q2.mp4"), "no video"), 0.0),
    VideoSearchResult("q3.mp4", (VideoMatch("q3.mp4", "c.mp4", -0.5, False),), seconds=2.0),
]
CONFIG = QueryJobConfig(videos=Path("q"), level=SearchLevel.video)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "near.csv"
    write_video_matches(path, RESULTS, CONFIG, "f" * 64, 0.5)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["ref_id"] for row in rows] == ["a, b.mp4", "c.mp4", "c.mp4"]
    assert [row["near_duplicate"] for row in rows] == ["yes", "yes", "no"]
    assert [row["query_share"] for row in rows] == ["0.5000", "0.0000", ""]
    assert [row["reference_share"] for row in rows] == ["0.3333", "0.0000", ""]
    assert [float(row["similarity"]) for row in rows] == [0.9, 0.25, -0.5]


def test_json_and_lines(tmp_path: Path) -> None:
    write_video_matches(tmp_path / "near.json", RESULTS, CONFIG, "f" * 64, 0.5)
    document = json.loads((tmp_path / "near.json").read_text())
    assert document["threshold"] == 0.5
    assert [query["error"] for query in document["queries"]] == [None, "no video", None]
    assert [query["near_duplicates"] for query in document["queries"]] == [2, 0, 0]
    assert [match["query_share"] for match in document["matches"]] == [0.5, 0.0, None]
    assert [match["reference_share"] for match in document["matches"]] == [0.3333, 0.0, None]
    assert document["settings"]["level"] == "video"
    write_video_matches(tmp_path / "near.jsonl", RESULTS, CONFIG, "f" * 64, 0.5)
    lines = [json.loads(line) for line in (tmp_path / "near.jsonl").read_text().splitlines()]
    assert [{name: line[name] for name in document["matches"][0]} for line in lines] == document["matches"]


def test_table() -> None:
    console = Console(record=True, width=100)
    print_video_results(RESULTS, Path("lib"), 0.5, Path("near.csv"), 3, console)
    text = console.export_text()
    assert "1 of 3 queries have a near-duplicate in lib (similarity 0.500 or more)" in text
    assert "could not be read: q2.mp4" in text
    assert "without a vector of this kind, and not looked at: 3 videos of the library" in text
    assert "3 lines written to near.csv" in text
    assert "50%" in text
    assert "33%" in text
    assert "1 near-duplicate by similarity with no stretch in common" in text
    assert text.index("0.900") < text.index("0.250") < text.index("-0.500")


def test_thresholds_on_the_screen_and_in_files(tmp_path: Path) -> None:
    points = operating_points([0.9, 0.8, 0.4], [0.5, 0.3, 0.1])
    console = Console(record=True, width=100)
    print_operating_points(points, points[1], Path("lib"), console)
    text = console.export_text()
    [line] = [line for line in text.splitlines() if "chosen" in line]
    assert line.split()[:4] == ["0.8000", "1.000", "0.667", "0.800"]
    assert "near-duplicates from similarity 0.8000 on; kept in lib" in text
    assert "are missed" not in text
    print_operating_points(points, points[0], None, console)
    text = console.export_text()
    assert "not kept" in text
    assert "with it 67% of the near-duplicates are missed; ask for less with precision=0.9" in text
    pytest.importorskip("matplotlib")
    files = plot_operating_points(tmp_path / "curve.png", points, points[1])
    assert {file.name for file in files} == {"curve.png", "curve.csv"}
    rows = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [float(row["threshold"]) for row in rows] == sorted(point.threshold for point in points)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
