"""EVVE, FIVR and CC_WEB_VIDEO, from the publishers' form to numbers worked out by hand."""

import json
from functools import partial
from pathlib import Path

import pytest
from evaluation_runs import alike, run
from miniature_datasets import CC_NAMES, write_cc_web_video, write_cc_web_video_pickle, write_evve_pickle
from stub_matcher import StubMatcher

from vdup.config import CCWebVideoDatasetConfig, EVVEDatasetConfig, FIVRDatasetConfig, QueryExpansionChoice
from vdup.errors import ConfigError
from vdup.matchers.base import Comparison

EVVE = EVVEDatasetConfig(name="evve")
EVVE_SCORES = {
    "-q1": {"n0": 0.9, "p1": 0.8, "d": 0.7, "n1": 0.6, "p2": 0.5},
    "q3": {"n1": 0.9, "d": 0.8, "p1": 0.3, "p2": 0.2, "n0": 0.1},
}


@pytest.mark.parametrize("source", ["matcher", "file"])
def test_evve(source: str, tmp_path: Path) -> None:
    """Official, ambiguous n0 left out: -q1 has p1 d n1 p2, ranks 0 and 3; q3 has n1 d ..., rank 1.

    videoalignment's, negatives left out: -q1 loses d: n0 p1 n1 p2, ranks 1 and 3; q3 loses n1: rank 0.
    """
    if source == "matcher":
        found = run(tmp_path, EVVE, alike(EVVE_SCORES), plots=tmp_path / "p")
    else:
        (tmp_path / "s.json").write_text(json.dumps({**EVVE_SCORES, "stranger": {"p1": 1.0}}))
        found = run(tmp_path, EVVE, predictions=tmp_path / "s.json", plots=tmp_path / "p")
    official = [(1 + (1 / 3 + 2 / 4) / 2) / 2, (0 + 1 / 2) / 2]
    other = [((0 + 1 / 2) / 2 + (1 / 3 + 2 / 4) / 2) / 2, 1.0]
    assert found.measures["mAP (official)"] == pytest.approx(sum(official) / 2, abs=1e-9)
    assert found.measures["avg-mAP (official)"] == pytest.approx(sum(official) / 2, abs=1e-9)
    assert found.measures["mAP (videoalignment)"] == pytest.approx(sum(other) / 2, abs=1e-9)
    assert found.presence("queries") == (2, 1)
    assert found.presence("references") == (5, 0)
    assert "the official script would give no total" in found.out
    assert "0.5836" in found.out
    assert found.document["breakdowns"][0]["rows"][1] == ["strokkur", "1", "1", "0.2500", "1.0000"]
    # Ambiguous videos are in neither histogram; two positives of -q1, one of q3.
    rows = [row.split(",") for row in (tmp_path / "p" / "scores.csv").read_text().splitlines()[1:]]
    assert (sum(int(row[2]) for row in rows), sum(int(row[3]) for row in rows)) == (3, 6)


def test_evve_without_some_positives(tmp_path: Path) -> None:
    """p2 cannot be read: of two positives one is found at rank 0; among those present that is all."""
    table = {(q, r): Comparison(value) for q, scores in EVVE_SCORES.items() for r, value in scores.items()}
    found = run(tmp_path, EVVE, StubMatcher(table, unreadable=frozenset({"p2"})))
    assert found.code == 1
    assert found.measures["mAP (official)"] == pytest.approx((1 / 2 + 1 / 4) / 2, abs=1e-9)
    assert found.measures["mAP (official, positives present)"] == pytest.approx((1 + 1 / 4) / 2, abs=1e-9)
    assert found.presence("references") == (4, 1)


def test_evve_in_the_form_of_visil(tmp_path: Path) -> None:
    """No negatives there: the second variant leaves nothing out. -q1: n0 p1 d n1 p2, ranks 1 and 4; q3: rank 1."""
    found = run(tmp_path, EVVE, alike(EVVE_SCORES), write=write_evve_pickle)
    expected = [((0 + 1 / 2) / 2 + (1 / 4 + 2 / 5) / 2) / 2, 1 / 4]
    assert found.measures["mAP (videoalignment)"] == pytest.approx(sum(expected) / 2, abs=1e-9)
    assert "have no negatives" in found.out


def test_expansion_needs_a_kernel(tmp_path: Path) -> None:
    settings = EVVEDatasetConfig(name="evve", expansion=QueryExpansionChoice.aqe)
    with pytest.raises(ConfigError, match="needs matcher=tmk"):
        run(tmp_path, settings, alike(EVVE_SCORES))
    with pytest.raises(ConfigError, match="cannot be expanded"):
        run(tmp_path, settings, predictions=tmp_path / "s.json")


