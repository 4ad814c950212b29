import json
from pathlib import Path

import pytest

from vdup.datasets.predictions import read_pair_predictions, read_similarities
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError


def test_similarities(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"q1": {"-a": 0.5, "b": 1}, "q2": {}}')
    assert read_similarities(path) == {"q1": {"-a": 0.5, "b": 1}, "q2": {}}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([], "must be an object of similarities by query, got list"),
        ({"q": [1]}, "'q' must have an object of similarities by video"),
        ({"q": {"a": "1"}}, "the similarity of 'q' and 'a' must be a finite number"),
        ({"q": {"a": True}}, "the similarity of 'q' and 'a' must be a finite number"),
        ({"q": {"a": float("inf")}}, "the similarity of 'q' and 'a' must be a finite number"),
        ({"q": {"a": None}}, "the similarity of 'q' and 'a' must be a finite number"),
    ],
)
def test_a_wrong_similarity_is_named(tmp_path: Path, held: object, said: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(held))
    with pytest.raises(ConfigError, match=rf"s\.json: {said}"):
        read_similarities(path)


def test_segments_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"a-b": [[0, 5, 10, 15, 0.9], [1, 1, 1, 1]], "a-c": [], "x-y": [[0, 0, 1, 1]]}')
    held = read_pair_predictions(path, [("a", "b"), ("a", "c"), ("a", "d")])
    assert held.segments == {
        ("a", "b"): (Segment("a", "b", 0, 10, 5, 15), Segment("a", "b", 1, 1, 1, 1)),
        ("a", "c"): (),
    }
    assert held.missing == (("a", "d"),)
    assert held.unknown == 1
