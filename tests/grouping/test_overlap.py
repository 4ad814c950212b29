import pytest
from grouping.made_overlaps import link

from vdup.grouping.overlap import Relation, Shared, overlap_of


@pytest.mark.parametrize(
    ("shares", "relation"),
    [
        ((1.0, 0.8), Relation.same),
        ((0.8, 0.79), Relation.contained),
        ((0.3, 0.9), Relation.contains),
        ((0.79, 0.79), Relation.part),
    ],
)
def test_relation(shares: tuple[float, float], relation: Relation) -> None:
    overlap = link("a", "b", shares=shares)
    assert overlap.relation(0.8) is relation
    assert overlap.is_near_duplicate(0.8) == (relation is not Relation.part)


def test_stretches_are_added_up_on_both_sides() -> None:
    shared = [
        Shared((0.0, 4.0), (10.0, 14.0), 0.7, 90.0),
        Shared((3.0, 6.0), (20.0, 23.0), 0.9, 120.0),
        Shared((3.5, 5.0), (21.0, 22.0), 0.8, 80.0),
    ]
    overlap = overlap_of("a", "b", 8.0, 70.0, shared)
    assert overlap.first_share == pytest.approx(6 / 8)
    assert overlap.second_share == pytest.approx(7 / 70)
    assert overlap.score == 0.9
    assert [item.score for item in overlap.shared] == [0.9, 0.8, 0.7]


def test_a_share_is_never_above_the_whole() -> None:
    assert overlap_of("a", "b", 9.9, 10.0, [Shared((0.0, 10.0), (0.0, 10.0), 1.0, 0.0)]).first_share == 1.0


@pytest.mark.parametrize("lengths", [(0.0, 5.0), (5.0, 0.0)])
def test_lengths_must_be_known(lengths: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="lengths above 0"):
        overlap_of("a", "b", *lengths, [Shared((0.0, 1.0), (0.0, 1.0), 1.0, 0.0)])


def test_something_must_be_shared() -> None:
    with pytest.raises(ValueError, match="0 stretches"):
        overlap_of("a", "b", 1.0, 1.0, [])


def test_a_stretch_seen_from_the_other_side() -> None:
    stretch = Shared((1.0, 2.0), (5.0, 7.0), 0.5, 200.0)
    assert stretch.turned() == Shared((5.0, 7.0), (1.0, 2.0), 0.5, 200.0)
    assert stretch.turned().turned() == stretch


def test_score_and_distance_of_one_stretch_make_a_strong_link() -> None:
    near_by_chance = Shared((0.0, 2.0), (0.0, 2.0), 0.6, 100.0)
    long_and_faint = Shared((0.0, 9.0), (0.0, 9.0), 0.99, 330.0)
    mixed = overlap_of("a", "b", 10.0, 10.0, [near_by_chance, long_and_faint])
    assert (mixed.score, mixed.distance_bits) == (0.99, 330.0)
    assert not mixed.is_strong(0.95, 280.0)
    both = overlap_of("a", "b", 10.0, 10.0, [long_and_faint, Shared((0.0, 8.0), (0.0, 8.0), 0.96, 200.0)])
    assert both.is_strong(0.95, 280.0)


def test_shares_are_those_of_what_is_not_damaged() -> None:
    shared = [Shared((0.0, 3.0), (0.0, 3.0), 0.9, 100.0), Shared((6.0, 9.0), (6.0, 9.0), 0.9, 100.0)]
    found = overlap_of("a", "b", 9.0, 9.0, shared, first_damaged=((2.5, 6.5),))
    assert found.first_share == 1.0
    assert found.second_share == pytest.approx(6 / 9)
    half = overlap_of("a", "b", 9.0, 9.0, shared[:1], first_damaged=((3.0, 6.0),))
    assert half.first_share == 0.5
    all_of_it = overlap_of("a", "b", 9.0, 9.0, shared[:1], first_damaged=((0.0, 9.0),))
    assert all_of_it.first_share == pytest.approx(3 / 9)
