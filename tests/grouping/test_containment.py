import itertools
from dataclasses import replace

import numpy as np
import pytest

from vdup.align.covered import Interval, covered_seconds
from vdup.grouping.containment import ContainmentRule, gaps, in_order
from vdup.grouping.overlap import Shared, overlap_of
from vdup.types import Intervals

RULE = ContainmentRule(
    min_share=0.95, slack_seconds=0.5, max_missing_seconds=2.0, strong_score=0.95, strong_distance_bits=280.0
)


def same(start: float, end: float, shift: float = 0.0, score: float = 0.99, distance_bits: float = 100.0) -> Shared:
    """A stretch that lies ``shift`` later in the second video."""
    return Shared((start, end), (start + shift, end + shift), score, distance_bits)


def whole(seconds: float, *shared: Shared, other_seconds: float = 9000.0, damaged: Intervals = ()) -> bool:
    overlap = overlap_of("a", "b", seconds, other_seconds, shared)
    return RULE.first_is_whole_in_second(overlap, seconds, other_seconds, damaged)


def test_one_stretch_of_the_whole() -> None:
    assert whole(60.0, same(0.0, 60.0, 100.0))


def test_ends_are_uncertain_by_half_a_second() -> None:
    """12 s, of which 10.9 were found: nine tenths, but the ends lie a second and less from those of the video."""
    assert whole(12.0, same(0.25, 11.156, 7.0))
    assert not whole(12.0, same(2.0, 11.156, 7.0))


def test_a_share_alone_would_let_a_long_video_lose_minutes() -> None:
    film = 7200.0
    assert whole(film, same(0.0, 3000.0), same(3002.5, film, 5.0))
    assert not whole(film, same(0.0, 3000.0), same(3120.0, film))
    assert not whole(film, same(0.0, film - 30.0))


def test_many_small_gaps_add_up() -> None:
    pieces = [same(start, start + 8.0) for start in np.arange(0.0, 100.0, 10.0).tolist()]
    assert not whole(100.0, *pieces)
    assert whole(100.0, *[same(start, start + 9.2) for start in np.arange(0.0, 100.0, 10.0).tolist()])


@pytest.mark.parametrize(("score", "distance_bits"), [(0.94, 100.0), (0.99, 281.0)])
def test_weak_stretches_do_not_count(score: float, distance_bits: float) -> None:
    assert not whole(10.0, same(0.0, 10.0, score=score, distance_bits=distance_bits))
    assert not whole(10.0, same(0.0, 5.0), same(5.0, 10.0, score=score, distance_bits=distance_bits))


def test_where_the_first_is_damaged_the_second_must_go_on_for_as_long() -> None:
    ends = same(0.0, 10.0), same(20.0, 30.0)
    assert not whole(30.0, *ends)
    assert whole(30.0, *ends, damaged=((10.5, 19.5),))
    assert not whole(30.0, *ends, damaged=((3.0, 4.0),)), "damaged elsewhere"
    assert not whole(30.0, same(0.0, 10.0), same(20.0, 30.0, 5.0), damaged=((10.5, 19.5),)), "15 s in place of 10"
    assert not whole(30.0, same(0.0, 5.0), same(25.0, 30.0), damaged=((5.5, 24.5),)), "too little is left"


def test_damage_at_an_end_must_fit_into_the_second() -> None:
    damage = ((20.0, 30.0),)
    assert whole(30.0, same(0.0, 20.0, 40.0), damaged=damage)
    assert not whole(30.0, same(0.0, 20.0, 40.0), other_seconds=62.0, damaged=damage)
    assert whole(30.0, same(10.0, 30.0, 0.0), damaged=((0.0, 10.0),))
    assert not whole(30.0, same(10.0, 30.0, -10.0), damaged=((0.0, 10.0),)), "the second begins later"


def test_a_film_shown_twice_is_not_in_one_that_shows_it_once() -> None:
    assert not whole(40.0, same(0.0, 20.0), same(20.0, 40.0, -20.0))


