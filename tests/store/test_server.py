import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import numpy as np
import pytest
from descriptor_oracle import some_descriptors
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from vdup.config import StoreConfig
from vdup.errors import StoreError, StoreUnavailableError
from vdup.store.server import ServerVideoStore

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

DIMENSIONS = 16


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Address of a server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StoreUnavailableError, match=r"cannot be reached .*`docker compose up -d`.*store\.url") as e:
            ServerVideoStore(StoreConfig(url=url, timeout_seconds=2), DIMENSIONS)
        assert url in str(e.value)


@pytest.mark.parametrize("body", [b"<h1>Welcome</h1>", b'{"result": "welcome"}'])
def test_a_server_that_is_not_qdrant(body: bytes) -> None:
    with (
        answering(200, body) as url,
        pytest.raises(StoreError, match=r"answers, but not as a Qdrant server does: check store\.url"),
    ):
        ServerVideoStore(StoreConfig(url=url), DIMENSIONS)


@pytest.mark.parametrize(
    ("status", "text"), [(401, r"refuses the key.*store\.api_key"), (403, "refuses the key"), (500, "see its log")]
)
def test_a_server_that_refuses_or_fails(status: int, text: str) -> None:
    with answering(status, b'{"status": {"error": "no"}}') as url, pytest.raises(StoreError, match=text) as caught:
        ServerVideoStore(StoreConfig(url=url), DIMENSIONS)
    assert url in str(caught.value)
    assert not isinstance(caught.value, StoreUnavailableError)


def test_an_address_that_is_none() -> None:
    with pytest.raises(StoreError, match=r"http://:x failed: .*check store\.url"):
        ServerVideoStore(StoreConfig(url="http://:x"), DIMENSIONS)


def test_needs_an_address_or_a_client() -> None:
    with pytest.raises(ValueError, match=r"store\.url is not set and no client was given"):
        ServerVideoStore(StoreConfig(), DIMENSIONS)


def test_makes_the_collection_and_finds_it_again(client: QdrantClient) -> None:
    item = some_descriptors(np.random.default_rng(0), 4, 3, DIMENSIONS)
    config = StoreConfig(collection="stretches")
    with ServerVideoStore(config, DIMENSIONS, client) as store:
        store.upsert([item])
    with ServerVideoStore(config, DIMENSIONS, client) as store:
        assert store.video_numbers() == {4}
    assert [found.name for found in client.get_collections().collections] == ["stretches"]
    made = client.get_collection("stretches").config.params.vectors
    assert isinstance(made, models.VectorParams)
    assert (made.size, made.distance) == (DIMENSIONS, models.Distance.COSINE)


@pytest.mark.parametrize(
    ("vectors", "found"),
    [
        (models.VectorParams(size=8, distance=models.Distance.COSINE), "vectors of width 8 with Cosine distance"),
        (models.VectorParams(size=16, distance=models.Distance.DOT), "vectors of width 16 with Dot distance"),
        ({"picture": models.VectorParams(size=16, distance=models.Distance.COSINE)}, "named vectors"),
    ],
)
def test_a_collection_of_another_kind_is_refused(
    client: QdrantClient, vectors: models.VectorParams | dict[str, models.VectorParams], found: str
) -> None:
    client.create_collection("vdup", vectors_config=vectors)
    with pytest.raises(StoreError, match=rf"collection 'vdup' .* holds {found}, .*store\.collection=NAME"):
        ServerVideoStore(StoreConfig(), DIMENSIONS, client)
    assert client.collection_exists("vdup")


def test_points_of_someone_else_are_refused(client: QdrantClient) -> None:
    with ServerVideoStore(StoreConfig(), DIMENSIONS, client) as store:
        point = models.PointStruct(id="5c56c793-69f3-4fbf-87e6-c4bf54c28c26", vector=[1.0] * DIMENSIONS, payload={})
        client.upsert("vdup", points=[point])
        readings: list[Callable[[], object]] = [
            lambda: list(store.iterate()),
            lambda: store.search(np.ones((1, DIMENSIONS), dtype=np.float32), 1),
            store.video_numbers,
        ]
        for reading in readings:
            with pytest.raises(StoreError, match=r"5c56c793.* was not written by vdup"):
                reading()


def test_a_collection_that_another_process_made_meanwhile(
    client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = client.create_collection

    def made_by_another(*arguments: Any, **named: Any) -> bool:
        make(*arguments, **named)
        raise UnexpectedResponse(409, "Conflict", b"already exists", httpx.Headers())

    monkeypatch.setattr(client, "create_collection", made_by_another)
    with ServerVideoStore(StoreConfig(), DIMENSIONS, client) as store:
        assert store.count() == 0


def test_a_collection_that_vanished(client: QdrantClient) -> None:
    with ServerVideoStore(StoreConfig(), DIMENSIONS, client) as store:
        client.delete_collection("vdup")
        with pytest.raises(StoreError, match="failed: Collection vdup not found"):
            store.count()
