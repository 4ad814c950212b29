import numpy as np
import pytest
from vdup.train.families.batches import CachedFamilies, draw_batches, split_scenes


def test_a_scene_is_in_one_part_only() -> None:
    scenes = np.random.default_rng(0).integers(0, 30, 200)
    training, validation = split_scenes(scenes, 0.2, seed=3)
    assert sorted([*training, *validation]) == list(range(200))
    assert not set(scenes[training]) & set(scenes[validation])
    assert len(set(scenes[validation])) == 6


def test_seed_decides_the_split() -> None:
    scenes = np.arange(100)
    first, again, other = (split_scenes(scenes, 0.1, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("share", "expected"), [(0.0001, 2), (0.9999, 8)])
def test_both_parts_have_something_to_confuse(share: float, expected: int) -> None:
    assert len(split_scenes(np.arange(10), share, 0)[1]) == expected


def test_too_few_scenes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 scenes are too few"):
        split_scenes(np.array([0, 0, 1, 2, 2]), 0.5, 0)


def test_every_family_is_in_one_batch() -> None:
    numbers, scenes = np.arange(5, 98), np.arange(100)
    batches = draw_batches(numbers, scenes, 10, seed=0, epoch=1)
    assert [len(batch) for batch in batches] == [10] * 9 + [3]
    assert sorted(np.concatenate(batches)) == list(numbers)


def test_no_family_is_alone() -> None:
    batches = draw_batches(np.arange(21), np.arange(21), 10, seed=0, epoch=1)
    assert [len(batch) for batch in batches] == [10, 11]


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        batches = draw_batches(np.arange(50), np.arange(50), 10, seed, epoch)
        return [int(number) for batch in batches for number in batch]

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def test_families_of_a_scene_follow_one_another_but_not_all() -> None:
    scenes = np.repeat(np.arange(10), 8)
    order = np.concatenate(draw_batches(np.arange(80), scenes, 16, seed=0, epoch=1))
    for first in range(0, 80, 4):
        assert len(set(scenes[order[first : first + 4]])) == 1
    assert any(scenes[order[first]] != scenes[order[first + 4]] for first in range(0, 72, 8))


def test_families_stand_beside_those_that_come_nearest() -> None:
    numbers, scenes = np.arange(10, 90), np.arange(100)
    nearest = np.full((100, 2), -1)
    for row in range(80):  # three and three belong together
        nearest[10 + row] = [10 + other for other in range(row // 3 * 3, row // 3 * 3 + 3) if other != row]
    batches = draw_batches(numbers, scenes, 20, seed=0, epoch=1, nearest=nearest)
    order = np.concatenate(batches)
    assert sorted(order) == list(numbers)
    assert [len(batch) for batch in batches] == [20] * 4
    place = {int(number): place for place, number in enumerate(order)}
    for first in range(10, 88, 3):
        places = sorted(place[first + member] for member in range(3))
        assert places == list(range(places[0], places[0] + 3))
    assert not np.array_equal(order, np.concatenate(draw_batches(numbers, scenes, 20, 0, 2, nearest)))


def test_one_family_is_refused() -> None:
    with pytest.raises(ValueError, match="1 families"):
        draw_batches(np.array([3]), np.arange(5), 4, 0, 1)


def test_cached_families_are_equal_in_every_epoch() -> None:
    inputs = np.random.default_rng(0).standard_normal((6, 3, 5)).astype(np.float16)
    edits = tuple(("", f"a{n}", f"b{n}") for n in range(6))
    families = CachedFamilies(inputs, edits, np.arange(6) // 2)
    wanted = [np.array([4, 1]), np.array([0, 2])]
    for epoch in (0, 3):
        for numbers, batch in zip(wanted, families.batches(wanted, epoch), strict=True):
            np.testing.assert_array_equal(batch.inputs, inputs[numbers])
            np.testing.assert_array_equal(batch.numbers, numbers)
            assert batch.edits == tuple(edits[number] for number in numbers)
    assert families.scenes.tolist() == [0, 0, 1, 1, 2, 2]
    for numbers, batch in zip(wanted, families.originals(wanted), strict=True):
        np.testing.assert_array_equal(batch.inputs, inputs[numbers, :1])
        np.testing.assert_array_equal(batch.numbers, numbers)
        assert batch.edits == (("",), ("",))
