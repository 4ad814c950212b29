"""Madonna, Climbing and VCDB, from the publishers' form to numbers worked out by hand."""

import json
from pathlib import Path

import pytest
from evaluation_runs import alike, answers, run
from miniature_datasets import write_vcdb, write_vcdb_boxes
from stub_matcher import StubMatcher

from vdup.config import RecordingsDatasetConfig, VCDBDatasetConfig, VCDBMeasure
from vdup.errors import ConfigError
from vdup.matchers.base import Box, Comparison

MADONNA = RecordingsDatasetConfig(name="madonna")
KNOWN_BOUNDS = VCDBDatasetConfig(name="vcdb")
COPY_OVERLAP = VCDBDatasetConfig(name="vcdb", measure=VCDBMeasure.copy_overlap)
ONE, TWO, THREE = "cam1/one.mov", "cam2/two two.mp4", "cam3/three.avi"


def test_madonna(tmp_path: Path) -> None:
    """Camera 2 began 10.5 s after camera 1: what one shows at t, two shows at t - 10.5. Found is -10.1.

    one and two choose each other, error .4 s. three chooses one, with which it shares nothing: infinite. So of three
    videos none is below .1 s, two below 1 s and 10 s.
    """
    matcher = answers({(ONE, TWO): Comparison(0.9, -10.1), (ONE, THREE): Comparison(0.5, 3.0)}, Comparison(0.1, 0.0))
    found = run(tmp_path, MADONNA, matcher, plots=tmp_path / "p")
    assert found.code == 0
    assert [found.measures[f"error < {bound} s"] for bound in ("0.1", "1", "10")] == pytest.approx([0, 2 / 3, 2 / 3])
    assert found.presence("queries") == (3, 1)
    assert found.document["protocol"] == "localisation error (LAMV)"
    # Each two were compared once, only the stretches that count.
    assert len(matcher.compared) == 3
    assert (THREE, (2.0, 12.0)) in matcher.prepared
    assert "3 present, 1 missing" in found.out
    assert "33.91" not in found.out
    assert "0.3391" in found.out
    rows = (tmp_path / "p" / "error_over_offset.csv").read_text().splitlines()
    assert sorted(rows[1:]) == sorted(["-10.5,0.40000000000000036", "10.5,0.40000000000000036"])


def test_the_speed_of_an_alignment_is_turned_round_too(tmp_path: Path) -> None:
    """two = 2 one - 21 makes one = two / 2 + 10.5: exact where two is the query, 10.5 s off where one is."""
    matcher = answers({(ONE, TWO): Comparison(0.9, -21.0, speed=2.0)}, Comparison(0.1, 0.0))
    found = run(tmp_path, MADONNA, matcher)
    assert found.measures["error < 0.1 s"] == pytest.approx(1 / 3)


def test_climbing(tmp_path: Path) -> None:
    """a lies 10 s, b 40 s into the long video; a is found at 10.05, b at 49.9, the long video chooses a.

    Errors: a .05, long .05, b 9.9.
    """
    long = "ixus/longvid.avi"
    table = {(long, "a.mp4"): Comparison(0.9, -10.05), (long, "b.mp4"): Comparison(0.8, -49.9)}
    found = run(tmp_path, RecordingsDatasetConfig(name="climbing"), answers(table, Comparison(0.1, 0.0)))
    assert [found.measures[f"error < {bound} s"] for bound in ("0.1", "1", "10")] == pytest.approx([2 / 3, 2 / 3, 1])


def test_an_alignment_data_set_needs_offsets_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not tell offsets"):
        run(tmp_path, MADONNA, alike({}))
    with pytest.raises(ConfigError, match="leave it out"):
        run(tmp_path, MADONNA, predictions=tmp_path / "p.json")
    with pytest.raises(ConfigError, match="does not tell offsets"):
        run(tmp_path / "vcdb", KNOWN_BOUNDS, alike({}))


def test_unreadable_videos_count_as_missing(tmp_path: Path) -> None:
    matcher = StubMatcher({}, Comparison(0.9, -10.5), unreadable=frozenset({THREE}))
    found = run(tmp_path, MADONNA, matcher)
    assert found.code == 1
    assert found.presence("queries") == (2, 2)
    assert found.document["unreadable"] == {THREE: "not a video"}
    assert found.measures["error < 0.1 s"] == 1.0
    assert f"could not be read, counted as missing: {THREE}" in found.out


