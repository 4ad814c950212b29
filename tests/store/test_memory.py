"""Changes in memory over a store that must not be changed."""

from collections.abc import Sequence

import numpy as np
import pytest
from descriptor_oracle import some_descriptors

from vdup.store.base import Descriptors
from vdup.store.memory import MemoryVideoStore, OverlaidVideoStore

DIMENSIONS = 16


def filled(items: Sequence[Descriptors]) -> MemoryVideoStore:
    store = MemoryVideoStore(DIMENSIONS)
    store.upsert(items)
    return store


def refuse(*_: object) -> None:
    raise AssertionError("the store below was changed")


@pytest.mark.parametrize("limit", [1, 3, 8, 40, 500])
def test_what_is_shown_is_what_a_changed_store_would_show(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    items = {number: some_descriptors(rng, number, 1 + number % 5, DIMENSIONS) for number in range(30)}
    below = filled(list(items.values()))
    for name in ("upsert", "remove", "flush", "close"):
        monkeypatch.setattr(below, name, refuse)
    store = OverlaidVideoStore(below)
    added = [some_descriptors(rng, number, 3, DIMENSIONS) for number in (4, 5, 77)]
    store.upsert([*added, some_descriptors(rng, 6, 0, DIMENSIONS)])
    store.remove([4, 9, 10, 11, 12, 13, 999])
    expected = {**items, 5: added[1], 77: added[2]}
    for number in (4, 6, 9, 10, 11, 12, 13):
        del expected[number]
    assert store.video_numbers() == set(expected)
    assert store.count() == sum(map(len, expected.values()))
    assert [item.video_number for item in store.iterate()] == sorted(expected)
    queries = np.concatenate([rng.normal(size=(4, DIMENSIONS)).astype(np.float32), items[9].vectors, added[1].vectors])
    changed = filled(list(expected.values()))
    for hits, wanted in zip(store.search(queries, limit), changed.search(queries, limit), strict=True):
        assert [(hit.video_number, hit.start_seconds) for hit in hits] == [
            (hit.video_number, hit.start_seconds) for hit in wanted
        ]
        np.testing.assert_allclose([hit.similarity for hit in hits], [hit.similarity for hit in wanted], atol=1e-6)
    store.flush()
    store.close()
    assert below.count() == sum(map(len, items.values()))


def test_without_changes_it_shows_the_store_below() -> None:
    rng = np.random.default_rng(4)
    below = filled([some_descriptors(rng, number, 3, DIMENSIONS) for number in range(5)])
    store = OverlaidVideoStore(below)
    queries = rng.normal(size=(3, DIMENSIONS)).astype(np.float32)
    assert store.search(queries, 4) == below.search(queries, 4)
    assert (store.dimensions, store.count()) == (DIMENSIONS, 15)
    assert store.search(np.empty((0, DIMENSIONS), dtype=np.float32), 4) == []


def test_dimensions_must_be_positive() -> None:
    with pytest.raises(ValueError, match="dimensions=0 must be 1 or more"):
        MemoryVideoStore(0)
