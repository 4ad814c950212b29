import json
from dataclasses import replace
from pathlib import Path

from result_factory import found, match, nothing, unreadable

from vdup.config import GeMConfig, MatcherConfig, QueryJobConfig, StoreConfig
from vdup.report.json_file import SCHEMA_VERSION, to_json, to_json_lines
from vdup.types import Colour, Edits, Rectangle

CONFIG = QueryJobConfig(
    videos=Path("some/queries"),
    pooling=GeMConfig(power=2.5),
    store=StoreConfig(url="http://h:6333", api_key="secret"),
    matcher=MatcherConfig(threshold=0.25),
)


def test_one_document() -> None:
    results = [found(match("a.mp4", score=0.5)), nothing("b.mp4"), unreadable("c.mp4"), found(match("d.mp4"))]
    document = json.loads(to_json(results, CONFIG, "f1"))
    assert list(document) == [
        "schema_version",
        "vdup_version",
        "model_fingerprint",
        "settings",
        "queries",
        "matches",
    ]
    assert (document["schema_version"], document["model_fingerprint"]) == (SCHEMA_VERSION, "f1")
    assert document["vdup_version"]
    assert document["queries"] == [
        {"query_id": "a.mp4", "duration_seconds": 30.0, "matches": 1, "threshold": None, "error": None},
        {"query_id": "b.mp4", "duration_seconds": 12.0, "matches": 0, "threshold": 0.4, "error": None},
        {
            "query_id": "c.mp4",
            "duration_seconds": 0.0,
            "matches": 0,
            "threshold": None,
            "error": "not a video; check the file",
        },
        {"query_id": "d.mp4", "duration_seconds": 30.0, "matches": 1, "threshold": None, "error": None},
    ]
    assert [one["query_id"] for one in document["matches"]] == ["d.mp4", "a.mp4"]
    assert document["matches"][0] == {
        "query_id": "d.mp4",
        "reference_id": "r.mp4",
        "query_start_seconds": 1.0,
        "query_end_seconds": 11.25,
        "reference_start_seconds": 3661.5,
        "reference_end_seconds": 3671.75,
        "score": 0.9,
        "speed": 1.0,
        "identical": False,
        "edits": None,
        "evidence": {
            "frames_matched": 18,
            "frames_compared": 20,
            "mean_hamming_distance": 123.46,
            "tmk_score": 0.75,
            "time_offset_seconds": 3660.5,
            "mirrored": False,
            "panel": False,
            "picture": None,
            "score_inputs": None,
            "place_uncertain_seconds": None,
        },
    }


def test_what_a_score_was_computed_from() -> None:
    plain = match()
    assert plain.evidence is not None
    inputs = {"correlation": 0.12345, "still": -1.5}
    seen = replace(plain, evidence=replace(plain.evidence, score_inputs=inputs, place_uncertain_seconds=(10.0, 40.5)))
    [written] = json.loads(to_json([found(seen)], CONFIG, "f1"))["matches"]
    assert written["evidence"]["score_inputs"] == {"correlation": 0.1235, "still": -1.5}
    assert written["evidence"]["place_uncertain_seconds"] == [10.0, 40.5]


def test_settings_without_secrets() -> None:
    text = to_json([], CONFIG, "f1")
    settings = json.loads(text)["settings"]
    assert settings["kind"] == "QueryJobConfig"
    assert settings["videos"] == "some/queries"
    assert settings["pooling"] == {"kind": "GeMConfig", "power": 2.5}
    assert settings["backbone"]["precision"] == "auto"
    assert settings["matcher"]["threshold"] == 0.25
    assert "secret" not in text


def test_lines_stand_by_themselves() -> None:
    lines = to_json_lines([found(match(score=0.5), match(score=0.75))], "f1").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["score"] for record in records] == [0.75, 0.5]
    assert all(record["schema_version"] == SCHEMA_VERSION for record in records)
    assert all(record["model_fingerprint"] == "f1" for record in records)
    assert all(record["evidence"]["frames_compared"] == 20 for record in records)
    assert to_json_lines([nothing("a")], "f1") == ""


def test_a_number_that_json_lacks() -> None:
    [record] = map(json.loads, to_json_lines([found(match(distance=float("nan")))], "f1").splitlines())
    assert record["evidence"]["mean_hamming_distance"] is None


def test_names_are_readable_and_on_one_line() -> None:
    text = to_json_lines([found(match("ä 日本\n.mp4"))], "f1")
    assert "ä 日本\\n.mp4" in text
    assert text.count("\n") == 1


def test_what_was_done_to_a_picture() -> None:
    shown, fills = Rectangle(0.0, 0.25, 1.0, 0.5), Rectangle(0.123456, 0.0, 0.5, 1.0)
    edits = Edits(shown, fills, True, 90, 0.98765, Colour.grey, {"sharpness": 0.56789})
    [written] = json.loads(to_json([found(replace(match(), edits=edits))], CONFIG, "f1"))["matches"]
    assert written["edits"] == {
        "shown": {"top": 0.0, "left": 0.25, "height": 1.0, "width": 0.5},
        "fills": {"top": 0.1235, "left": 0.0, "height": 0.5, "width": 1.0},
        "mirrored": True,
        "turned_degrees": 90,
        "tilted_degrees": 0.0,
        "confidence": 0.9877,
        "confidence_inputs": {"sharpness": 0.5679},
        "colour": "grey",
    }
    plain = replace(edits, confidence_inputs=None, colour=None)
    [written] = json.loads(to_json([found(replace(match(), edits=plain))], CONFIG, "f1"))["matches"]
    assert (written["edits"]["colour"], written["edits"]["confidence_inputs"]) == (None, None)