def test_vcdb_with_known_bounds(tmp_path: Path) -> None:
    """goal in TransVCL's form: a 10-20 is b 30-40, a 40-50 is b 0-10, b 5-15 is a stretch of c, which is missing.

    Queries: whole a; a 10-20 and 40-50; b 30-40 and 0-10; b 5-15. a in b is put at + 20 s, b in a at - 20 s.
    a 0-60 at 20-80: overlaps both copies, right. a 10-20 at 30-40: right. a 40-50 at 60-70: missed, with score .9.
    b 30-40 at 10-20: right; b 0-10 at -20 - -10: missed, with score .8; b 5-15 overlaps b 0-10: missed, score .8.
    Positives: 3 right, 3 misses. At .9: P = 2/3, R = 2/6; at .8: P = 3/6, R = 3/6; at 0: P = 6/9, R = 1, F1 = .8.
    """
    matcher = answers({("a", "b"): Comparison(0.9, 20.0), ("b", "a"): Comparison(0.8, -20.0)})
    found = run(tmp_path, KNOWN_BOUNDS, matcher, write=write_vcdb_boxes)
    assert found.measures["best F1"] == pytest.approx(0.8, abs=1e-9)
    assert found.measures["precision at best F1"] == pytest.approx(6 / 9, abs=1e-9)
    assert found.measures["segments used as queries"] == 6
    assert found.measures["segments of missing videos"] == 1
    assert all(inside for _, _, inside in matcher.compared)
    assert all(query[0] != reference[0] for query, reference, _ in matcher.compared)


def test_vcdb_names_what_it_left_out(tmp_path: Path) -> None:
    found = run(tmp_path, KNOWN_BOUNDS, answers({}, Comparison(0.5, 0.0)))
    assert "beyond the end of a video" in found.out
    [broken] = [each for each in found.document["skipped"] if "beyond" in each["reason"]]
    assert broken["places"][0].endswith("obama_kicks_door.txt:1")


def test_vcdb_by_the_measure_of_vcsl(tmp_path: Path) -> None:
    """Of a and b, 5 of 10 predicted seconds are right on either axis, and 5 of 20 true ones."""
    matcher = answers({("a", "b"): Comparison(0.9, boxes=(Box(15, 25, 35, 45, 0.9),))})
    found = run(tmp_path, COPY_OVERLAP, matcher, write=write_vcdb_boxes)
    assert found.measures["precision (micro)"] == pytest.approx((5 / (10 + 1e-6)) ** 2, abs=1e-9)
    assert found.measures["recall (micro)"] == pytest.approx((5 / (20 + 1e-6)) ** 2, abs=1e-9)
    assert found.measures["pairs evaluated"] == found.measures["pairs missing"] == 1
    assert found.measures["false alarm rate"] is None
    assert "precision (macro)" not in found.measures


def test_vcdb_with_a_file_of_boxes(tmp_path: Path) -> None:
    """TransVCL's own form: a perfect answer for a and b, none for b and c."""
    (tmp_path / "p.json").write_text(json.dumps({"a-b": [[10, 30, 20, 40], [40, 0, 50, 10]], "b-c": [], "x-y": []}))
    found = run(tmp_path, COPY_OVERLAP, predictions=tmp_path / "p.json", write=write_vcdb_boxes)
    assert found.measures["precision (micro)"] == pytest.approx(1, abs=1e-6)
    assert found.measures["recall (micro)"] == pytest.approx(0.5, abs=1e-6)
    assert found.measures["false rejection rate"] == 0.5
    assert "1 pairs that are not of this data set" in found.out
    assert found.document["answers"] == f"file {tmp_path / 'p.json'}"


def test_vcdb_with_all_pairs(tmp_path: Path) -> None:
    """Four videos are there: six pairs, of which goal's a, b and the two of the other topic are copies."""
    settings = VCDBDatasetConfig(name="vcdb", measure=VCDBMeasure.copy_overlap, all_pairs=True)
    found = run(tmp_path, settings, answers({}, Comparison(0.1, boxes=(Box(0, 1, 0, 1, 0.1),))), write=write_vcdb)
    assert found.measures["pairs evaluated"] == 6
    assert found.measures["false alarm rate"] == 1.0
