import csv
import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from vdup.config import HashConfig, QueryJobConfig, SearchLevel
from vdup.errors import VideoOpenError
from vdup.pipeline.hash_lookup import HashMatch, HashSearchResult
from vdup.report.hash_matches import print_hash_results, write_hash_matches

RESULTS = [
    HashSearchResult("a.mp4", (HashMatch("a.mp4", "x, y.mp4", 0), HashMatch("a.mp4", "z.mp4", 7))),
    HashSearchResult("bad.mp4", (), VideoOpenError("bad.mp4", "not a video")),
]
CONFIG = QueryJobConfig(videos=Path("v"), level=SearchLevel.hash, hash=HashConfig(weights=Path("w")))


def test_the_three_kinds_of_file(tmp_path: Path) -> None:
    for suffix in (".csv", ".json", ".jsonl"):
        write_hash_matches(tmp_path / f"m{suffix}", RESULTS, CONFIG, 48)
    rows = list(csv.reader((tmp_path / "m.csv").read_text().splitlines()))
    assert rows == [["query_id", "ref_id", "distance_bits"], ["a.mp4", "x, y.mp4", "0"], ["a.mp4", "z.mp4", "7"]]
    document = json.loads((tmp_path / "m.json").read_text())
    assert document["bits"] == 48
    assert document["queries"][1] == {"query_id": "bad.mp4", "error": "not a video"}
    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [{**match, "schema_version": 1} for match in document["matches"]] == lines
    assert lines[1]["distance_bits"] == 7


def test_what_is_printed() -> None:
    text = StringIO()
    print_hash_results(RESULTS, 48, Path("m.csv"), missing=3, console=Console(file=text, width=100))
    lines = text.getvalue().splitlines()
    assert lines[0].split() == ["query", "nearest", "video", "distance", "of", "48", "bits"]
    assert lines[2].split() == ["a.mp4", "z.mp4", "7"]
    assert "could not be read: bad.mp4" in lines[3]
    assert "without a code of this network, and not looked at: 3 videos" in lines[4]
    assert lines[5] == "2 lines written to m.csv"
