"""How answers about excerpts are judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from video_factory import numbered_picture, regular_times, write_pictures

from benchmarks.excerpts import Excerpt, judge, main, make_excerpts, motion_of

EXCERPT = Excerpt("a-plain.mp4", "a.mp4", "plain", 10.0, 15.0, 5.0, 8.0)


def _match(
    start: float, end: float, *, source: str = "a.mp4", speed: float = 1.0, mirrored: bool = False, late: float = 0.0
) -> dict[str, object]:
    return {
        "reference_id": source,
        "query_start_seconds": late,
        "query_end_seconds": 5.0,
        "reference_start_seconds": start,
        "reference_end_seconds": end,
        "speed": speed,
        "evidence": {"mirrored": mirrored},
    }


def test_a_right_answer() -> None:
    outcome = judge(EXCERPT, [_match(10.3, 15.2)])
    assert (outcome.found, outcome.placed, outcome.speed_right, outcome.mirrored_right) == (True,) * 4
    assert outcome.extra == 0


@pytest.mark.parametrize("match", [_match(10.6, 15.0), _match(10.0, 15.6), _match(10.0, 15.0, late=0.6)])
def test_an_end_that_is_off_is_not_placed(match: dict[str, object]) -> None:
    outcome = judge(EXCERPT, [match])
    assert outcome.found
    assert not outcome.placed


def test_speed_and_mirroring() -> None:
    assert judge(EXCERPT, [_match(10, 15, speed=1.03)]).speed_right  # 0.2 s over 5 s
    assert not judge(EXCERPT, [_match(10, 15, speed=1.05)]).speed_right
    fast = replace(EXCERPT, kind="1.25x")
    assert judge(fast, [_match(10, 15, speed=1.25)]).speed_right
    assert not judge(fast, [_match(10, 15)]).speed_right
    assert not judge(EXCERPT, [_match(10, 15, mirrored=True)]).mirrored_right
    assert judge(replace(EXCERPT, kind="mirrored"), [_match(10, 15, mirrored=True)]).mirrored_right


def test_other_answers_are_extra() -> None:
    others = [_match(10, 15, source="b.mp4"), _match(30, 35)]
    nothing = judge(EXCERPT, others)
    assert (nothing.found, nothing.extra) == (False, 2)
    assert judge(EXCERPT, [*others, _match(10, 15)]).extra == 2
    assert judge(EXCERPT, []).extra == 0


def test_what_is_shown_twice_is_right_when_both_are() -> None:
    twice = replace(EXCERPT, kind="twice")
    first, second = _match(10, 15), {**_match(10.2, 15), "query_start_seconds": 5.1, "query_end_seconds": 10.0}
    both = judge(twice, [first, second])
    assert (both.found, both.placed, both.speed_right, both.extra) == (True, True, True, 0)
    one = judge(twice, [first, _match(30, 35)])
    assert (one.found, one.placed, one.extra) == (False, False, 1)
    across = {**_match(8, 15), "query_end_seconds": 10.0, "speed": 0.7}
    slow = judge(twice, [across])
    assert (slow.found, slow.placed, slow.speed_right, slow.extra) == (True, False, False, 0)


def test_excerpts_are_made_and_their_motion_measured(tmp_path: Path) -> None:
    moving = [numbered_picture(n, 160, 96) for n in range(100)]
    (tmp_path / "videos").mkdir()
    write_pictures(tmp_path / "videos" / "a.mp4", moving, regular_times(100, 25), options={"preset": "ultrafast"})
    still = [numbered_picture(3, 160, 96)] * 50
    write_pictures(tmp_path / "still.mp4", still, regular_times(50, 25), options={"preset": "ultrafast"})
    assert motion_of(tmp_path / "still.mp4") < 1
    made = make_excerpts(tmp_path / "videos", tmp_path / "excerpts", 1)
    assert [one.kind for one in made] == ["plain", "cropped", "mirrored", "1.25x", "twice"]
    for one in made:
        assert (tmp_path / "excerpts" / one.name).stat().st_size > 0
        assert 0 <= one.start_seconds < one.end_seconds <= 4.3
        speed = 1.25 if one.kind == "1.25x" else 1.0
        assert np.isclose(one.end_seconds - one.start_seconds, one.seconds * speed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "usage"),
        (["videos=x", "seed=two"], "seed=two is not a whole number"),
        (["videos=/nowhere/at/all"], "there is no such file or folder"),
    ],
)
def test_wrong_words_are_explained(words: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        main(words)