FIVR_SCORES = {
    "q1": {"q1": 1.0, "x": 0.9, "n1": 0.8, "c1": 0.7, "d1": 0.6, "i1": 0.5, "q2": 0.1, "d3": 0.05},
    "q2": {"d3": 0.9, "q1": 0.1, "n1": 0.2, "d1": 0.3, "c1": 0.3, "i1": 0.1, "q2": 0.95, "x": 0.1},
}


@pytest.mark.parametrize("source", ["matcher", "file"])
def test_fivr(source: str, tmp_path: Path) -> None:
    """q1 ranks x n1 c1 d1 i1 ...; d2 is missing. q2 ranks d3 first and has no duplicate audio."""
    settings = FIVRDatasetConfig(name="fivr_200k")
    if source == "matcher":
        found = run(tmp_path, settings, alike(FIVR_SCORES), plots=tmp_path / "p")
    else:
        (tmp_path / "s.json").write_text(json.dumps(FIVR_SCORES))
        found = run(tmp_path, settings, predictions=tmp_path / "s.json", plots=tmp_path / "p")
    expected = {
        "DSVR mAP": ((1 / 2 + 2 / 4) / 2 + 1) / 2,
        "CSVR mAP": ((1 / 2 + 2 / 3 + 3 / 4) / 3 + 1) / 2,
        "ISVR mAP": ((1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 4 + 1) / 2,
        "DAVR mAP": 1 / 4,
    }
    assert found.measures == pytest.approx(expected, abs=1e-9)
    assert found.presence("references") == (8, 1)
    assert found.document["breakdowns"][0]["rows"][3] == ["DAVR", "1", "1"]
    curve = found.document["breakdowns"][1]
    assert curve["columns"] == ["recall", "DSVR", "CSVR", "ISVR", "DAVR"]
    assert curve["rows"][20] == ["1.00", "0.7500", "0.8750", "0.9000", "0.2500"]
    assert "ViSiL_v" in found.out
    assert "DSVR,1.0,0.75" in (tmp_path / "p" / "precision_recall.csv").read_text()


def test_fivr_5k_has_no_published_figures_here(tmp_path: Path) -> None:
    found = run(tmp_path, FIVRDatasetConfig(name="fivr_5k"), alike(FIVR_SCORES))
    assert found.document["dataset"] == "FIVR-5K"
    assert found.document["published"] == []
    assert found.measures["DSVR mAP"] == pytest.approx((1 / 1 + 2 / 3) / 2, abs=1e-9)  # n1 c1 d1: no x in it


CC = CCWebVideoDatasetConfig(name="cc_web_video")
CC_SCORES = {
    "1": {"1": 1.0, "4": 0.9, "3": 0.8, "2": 0.7, "7": 0.1},
    "4": {"4": 1.0, "7": 0.9, "1": 0.3, "2": 0.2, "3": 0.1},
}


def _with_clean_labels(root: Path) -> None:
    write_cc_web_video(root)
    write_cc_web_video_pickle(root)


@pytest.mark.parametrize("source", ["matcher", "file"])
def test_cc_web_video(source: str, tmp_path: Path) -> None:
    """Set 1: 1 3 2, or 1 4 3 2 among all; without the doubtful 2 only the seed is left. Set 2: 4 7, both right."""
    measure = partial(run, tmp_path, CC, write=_with_clean_labels)
    if source == "matcher":
        found = measure(alike(CC_SCORES))
    else:
        named = {CC_NAMES[q]: {CC_NAMES[v]: score for v, score in scores.items()} for q, scores in CC_SCORES.items()}
        (tmp_path / "s.json").write_text(json.dumps(named))
        found = measure(predictions=tmp_path / "s.json")
    assert found.measures["cc mAP"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2, abs=1e-9)
    assert found.measures["cc* mAP"] == pytest.approx(((1 + 2 / 4) / 2 + 1) / 2, abs=1e-9)
    assert found.measures["cc_c mAP"] == found.measures["cc*_c mAP"] == pytest.approx(1.0, abs=1e-9)
    assert found.presence("references") == (5, 1)


def test_cc_web_video_without_clean_labels(tmp_path: Path) -> None:
    found = run(tmp_path, CC, alike(CC_SCORES))
    assert "cc_c mAP" not in found.measures
    assert "no cc_c, cc*_c" in found.out


def test_a_file_of_other_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"a": {"b": 1.0}}')
    with pytest.raises(ConfigError, match="none of its queries is a query of the data set, such as '1'"):
        run(tmp_path, CC, predictions=tmp_path / "s.json")


def test_no_video_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no query of the data set is there"):
        run(tmp_path, CC, alike({}), write=lambda root: write_cc_web_video(root, lambda path: None))
