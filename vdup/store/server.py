"""Descriptors on a Qdrant server or cluster, shared by several machines.

Searches use whatever index the server has built: a scan of all vectors while the collection is small, its graph index
later, which may miss a few of the nearest.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from vdup.config import StoreConfig
from vdup.errors import StoreError, StoreUnavailableError
from vdup.store.points import ROW_KEY, VIDEO_KEY, DescriptorPoint, read_hit, read_id, read_offset, read_point
from vdup.store.qdrant import QdrantStore
from vdup.types import DescriptorHit

_REFUSED = (401, 403)
_CONFLICT = 409


class ServerVideoStore(QdrantStore):
    """:class:`~vdup.store.base.VideoStore` in one collection of a server. Writes wait until they are applied."""

    def __init__(self, config: StoreConfig, dimensions: int, client: QdrantClient | None = None) -> None:
        """Connect, and make the collection if the server has none of that name.

        Args:
            config: address, key, collection and longest wait.
            dimensions: width of every vector.
            client: a client to use in place of ``config.url``; it stays open when the store is closed.

        Raises:
            ValueError: ``dimensions`` below 1, or neither ``config.url`` nor a client.
            StoreUnavailableError: no answer from the server.
            StoreError: the server refuses the key, or its collection is of another width or distance.
        """
        super().__init__(dimensions)
        if client is None and config.url is None:
            raise ValueError("store.url is not set and no client was given: give one of the two")
        self._url = config.url or "of the given client"
        self._collection = config.collection
        self._owns_client = client is None
        with self._translated():
            # The version check only warns, and costs an extra request; what a server cannot do it refuses anyway.
            self._client = client or QdrantClient(
                url=config.url,
                api_key=config.api_key,
                timeout=math.ceil(config.timeout_seconds),
                check_compatibility=False,
            )
        try:
            self._prepare_collection()
        except BaseException:
            self.close()
            raise

    def _prepare_collection(self) -> None:
        with self._translated():
            if not self._client.collection_exists(self._collection):
                self._create_collection()
            found = self._client.get_collection(self._collection)
        vectors = found.config.params.vectors
        if not isinstance(vectors, models.VectorParams):
            raise self._mismatch("named vectors")
        if vectors.size != self._dimensions or vectors.distance != models.Distance.COSINE:
            raise self._mismatch(f"vectors of width {vectors.size} with {vectors.distance.value} distance")
        if VIDEO_KEY not in found.payload_schema:
            with self._translated():
                self._client.create_payload_index(
                    self._collection, field_name=VIDEO_KEY, field_schema=models.PayloadSchemaType.INTEGER, wait=True
                )

    def _create_collection(self) -> None:
        try:
            self._client.create_collection(
                self._collection,
                vectors_config=models.VectorParams(
                    size=self._dimensions, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16
                ),
            )
        except UnexpectedResponse as error:
            # Another process made it between the question and the answer; what it made is checked next.
            if error.status_code != _CONFLICT:
                raise

    def _mismatch(self, found: str) -> StoreError:
        return StoreError(
            f"collection {self._collection!r} of the Qdrant server {self._url} holds {found}, expected one vector of "
            f"width {self._dimensions} with Cosine distance: choose another name with store.collection=NAME"
        )

    def _not_qdrant(self, reason: ValueError) -> StoreError:
        return StoreError(f"{self._url} answers, but not as a Qdrant server does: check store.url ({reason})")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the client's failures into :class:`StoreError`; its in-memory mode reports with ``ValueError``."""
        try:
            yield
        except ResponseHandlingException as error:
            # Failed validation of an answer is a ValueError; all else is the connection.
            if isinstance(error.source, ValueError):
                raise self._not_qdrant(error.source) from error
            raise StoreUnavailableError(
                f"the Qdrant server {self._url} cannot be reached ({error.source}): start one with "
                "`docker compose up -d`, or check store.url"
            ) from error
        except JSONDecodeError as error:
            raise self._not_qdrant(error) from error
        except UnexpectedResponse as error:
            if error.status_code in _REFUSED:
                raise StoreError(
                    f"the Qdrant server {self._url} refuses the key (status {error.status_code}): check store.api_key"
                ) from error
            raise StoreError(f"the Qdrant server {self._url} failed; see its log. {error}") from error
        except (ApiException, QdrantException, ValueError, OSError) as error:
            raise StoreError(f"the Qdrant server {self._url} failed: {error}; check store.url and its log") from error

    def _place(self) -> str:
        return f"{self._collection!r} on the Qdrant server {self._url}"

    def _write(self, points: list[DescriptorPoint]) -> None:
        structs = [
            models.PointStruct(id=point.id, vector=point.vector, payload=dict(point.payload)) for point in points
        ]
        with self._translated():
            self._client.upsert(self._collection, points=structs, wait=True)

    def _delete(self, video_numbers: list[int], first_row: int) -> None:
        selector = models.FilterSelector(filter=_rows_of(video_numbers, first_row))
        with self._translated():
            self._client.delete(self._collection, points_selector=selector, wait=True)

    def _query(self, queries: list[list[float]], limit: int) -> list[list[DescriptorHit]]:
        requests = [models.QueryRequest(query=query, limit=limit, with_payload=True) for query in queries]
        with self._translated():
            answers = self._client.query_batch_points(self._collection, requests=requests)
        return [[read_hit(point.id, point.payload, point.score) for point in answer.points] for answer in answers]

    def _count(self, video_numbers: list[int] | None) -> int:
        wanted = None if video_numbers is None else _rows_of(video_numbers, 0)
        with self._translated():
            return self._client.count(self._collection, count_filter=wanted, exact=True).count

    def _scroll(self, offset: int | None, limit: int) -> tuple[list[DescriptorPoint], int | None]:
        with self._translated():
            records, following = self._client.scroll(
                self._collection, limit=limit, offset=offset, with_payload=True, with_vectors=True
            )
        points = [read_point(record.id, record.vector, record.payload) for record in records]
        return points, read_offset(following)

    def _scroll_ids(self, offset: int | None, limit: int) -> tuple[list[int], int | None]:
        with self._translated():
            records, following = self._client.scroll(
                self._collection, limit=limit, offset=offset, with_payload=False, with_vectors=False
            )
        return [read_id(record.id) for record in records], read_offset(following)

    def _flush(self) -> None:
        """Nothing to wait for: every write already waited for the server."""

    def _close(self) -> None:
        if self._owns_client:
            with self._translated():
                self._client.close()


def _rows_of(video_numbers: list[int], first_row: int) -> models.Filter:
    of_videos = models.FieldCondition(key=VIDEO_KEY, match=models.MatchAny(any=video_numbers))
    if not first_row:
        return models.Filter(must=[of_videos])
    return models.Filter(must=[of_videos, models.FieldCondition(key=ROW_KEY, range=models.Range(gte=first_row))])