def test_a_stretch_in_which_a_scene_was_replaced_proves_nothing() -> None:
    assert whole(40.0, replace(same(0.0, 40.0), unlike_seconds=0.5))
    assert not whole(40.0, replace(same(0.0, 40.0), unlike_seconds=1.5))
    assert not whole(40.0, same(0.0, 20.0), replace(same(20.0, 40.0), unlike_seconds=3.0))


def test_scenes_in_another_order_are_another_cut() -> None:
    assert not whole(40.0, same(0.0, 20.0, 20.0), same(20.0, 40.0, -20.0))


@pytest.mark.parametrize(("speed", "expected"), [(0.78, False), (0.96, True), (1.5, True)])
def test_a_part_is_not_taken_for_the_whole_at_a_lower_speed(speed: float, expected: bool) -> None:
    """Films shown at 25 in place of 24 frames a second are 4 % shorter."""
    assert whole(60.0, Shared((0.0, 60.0), (0.0, 60.0 * speed), 0.99, 100.0)) == expected


def test_a_stretch_of_the_wrong_speed_does_not_displace_a_right_one() -> None:
    assert whole(8.0, Shared((0.0, 8.0), (0.9, 7.0), 0.99, 100.0), same(0.0, 7.5, 0.2))


def test_what_is_whole_cannot_be_longer_than_what_contains_it() -> None:
    """The uncertain ends of the stretch lie outside of the other video."""
    assert whole(5.0, Shared((0.0, 5.0), (20.0, 23.9), 0.99, 100.0), other_seconds=60.0)
    assert not whole(5.0, Shared((0.0, 5.0), (0.0, 3.9), 0.99, 100.0), other_seconds=3.9)


def test_what_lies_between_in_the_other_video_does_not_matter() -> None:
    assert whole(40.0, same(0.0, 20.0), same(20.0, 40.0, 300.0))


def test_two_stretches_that_place_the_same_footage_differently_are_not_both_right() -> None:
    """Frames like one another: six seconds of the second are found twice in twelve of the first."""
    first, second = Shared((0.7, 10.25), (0.0, 6.1), 0.99, 60.0), Shared((5.6, 11.35), (0.0, 5.75), 0.99, 60.0)
    assert not whole(12.0, first, second)
    assert in_order([first, second]) == [first]


def test_the_same_stretch_from_both_sides() -> None:
    """Found once by searching for the first and once by searching for the second, at slightly other speeds."""
    assert whole(12.0, Shared((0.0, 11.75), (0.25, 11.2), 0.99, 90.0), Shared((0.25, 11.2), (0.0, 11.75), 0.99, 90.0))


def test_nothing_shared() -> None:
    assert in_order([]) == []


@pytest.mark.parametrize("seed", range(30))
def test_the_stretches_in_order_are_the_longest(seed: int) -> None:
    """Against all subsets whose neighbours agree, with stretches that do not overlap in the first video."""
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.choice(200, 14, replace=False)).astype(float).reshape(7, 2).tolist()
    stretches = [same(start, end, float(rng.integers(-40, 40))) for start, end in ends]

    def agree(chosen: tuple[Shared, ...]) -> bool:
        return all(b.second_seconds[0] >= a.second_seconds[1] - 2.0 for a, b in itertools.pairwise(chosen))

    best = max(
        covered_seconds(item.first_seconds for item in chosen)
        for count in range(1, 8)
        for chosen in itertools.combinations(stretches, count)
        if agree(chosen)
    )
    found = in_order([stretches[place] for place in rng.permutation(7)])
    assert agree(tuple(found))
    assert covered_seconds(item.first_seconds for item in found) == best


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], [(0.0, 10.0)]),
        ([(-1.0, 11.0)], []),
        ([(4.0, 6.0), (1.0, 2.0)], [(0.0, 1.0), (2.0, 4.0), (6.0, 10.0)]),
        ([(0.0, 5.0), (1.0, 2.0), (5.0, 9.0)], [(9.0, 10.0)]),
        ([(0.0, 3.0), (12.0, 14.0)], [(3.0, 10.0)]),
    ],
)
def test_gaps(intervals: list[Interval], expected: list[Interval]) -> None:
    assert gaps(intervals, 10.0) == expected
