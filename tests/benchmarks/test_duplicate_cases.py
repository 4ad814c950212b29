import json
from pathlib import Path

import pytest

from benchmarks.duplicate_cases import Case, Found, judge, read_found

IDENT = Case("ident", ("ident", "film 1", "film 2"), {"ident": ["film 1", "film 2"]})
TAKES = Case("takes", ("take 1", "take 2"))
MOVED = Case("moved", ("gone", "copy"), {"gone": ["copy"], "copy": ["gone"]}, {"gone": "gone"})


def found(*groups: dict[str, str]) -> Found:
    """What was found, by groups of files with the proposal of each."""
    proposals = {file: proposal for group in groups for file, proposal in group.items()}
    return Found(tuple(frozenset(group) for group in groups), proposals)


def test_all_is_as_it_should_be() -> None:
    result = found({"ident": "remove", "film 1": "keep"}, {"gone": "gone", "copy": "keep"})
    ident, takes, moved = judge([IDENT, TAKES, MOVED], result)
    assert (ident.planted, ident.may_go, ident.proposed, ident.not_contained, ident.faults) == (3, 1, 1, 0, ())
    assert (takes.planted, takes.may_go, takes.proposed, takes.not_contained, takes.faults) == (2, 0, 0, 0, ())
    assert (moved.planted, moved.may_go, moved.proposed, moved.not_contained, moved.faults) == (2, 1, 0, 0, ())


@pytest.mark.parametrize(
    ("groups", "not_contained", "fault"),
    [
        ([{"take 1": "keep", "take 2": "remove"}], 1, "take 2 is proposed for removal, and nothing that stays"),
        ([{"take 1": "keep", "take 2": "keep"}], 0, "take 1 and take 2 are in one group"),
        ([{"take 1": "keep", "film 1": "keep"}], 0, "film 1 and take 1 are in one group"),
        ([{"take 1": "keep", "some other": "keep"}], 0, "some other and take 1 are in one group"),
    ],
)
def test_takes_that_are_taken_for_copies(groups: list[dict[str, str]], not_contained: int, fault: str) -> None:
    [outcome] = judge([TAKES], found(*groups))
    assert outcome.not_contained == not_contained
    assert any(fault in told for told in outcome.faults)


def test_what_holds_a_file_must_stay() -> None:
    [outcome] = judge([IDENT], found({"ident": "remove", "film 1": "remove", "film 2": "keep"}))
    assert (outcome.proposed, outcome.not_contained) == (2, 1)
    assert any(told.startswith("film 1 is proposed") for told in outcome.faults)
    assert any(told == "film 1 and film 2 are in one group" for told in outcome.faults)
    moved = found({"gone": "gone", "copy": "remove"})
    [outcome] = judge([MOVED], moved)
    assert outcome.not_contained == 1, "its only copy is gone"


def test_a_file_that_should_be_said_to_be_gone() -> None:
    [outcome] = judge([MOVED], found({"gone": "keep", "copy": "remove"}))
    assert outcome.faults == ("gone should be said to be gone, and is keep",)
    [outcome] = judge([MOVED], found())
    assert outcome.faults == ("gone should be said to be gone, and is in no group",)


def test_cases_of_one_kind_are_counted_together() -> None:
    more = Case("takes", ("take 3", "take 4", "take 5"))
    [outcome] = judge([TAKES, more], found({"take 1": "keep", "take 3": "keep"}))
    assert outcome.planted == 5
    assert outcome.faults == ("take 1 and take 3 are in one group",)


def test_groups_are_read_from_json(tmp_path: Path) -> None:
    members = [{"video_id": "a", "proposal": "keep"}, {"video_id": "b", "proposal": "remove"}]
    (tmp_path / "groups.json").write_text(json.dumps({"groups": [{"members": members}]}))
    result = read_found(tmp_path / "groups.json")
    assert result == found({"a": "keep", "b": "remove"})
    assert [result.stays(file) for file in ("a", "b", "c")] == [True, False, True]
