"""One class over every place where descriptors are kept, compared with a list and a loop."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from descriptor_oracle import brute_force, some_descriptors
from qdrant_client import QdrantClient

from vdup.config import StoreConfig
from vdup.errors import StoreError
from vdup.store.base import MAX_VIDEO_NUMBER, Descriptors, VideoStore
from vdup.store.edge import EdgeVideoStore
from vdup.store.memory import MemoryVideoStore, OverlaidVideoStore
from vdup.store.server import ServerVideoStore
from vdup.types import DescriptorHit

# The client's in-memory mode says so each time that it has no payload index.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

DIMENSIONS = 32


@pytest.fixture(params=["edge", "own memory", "overlaid", "memory", pytest.param("server", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VideoStore]:
    if request.param == "own memory":
        yield MemoryVideoStore(DIMENSIONS)
        return
    if request.param == "overlaid":
        overlaid = OverlaidVideoStore(below_of_other_videos())
        overlaid.remove(range(200))
        yield overlaid
        return
    if request.param == "edge":
        with EdgeVideoStore(tmp_path / "store", DIMENSIONS) as store:
            yield store
        return
    if request.param == "memory":
        client, config = QdrantClient(":memory:"), StoreConfig()
    else:
        url = os.environ.get("VDUP_QDRANT_URL")
        if url is None:
            pytest.skip("VDUP_QDRANT_URL is not set")
        client = QdrantClient(url, check_compatibility=False)
        config = StoreConfig(url=url, collection=f"vdup-test-{uuid.uuid4().hex}")
    try:
        with ServerVideoStore(config, DIMENSIONS, client) as store:
            yield store
    finally:
        client.delete_collection(config.collection)
        client.close()


def below_of_other_videos() -> VideoStore:
    """A store whose videos, of the numbers that the tests use, were removed in the one above it."""
    rng = np.random.default_rng(21)
    below = MemoryVideoStore(DIMENSIONS)
    below.upsert([some_descriptors(rng, number, 4, DIMENSIONS) for number in range(200)])
    return below


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def library(rng: np.random.Generator) -> list[Descriptors]:
    """Videos of 0 to 9 rows, numbers with gaps and the largest one among them."""
    items = [some_descriptors(rng, 3 * number, number % 10, DIMENSIONS) for number in range(60)]
    return [*items, some_descriptors(rng, MAX_VIDEO_NUMBER, 3, DIMENSIONS)]


def assert_holds(store: VideoStore, expected: list[Descriptors]) -> None:
    """Everything in the store is what it should be, read in every way."""
    expected = sorted((item for item in expected if len(item)), key=lambda item: item.video_number)
    assert store.count() == sum(map(len, expected))
    assert store.video_numbers() == {item.video_number for item in expected}
    stored = list(store.iterate())
    assert [item.video_number for item in stored] == [item.video_number for item in expected]
    for item, wanted in zip(stored, expected, strict=True):
        np.testing.assert_allclose(item.starts_seconds, wanted.starts_seconds, rtol=1e-15)
        np.testing.assert_allclose(item.ends_seconds, wanted.ends_seconds, rtol=1e-15)
        units = wanted.vectors / np.linalg.norm(wanted.vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(item.vectors, units, atol=5e-4)


def place_of(hit: DescriptorHit) -> tuple[int, float, float]:
    return hit.video_number, hit.start_seconds, hit.end_seconds


class TestEveryStore:
    def test_starts_empty(self, store: VideoStore) -> None:
        assert_holds(store, [])
        assert store.dimensions == DIMENSIONS
        assert store.search(np.ones((2, DIMENSIONS), dtype=np.float32), 5) == [[], []]

    def test_keeps_what_it_was_given(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = library(rng)
        store.upsert(items)
        assert_holds(store, items)

    def test_search_agrees_with_brute_force(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = library(rng)
        store.upsert(items)
        queries = rng.normal(size=(70, DIMENSIONS)).astype(np.float32)
        queries[0] = items[9].vectors[4] * 5
        results = store.search(queries, 12)
        assert len(results) == len(queries)
        for query, hits in zip(queries, results, strict=True):
            exact = brute_force(items, query)
            similarity_at = {place_of(hit): hit.similarity for hit in exact}
            assert len(similarity_at) == len(exact)
            best = [hit.similarity for hit in exact[:12]]
            np.testing.assert_allclose([hit.similarity for hit in hits], best, atol=2e-3)
            for hit in hits:
                assert hit.similarity == pytest.approx(similarity_at[place_of(hit)], abs=2e-3)
        assert results[0][0].video_number == items[9].video_number
        assert results[0][0].similarity == pytest.approx(1.0, abs=1e-3)

    def test_hits_are_ordered_and_few_when_little_is_stored(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = [some_descriptors(rng, 4, 3, DIMENSIONS)]
        store.upsert(items)
        (hits,) = store.search(items[0].vectors[1:2], 50)
        assert len(hits) == 3
        assert [hit.similarity for hit in hits] == sorted((hit.similarity for hit in hits), reverse=True)
        assert (hits[0].start_seconds, hits[0].end_seconds) == (0.0, 20.0)

    def test_ties_come_in_order_even_where_the_limit_cuts_them(
        self, store: VideoStore, rng: np.random.Generator
    ) -> None:
        slate = rng.normal(size=(1, DIMENSIONS)).astype(np.float32)
        order = rng.permutation(100).tolist()
        times = np.array([0.0, 10.0])
        for part in (order[:50], order[50:]):
            store.upsert([Descriptors(number, times, times + 20, np.repeat(slate, 2, axis=0)) for number in part])
        (hits,) = store.search(slate, 9)
        expected = [(number, start) for number in range(5) for start in (0.0, 10.0)][:9]
        assert [(hit.video_number, hit.start_seconds) for hit in hits] == expected

    def test_a_second_upsert_replaces_all_rows(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = library(rng)
        store.upsert(items)
        for number, rows in ((5, 9), (8, 2), (9, 0), (11, 5)):
            items[number] = some_descriptors(rng, items[number].video_number, rows, DIMENSIONS)
        store.upsert([items[number] for number in (11, 9, 5, 8)])
        assert_holds(store, items)

    def test_remove(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = library(rng)
        store.upsert(items)
        store.remove([items[7].video_number, items[60].video_number, 1, 1_000_000])
        del items[60], items[7]
        assert_holds(store, items)
        store.remove([])
        assert_holds(store, items)
        store.remove([item.video_number for item in items])
        assert_holds(store, [])

    def test_more_rows_than_a_page_or_a_write(self, store: VideoStore, rng: np.random.Generator) -> None:
        items = [some_descriptors(rng, number, rows, DIMENSIONS) for number, rows in ((1, 700), (2, 700), (8, 1100))]
        store.upsert(items)
        assert_holds(store, items)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
    def test_bad_vectors_are_refused_and_nothing_is_stored(
        self, store: VideoStore, rng: np.random.Generator, bad: float
    ) -> None:
        good, damaged = some_descriptors(rng, 1, 2, DIMENSIONS), some_descriptors(rng, 2, 4, DIMENSIONS)
        damaged.vectors[3, :] = bad
        with pytest.raises(ValueError, match="video 2, row 3"):
            store.upsert([good, damaged])
        assert_holds(store, [])
        with pytest.raises(ValueError, match="query, row 3"):
            store.search(damaged.vectors, 5)

    def test_wrong_width_and_limit_are_refused(self, store: VideoStore, rng: np.random.Generator) -> None:
        with pytest.raises(ValueError, match=rf"video 1: vectors must have shape \[N, {DIMENSIONS}\]"):
            store.upsert([some_descriptors(rng, 1, 2, DIMENSIONS + 1)])
        with pytest.raises(ValueError, match=r"query: vectors must have shape"):
            store.search(np.ones((1, DIMENSIONS - 1), dtype=np.float32), 5)
        with pytest.raises(ValueError, match="limit=0 must be 1 or more"):
            store.search(np.ones((1, DIMENSIONS), dtype=np.float32), 0)

    def test_no_queries_no_results(self, store: VideoStore) -> None:
        assert store.search(np.empty((0, DIMENSIONS), dtype=np.float32), 5) == []

    def test_a_closed_store_says_so(self, store: VideoStore, rng: np.random.Generator) -> None:
        item = some_descriptors(rng, 1, 2, DIMENSIONS)
        store.upsert([item])
        left_open = store.iterate()
        store.close()
        store.close()
        calls: list[Callable[[], object]] = [
            lambda: store.upsert([item]),
            lambda: store.search(item.vectors, 1),
            lambda: store.remove([1]),
            store.video_numbers,
            store.count,
            store.iterate,
            lambda: next(left_open),
            store.flush,
            store.__enter__,
        ]
        for call in calls:
            with pytest.raises(StoreError, match=r"is closed: open it again"):
                call()


def test_dimensions_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dimensions=0 must be 1 or more"):
        EdgeVideoStore(tmp_path / "store", 0)
