from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from descriptor_oracle import some_descriptors
from qdrant_client import QdrantClient

from vdup.config import StoreConfig
from vdup.errors import StoreError, StoreUnavailableError
from vdup.store.base import Descriptors, VideoStore
from vdup.store.edge import EdgeVideoStore
from vdup.store.open import move_descriptors, open_store
from vdup.store.server import ServerVideoStore

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

DIMENSIONS = 16


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[VideoStore]:
    with EdgeVideoStore(tmp_path / "store", DIMENSIONS) as store:
        yield store


@pytest.fixture
def server() -> Iterator[VideoStore]:
    client = QdrantClient(":memory:")
    with ServerVideoStore(StoreConfig(), DIMENSIONS, client) as store:
        yield store
    client.close()


@pytest.fixture
def items() -> list[Descriptors]:
    rng = np.random.default_rng(5)
    return [some_descriptors(rng, number, rows, DIMENSIONS) for number, rows in ((0, 3), (4, 1200), (5, 1), (9, 400))]


def test_without_an_address_the_store_lies_in_the_library(tmp_path: Path) -> None:
    with open_store(StoreConfig(), tmp_path / "store", DIMENSIONS) as store:
        assert isinstance(store, EdgeVideoStore)
        assert store.dimensions == DIMENSIONS
    assert (tmp_path / "store").is_dir()


def test_an_address_leads_to_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    config = StoreConfig(url="http://127.0.0.1:1", timeout_seconds=1)
    with pytest.raises(StoreUnavailableError, match=r"http://127\.0\.0\.1:1 cannot be reached"):
        open_store(config, tmp_path / "store", DIMENSIONS)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(("source_name", "target_name"), [("embedded", "server"), ("server", "embedded")])
def test_descriptors_move_both_ways(
    source_name: str, target_name: str, items: list[Descriptors], request: pytest.FixtureRequest
) -> None:
    source: VideoStore = request.getfixturevalue(source_name)
    target: VideoStore = request.getfixturevalue(target_name)
    source.upsert(items)
    reports: list[tuple[int, int]] = []

    assert move_descriptors(source, target, lambda done, total: reports.append((done, total))) == 1604

    assert reports == [(1203, 1604), (1604, 1604)]
    for moved, kept, item in zip(target.iterate(), source.iterate(), items, strict=True):
        assert moved.video_number == kept.video_number == item.video_number
        np.testing.assert_allclose(moved.starts_seconds, item.starts_seconds, rtol=1e-15)
        np.testing.assert_allclose(moved.ends_seconds, item.ends_seconds, rtol=1e-15)
        np.testing.assert_allclose(moved.vectors, kept.vectors, atol=5e-4)


def test_moving_twice_or_after_a_break_off_gives_the_same(
    embedded: VideoStore, server: VideoStore, items: list[Descriptors]
) -> None:
    embedded.upsert(items)
    longer = some_descriptors(np.random.default_rng(6), 5, 8, DIMENSIONS)
    server.upsert([items[0], longer])
    for _ in range(2):
        assert move_descriptors(embedded, server) == 1604
        assert server.count() == 1604
        assert server.video_numbers() == {0, 4, 5, 9}


def test_an_empty_store_moves(embedded: VideoStore, server: VideoStore) -> None:
    assert move_descriptors(embedded, server) == 0


def test_a_target_with_other_videos_is_refused(
    embedded: VideoStore, server: VideoStore, items: list[Descriptors]
) -> None:
    embedded.upsert(items[:1])
    server.upsert(items[2:])
    with pytest.raises(StoreError, match=r"2 videos that are not in the source, such as number 5.*store\.collection"):
        move_descriptors(embedded, server)
    assert server.video_numbers() == {5, 9}


def test_stores_of_different_widths_are_refused(embedded: VideoStore, tmp_path: Path) -> None:
    with (
        EdgeVideoStore(tmp_path / "wide", DIMENSIONS + 1) as wide,
        pytest.raises(ValueError, match="source has 16 dimensions, target 17"),
    ):
        move_descriptors(embedded, wide)


def test_lost_descriptors_are_noticed(
    embedded: VideoStore, server: VideoStore, items: list[Descriptors], monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.upsert(items[:1])
    monkeypatch.setattr(server, "upsert", lambda items: None)
    with pytest.raises(StoreError, match="source counts 3 descriptors, 3 were read and the target counts 0"):
        move_descriptors(embedded, server)
