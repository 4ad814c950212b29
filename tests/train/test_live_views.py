from contextlib import closing

import numpy as np
import pytest
from family_sources import NumberedFamilies
from vdup.train.families import Family
from vdup.train.live_views import live_batches

SOURCE = NumberedFamilies(parts=7, per_part=2, unreadable=(3,))


def epoch_of(epoch: int, seed: int = 0, workers: int = 1) -> list[list[Family]]:
    with closing(live_batches(SOURCE, epoch, 5, seed, workers)) as batches:
        return list(batches)


def scenes(batches: list[list[Family]]) -> list[int]:
    return [family.scene for batch in batches for family in batch]


def test_an_epoch_shows_every_family_once() -> None:
    batches = epoch_of(0)
    assert [len(batch) for batch in batches] == [5, 5, 2]
    shown = {(family.scene, int(family.images[0, 0, 0, 1])) for batch in batches for family in batch}
    assert shown == {(part, place) for part in range(7) if part != 3 for place in range(2)}
    assert scenes(batches)[::2] == scenes(batches)[1::2]


def test_epochs_repeat_whatever_the_number_of_processes() -> None:
    first, again = epoch_of(1), epoch_of(1, workers=3)
    for batch, same in zip(first, again, strict=True):
        for family, twin in zip(batch, same, strict=True):
            np.testing.assert_array_equal(family.images, twin.images)


def test_epochs_and_seeds_differ() -> None:
    first, second, other = epoch_of(0), epoch_of(1), epoch_of(0, seed=1)
    assert scenes(first) != scenes(second)
    assert scenes(first) != scenes(other)
    pictures = {family.scene: family.images for batch in first for family in batch}
    later = {family.scene: family.images for batch in second for family in batch}
    assert all(not np.array_equal(pictures[scene], later[scene]) for scene in pictures)


def test_empty_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_families=0"):
        next(live_batches(SOURCE, 0, 0, seed=0))
