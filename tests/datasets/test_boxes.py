import json
from pathlib import Path

import pytest
from miniature_datasets import write

from vdup.datasets.boxes import pairs_by_key, read_boxes, read_pairs
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError

KEYS = {"a-b": ("a", "b"), "a-c": ("a", "c")}


def test_both_starts_come_before_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text('{"a-b": [[1, 20, 3.5, 40], [5, 6, 7, 8, 0.25]], "a-c": [], "x-y": [[0, 0, 1, 1]]}')
    boxes, unknown = read_boxes(path, KEYS)
    assert boxes == {("a", "b"): (Segment("a", "b", 1, 3.5, 20, 40), Segment("a", "b", 5, 7, 6, 8)), ("a", "c"): ()}
    assert unknown == ["x-y"]


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ([1], r"must be an object of boxes by 'query-reference', got list"),
        ({"a-b": 3}, r"'a-b' must have a list of boxes, got int"),
        ({"a-b": [[1, 2, 3]]}, r"'a-b': a box must be \[q_start, r_start, q_end, r_end\], got \[1, 2, 3\]"),
        ({"a-b": [[1, 2, 3, "4"]]}, r"'a-b': a box must be"),
        ({"a-b": [[1, 2, 3, True]]}, r"'a-b': a box must be"),
        ({"a-b": [[1, 2, 3, float("nan")]]}, r"'a-b': the numbers of a box must be finite"),
        ({"a-b": [[1, 2, 1, 4]]}, r"'a-b': a box must end behind its start"),
        ({"a-b": [[1, 2, 3, 1]]}, r"'a-b': a box must end behind its start"),
    ],
)
def test_a_wrong_box_is_named_with_its_pair(tmp_path: Path, boxes: object, said: str) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(boxes))
    with pytest.raises(ConfigError, match=r"boxes\.json: " + said):
        read_boxes(path, KEYS)


def test_a_prediction_may_be_empty_but_not_turned_round(tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text('{"a-b": [[1, 2, 1, 2]]}')
    assert read_boxes(path, KEYS, may_be_empty=True)[0] == {("a", "b"): (Segment("a", "b", 1, 1, 2, 2),)}
    path.write_text('{"a-b": [[1, 2, 0, 2]]}')
    with pytest.raises(ConfigError, match="must end behind its start"):
        read_boxes(path, KEYS, may_be_empty=True)


def test_pairs(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "\ufeffquery_id,reference_id", "a,b", " c ,a", end="\r\n")
    assert read_pairs(tmp_path / "pairs.csv") == (("a", "b"), ("c", "a"))


def test_broken_pairs_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    write(path, "query,reference_id", "a,b")
    with pytest.raises(ConfigError, match=r"pairs\.csv:1: no column query_id"):
        read_pairs(path)
    write(path, "query_id,reference_id", "a,b", "c,")
    with pytest.raises(ConfigError, match=r"pairs\.csv:3: reference_id is empty"):
        read_pairs(path)
    write(path, "query_id,reference_id", "a,b", "c,d", "a,b")
    with pytest.raises(ConfigError, match=r"pairs\.csv:4: the pair a, b stands in .*pairs\.csv:2 already"):
        read_pairs(path)


def test_hyphens_in_ids_must_not_mix_up_pairs() -> None:
    assert pairs_by_key([("-a", "b-"), ("a", "b")]) == {"-a-b-": ("-a", "b-"), "a-b": ("a", "b")}
    with pytest.raises(ConfigError, match="'a-b-c' stands for two pairs"):
        pairs_by_key([("a", "b-c"), ("a-b", "c")])
