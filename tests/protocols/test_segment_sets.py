"""VCSL, VSC2022 and folders with gt.csv, from the publishers' form to numbers worked out by hand."""

import json
from pathlib import Path

import pytest
from evaluation_runs import answers, run
from miniature_datasets import SEGMENTS_HEADER, write, write_descriptors

from vdup.config import FolderDatasetConfig, VCSLDatasetConfig, VSC2022DatasetConfig
from vdup.errors import ConfigError
from vdup.matchers.base import Box, Comparison

VCSL = VCSLDatasetConfig(name="vcsl")
FOLDER = FolderDatasetConfig(name="folder")
EPSILON = 1e-6


def test_vcsl(tmp_path: Path) -> None:
    """q1, r1: 20 s predicted, all right, of 30 s that are true; q2, r1: a false alarm; r2 is missing."""
    table = {
        ("q1", "r1"): Comparison(0.9, boxes=(Box(0, 20, 10, 30, 0.9),)),
        ("q2", "r1"): Comparison(0.3, boxes=(Box(0, 5, 0, 5, 0.3),)),
    }
    matcher = answers(table)
    found = run(tmp_path, VCSL, matcher)
    precision, recall = (20 / (20 + EPSILON)) ** 2, (20 / (30 + EPSILON)) ** 2
    expected = {
        "precision (micro)": precision / 2,
        "recall (micro)": recall,
        "F1 (micro)": 2 * precision / 2 * recall / (precision / 2 + recall),
        "precision (macro)": precision / 2,
        "recall (macro)": (recall + 1) / 2,
        "false rejection rate": 0.0,
        "false alarm rate": 1.0,
        "pairs evaluated": 2,
        "pairs missing": 1,
    }
    assert {name: found.measures[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert found.presence("references") == (1, 1)
    assert len(matcher.compared) == 2
    assert "TransVCL" in found.out


def test_vcsl_with_a_file_of_boxes(tmp_path: Path) -> None:
    """A perfect answer for q1, r1; nothing for q1, r2; the third pair is not in the file."""
    (tmp_path / "p.json").write_text(json.dumps({"q1-r1": [[0, 10, 20, 30, 0.5], [30, 50, 40, 60, 0.5]], "q1-r2": []}))
    found = run(tmp_path, VCSL, predictions=tmp_path / "p.json")
    whole = (30 / (30 + EPSILON)) ** 2
    assert found.measures["precision (micro)"] == pytest.approx(whole, abs=1e-9)
    assert found.measures["recall (micro)"] == pytest.approx(whole / 2, abs=1e-9)
    assert found.measures["precision (macro)"] == pytest.approx((whole + 1) / 2, abs=1e-9)
    assert found.measures["false rejection rate"] == 0.5
    assert found.measures["false alarm rate"] is None
    assert "lacks 1 pairs" in found.out


def test_vcsl_validation_has_no_published_figures(tmp_path: Path) -> None:
    found = run(tmp_path, VCSLDatasetConfig(name="vcsl_val"), answers({}))
    assert found.document["published"] == []
    assert "No segment was predicted" in found.out
    (tmp_path / "p.json").write_text('{"x-y": []}')
    with pytest.raises(ConfigError, match="none of its pairs"):
        run(tmp_path, VCSL, predictions=tmp_path / "p.json")


def test_the_matching_track(tmp_path: Path) -> None:
    """Q100001, R100002 at .9: 8 s on both axes, 5 s of the 10 true ones right; Q100002, R100001 at .5: 4 s, wrong.

    At .9: P = 5/8, R = 5/10. At .5 recall stays.
    """
    table = {
        ("Q100001", "R100002"): Comparison(0.9, boxes=(Box(7.5, 15.5, 35, 43, 0.9),)),
        ("Q100002", "R100001"): Comparison(0.5, boxes=(Box(0, 4, 0, 4, 0.5),)),
    }
    found = run(tmp_path, VSC2022DatasetConfig(name="vsc2022"), answers(table), plots=tmp_path / "p")
    assert found.measures["segment AP"] == pytest.approx(5 / 8 * 5 / 10, abs=1e-9)
    assert found.measures["pair micro-AP"] == 1.0
    assert found.measures["segments wrong on queries without truth"] == 1
    assert found.measures["queries without truth"] == 1  # Q100003 is missing
    assert found.measures["queries without truth, share with an alarm"] == 1.0
    assert found.presence("queries") == (2, 1)
    assert "0.9153" in found.out
    assert (tmp_path / "p" / "precision_recall.csv").read_text().splitlines()[1] == "segments,0.5,0.625"


def _predictions(path: Path, *rows: str) -> Path:
    write(path, f"{SEGMENTS_HEADER},score", *rows)
    return path


def test_a_folder_with_a_file_of_segments(tmp_path: Path) -> None:
    """Found: the 10.28 s of Q0 (its file's name is as good as its id); a wrong one on Q2; Q1 and Q3 are not found."""
    file = _predictions(tmp_path / "p.csv", "Q0.mp4,R1.mp4,4.84,15.12,0,10.28,0.9", "Q2.mkv,R0.mp4,0,5,0,5,0.7")
    found = run(tmp_path, FOLDER, predictions=file)
    assert found.measures["segment AP"] == pytest.approx(10.28 / 20.28, abs=1e-9)
    assert found.measures["pair micro-AP"] == pytest.approx(1 / 3, abs=1e-9)
    assert found.measures["segments reported"] == 2
    assert found.measures["queries without truth, share with an alarm"] == 1.0
    assert found.presence("queries") == (4, 0)
    by_edit = {row[0]: row[1:5] for row in found.document["breakdowns"][0]["rows"]}
    assert by_edit == {"crop": ["2", "2", "1", "0.500"], "combined": ["1", "1", "0", "0.000"]}
    assert found.document["published"] == []
    above = run(tmp_path, FolderDatasetConfig(name="folder", threshold=0.8), predictions=file)
    assert above.measures["segments reported"] == 1
    assert above.measures["queries without truth, share with an alarm"] == 0.0
    assert above.measures["segment AP"] == found.measures["segment AP"]
    assert "scores of 0.8 or more" in above.out


def test_truth_of_missing_videos(tmp_path: Path) -> None:
    """A method that finds all that is there: 15.28 of 20.28 s, everything among the videos that are there."""
    table = {
        ("Q0", "R1"): Comparison(0.9, boxes=(Box(4.84, 15.12, 0, 10.28, 0.9),)),
        ("Q1", "R1"): Comparison(0.8, boxes=(Box(0, 5, 20, 25, 0.8),)),
    }
    found = run(tmp_path, FOLDER, answers(table))
    assert found.measures["segment AP"] == pytest.approx(15.28 / 20.28, abs=1e-9)
    assert found.measures["segment AP (present videos)"] == pytest.approx(1.0, abs=1e-9)
    assert "True segments of missing videos: 1" in found.out


def _descriptor_files(folder: Path) -> VSC2022DatasetConfig:
    """Q100001's second vector is R100002's first; Q100002's is near to both references, and to the noise."""
    files = {
        "q": {"Q100001": [[0.0, 0.2, 0.9], [0.0, 1.0, 0.0]], "Q100002": [[1.1, 0.0, 0.0]]},
        "r": {"R100001": [[1.0, 0.0, 0.0]], "R100002": [[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]},
        "n": {"N1": [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]},
    }
    for name, features in files.items():
        write_descriptors(folder / f"{name}.npz", features)
    return VSC2022DatasetConfig(
        name="vsc2022", query_descriptors=folder / "q.npz", reference_descriptors=folder / "r.npz"
    )


def test_the_descriptor_track(tmp_path: Path) -> None:
    """Pairs: Q2, R1 at 1.1; Q1, R2 at 1 (right); Q2, R2 at .55; Q1, R1 at 0. Right at rank 2: 1/2."""
    found = run(tmp_path, _descriptor_files(tmp_path))
    assert found.measures["descriptor micro-AP"] == pytest.approx(1 / 2, abs=1e-9)
    assert found.measures["true pairs"] == found.measures["true pairs kept"] == 1
    assert found.measures["video pairs kept"] == 4
    assert found.document["protocol"] == "descriptor track (VSC2022)"
    assert found.presence("queries") == (2, 1)
    assert "0.6499" in found.out


def test_score_normalisation(tmp_path: Path) -> None:
    """The second dimension varies least in the noise and goes. Then Q1, R2: 0 or below; Q2, R1: 1 - 1 = 0.

    With unit length: Q1 is (0, 1) and nothing; R2 nothing and (1, 0); R1 (1, 0); noise (1, 0) and (0, 1). Q1's vectors
    less their similarity to the noise: 0 - 1 and 0 - 0; so Q1, R2 scores 0, like Q1, R1; Q2: 1 - 1 with R1, 1 - 1 with
    R2. All four pairs tie at 0, one is right: 1/4.
    """
    settings = _descriptor_files(tmp_path)
    settings.noise_descriptors = tmp_path / "n.npz"
    found = run(tmp_path, settings)
    assert found.measures["descriptor micro-AP"] == pytest.approx(1 / 4, abs=1e-9)
    assert found.measures["dimensions"] == 3
    assert "beta = 1" in found.out


def test_descriptor_files_that_do_not_fit(tmp_path: Path) -> None:
    settings = _descriptor_files(tmp_path)
    write_descriptors(tmp_path / "r.npz", {"R100001": [[1.0, 0.0]]})
    with pytest.raises(ConfigError, match="vectors of 2 dimensions, those of the queries have 3"):
        run(tmp_path, settings)
    settings = _descriptor_files(tmp_path)
    settings.noise_descriptors = settings.reference_descriptors
    with pytest.raises(ConfigError, match="R100001 is a reference as well"):
        run(tmp_path, settings)
    settings.noise_descriptors, settings.noise_neighbours = tmp_path / "n.npz", 3
    with pytest.raises(ConfigError, match="fewer than"):
        run(tmp_path, settings)
    with pytest.raises(ConfigError, match="given together"):
        VSC2022DatasetConfig(name="vsc2022", query_descriptors=tmp_path)
    with pytest.raises(ConfigError, match="noise_descriptors needs"):
        VSC2022DatasetConfig(name="vsc2022", noise_descriptors=tmp_path)
