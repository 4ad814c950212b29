import numpy as np
import pytest
from grouping.made_overlaps import link

from vdup.grouping.groups import IndirectPair, group_overlaps
from vdup.grouping.overlap import Overlap

STRONG, NEAR = 0.9, 280.0


def members(overlaps: list[Overlap]) -> list[tuple[str, ...]]:
    return [group.members for group in group_overlaps(overlaps, 0.8, STRONG, NEAR).groups]


def test_pairs_that_share_a_part_are_no_group() -> None:
    assert members([link("a", "b", shares=(0.5, 0.7))]) == []


def test_largest_group_first() -> None:
    overlaps = [link("x", "y"), link("a", "b"), link("b", "c"), link("a", "c")]
    assert members(overlaps) == [("a", "b", "c"), ("x", "y")]


def test_a_pair_of_low_score_is_possible_and_no_group() -> None:
    """Two takes of one scene are such a pair."""
    weak = link("a", "b", 0.6)
    grouping = group_overlaps([weak], 0.8, STRONG, NEAR)
    assert (grouping.groups, grouping.possible) == ((), (weak,))


def test_a_weak_link_adds_one_video_and_says_so() -> None:
    weak = link("b", "c", 0.6)
    [group] = group_overlaps([link("a", "b"), weak], 0.8, STRONG, NEAR).groups
    assert group.members == ("a", "b", "c")
    assert group.weakly_joined == {"c": weak}
    assert group.indirect == (IndirectPair("a", "c", ("b",)),)


def test_a_weak_link_never_joins_two_groups() -> None:
    weak = link("b", "x", 0.85)
    grouping = group_overlaps([link("a", "b"), link("x", "y"), weak], 0.8, STRONG, NEAR)
    assert [group.members for group in grouping.groups] == [("a", "b"), ("x", "y")]
    assert grouping.possible == (weak,)


def test_weak_links_do_not_chain_video_after_video() -> None:
    """Each of them could add a single video; together they would make one group of all."""
    chain = [link(f"v{number}", f"v{number + 1}", 0.8 - 0.01 * number) for number in range(6)]
    grouping = group_overlaps([link("v0", "copy"), *chain], 0.8, STRONG, NEAR)
    [group] = grouping.groups
    assert group.members == ("copy", "v0", "v1")
    assert grouping.possible == tuple(chain[1:])


def test_members_joined_by_a_video_that_holds_both_are_named() -> None:
    """A compilation holds two videos that have nothing to do with one another."""
    overlaps = [link("a", "film", shares=(1.0, 0.3)), link("b", "film", shares=(1.0, 0.4))]
    [group] = group_overlaps(overlaps, 0.8, STRONG, NEAR).groups
    assert group.indirect == (IndirectPair("a", "b", ("film",)),)


def test_the_shortest_way_is_named() -> None:
    overlaps = [link("a", "b"), link("b", "c"), link("c", "d"), link("a", "e"), link("e", "d")]
    [group] = group_overlaps(overlaps, 0.8, STRONG, NEAR).groups
    ways = {(pair.first, pair.second): pair.through for pair in group.indirect}
    assert ways[("a", "d")] == ("e",)
    assert ways[("a", "c")] == ("b",)
    assert ways[("b", "e")] == ("a",)


@pytest.mark.parametrize("seed", range(20))
def test_strong_links_alone_give_connected_components(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"v{number:02d}" for number in range(12)]
    overlaps = [
        link(names[first], names[second])
        for first in range(12)
        for second in range(first + 1, 12)
        if rng.random() < 0.12
    ]
    # Naively: the smallest name reaches everything, step by step, until nothing changes.
    label = {name: name for name in names}
    for _ in names:
        for item in overlaps:
            label[item.first] = label[item.second] = min(label[item.first], label[item.second])
    expected = {
        tuple(name for name in names if label[name] == root)
        for root in set(label.values())
        if sum(label[name] == root for name in names) > 1
    }
    assert set(members(overlaps)) == expected


def test_films_that_hold_one_ident_are_no_group() -> None:
    films = [link("ident", f"film {number}", 0.97 + 0.005 * number, shares=(0.95, 0.3)) for number in range(1, 5)]
    grouping = group_overlaps(films, 0.8, STRONG, NEAR)
    assert [group.members for group in grouping.groups] == [("film 4", "ident")], "that of the highest score"
    assert {item.second for item in grouping.holders} == {"film 1", "film 2", "film 3"}
    assert grouping.possible == ()


def test_copies_of_an_ident_go_with_it_into_one_group() -> None:
    overlaps = [
        link("ident", "ident again"),
        link("ident", "a", shares=(1, 0.3)),
        link("ident again", "b", shares=(1, 0.2)),
    ]
    overlaps += [link("a", "a again")]
    grouping = group_overlaps(overlaps, 0.8, STRONG, NEAR)
    assert [group.members for group in grouping.groups] == [("a", "a again", "ident", "ident again")]
    assert [item.second for item in grouping.holders] == ["b"]


def test_an_excerpt_of_an_excerpt_is_in_the_group_of_the_film() -> None:
    overlaps = [
        link("a", "b", shares=(1, 0.5)),
        link("b", "film", shares=(1, 0.5)),
        link("a", "film", shares=(0.9, 0.2)),
    ]
    assert members(overlaps) == [("a", "b", "film")]


def test_a_weak_link_to_a_holder_adds_one_video() -> None:
    weak = [link("a", "film", 0.6, shares=(1, 0.5)), link("a", "b")]
    grouping = group_overlaps(weak, 0.8, STRONG, NEAR)
    assert [group.members for group in grouping.groups] == [("a", "b", "film")]
    assert set(grouping.groups[0].weakly_joined) == {"film"}


@pytest.mark.parametrize("seed", range(20))
def test_every_link_is_in_a_group_or_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"v{number:02d}" for number in range(10)]
    overlaps = [
        link(names[first], names[second], float(rng.uniform(0.5, 1)), shares=tuple(rng.choice([0.3, 1.0], 2).tolist()))
        for first in range(10)
        for second in range(first + 1, 10)
        if rng.random() < 0.25
    ]
    grouping = group_overlaps(overlaps, 0.8, STRONG, NEAR)
    told = [*(item for group in grouping.groups for item in group.links), *grouping.holders, *grouping.possible]
    whole = [item for item in overlaps if max(item.first_share, item.second_share) >= 0.8]
    assert sorted(told, key=repr) == sorted(whole, key=repr)
    homes = [member for group in grouping.groups for member in group.members]
    assert len(homes) == len(set(homes))
    assert all(min(item.first_share, item.second_share) < 0.8 for item in grouping.holders)


def test_a_high_score_between_distant_frames_is_a_weak_link() -> None:
    faint = link("b", "x", 0.99, distance_bits=300)
    grouping = group_overlaps([link("a", "b"), link("x", "y"), faint], 0.8, STRONG, NEAR)
    assert [group.members for group in grouping.groups] == [("a", "b"), ("x", "y")]
    assert grouping.possible == (faint,)
    [group] = group_overlaps([link("a", "b"), faint], 0.8, STRONG, NEAR).groups
    assert group.weakly_joined == {"x": faint}
