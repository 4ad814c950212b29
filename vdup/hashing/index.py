"""Codes of videos by number, searched by Hamming distance with faiss' ``IndexBinaryFlat``.

One code a video: even a million of them are compared in milliseconds, so that exact search is all there is.

An index as bytes: 8 bytes of magic with the format's version, the header's length (4 bytes, little-endian), the header
as JSON, the numbers (int64, little-endian), the codes, and SHA-256 of all that. The header holds the fingerprint of the
network and the shapes.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from vdup.errors import IndexFileError
from vdup.types import CodeArray, RowArray

_MAGIC = b"VDUPVHS\x01"
_DIGEST_BYTES = 32


class HashIndex:
    """Codes of videos under the numbers of the videos."""

    def __init__(self, code_bytes: int, fingerprint: str) -> None:
        """An empty index.

        Args:
            code_bytes: bytes B of a code.
            fingerprint: of the network that the codes are of, see :class:`~vdup.hashing.hasher.VideoHasher`.
        """
        if code_bytes < 1:
            raise ValueError(f"code_bytes={code_bytes} must be 1 or more")
        self.code_bytes = code_bytes
        self.fingerprint = fingerprint
        self._numbers: RowArray = np.empty(0, dtype=np.int64)
        self._codes: CodeArray = np.empty((0, code_bytes), dtype=np.uint8)
        self._faiss: Any = None

    def __len__(self) -> int:
        """Videos that can be found."""
        return len(self._numbers)

    @property
    def numbers(self) -> RowArray:
        """Numbers of the videos, rising, int64 [N]."""
        return self._numbers.copy()

    def add(self, numbers: Sequence[int], codes: CodeArray) -> None:
        """Stores codes, in place of older ones of the same videos.

        Args:
            numbers: of the videos, non-negative and without repeats, [N].
            codes: uint8 [N, B].

        Raises:
            ValueError: numbers or codes are malformed.
        """
        added = np.asarray(numbers, dtype=np.int64).reshape(-1)
        if codes.dtype != np.uint8 or codes.shape != (len(added), self.code_bytes):
            raise ValueError(f"codes must be uint8 [{len(added)}, {self.code_bytes}], got {codes.dtype} {codes.shape}")
        if len(np.unique(added)) != len(added) or (len(added) and added.min() < 0):
            raise ValueError("numbers of videos must be non-negative and must not repeat")
        stays = ~np.isin(self._numbers, added)
        every = np.concatenate([self._numbers[stays], added])
        order = np.argsort(every)
        self._replace(every[order], np.concatenate([self._codes[stays], codes])[order])

    def remove(self, numbers: Sequence[int]) -> int:
        """Forgets videos; unknown numbers are passed over. Returns how many there were."""
        stays = ~np.isin(self._numbers, np.asarray(numbers, dtype=np.int64))
        self._replace(self._numbers[stays], self._codes[stays])
        return int((~stays).sum())

    def search(self, codes: CodeArray, neighbours: int) -> tuple[RowArray, NDArray[np.int32]]:
        """Nearest videos of every query, by distance and, among equals, by number.

        Args:
            codes: uint8 [Q, B].
            neighbours: most videos of one query, 1 or more.

        Returns:
            Numbers, int64 [Q, K], and Hamming distances in bits, int32 [Q, K]; K is ``neighbours``, or the number of
            videos if that is less.

        Raises:
            ValueError: codes or ``neighbours`` are malformed.
        """
        if codes.ndim != 2 or codes.shape[1] != self.code_bytes or codes.dtype != np.uint8:
            raise ValueError(f"codes must be uint8 [Q, {self.code_bytes}], got {codes.dtype} {codes.shape}")
        if neighbours < 1:
            raise ValueError(f"neighbours={neighbours} must be 1 or more")
        kept = min(neighbours, len(self))
        if kept == 0 or len(codes) == 0:
            return np.empty((len(codes), kept), dtype=np.int64), np.empty((len(codes), kept), dtype=np.int32)
        distances, places = self._searchable().search(np.ascontiguousarray(codes), kept)
        return self._numbers[places], distances.astype(np.int32)

    def to_bytes(self) -> bytes:
        """The index as the module describes."""
        described = {"fingerprint": self.fingerprint, "videos": len(self), "code_bytes": self.code_bytes}
        header = json.dumps(described, sort_keys=True).encode()
        numbers = self._numbers.astype("<i8").tobytes()
        data = _MAGIC + len(header).to_bytes(4, "little") + header + numbers + self._codes.tobytes()
        return data + hashlib.sha256(data).digest()

    @classmethod
    def from_bytes(cls, data: bytes, source: str) -> "HashIndex":
        """Reads what :meth:`to_bytes` gave.

        Args:
            data: the bytes.
            source: where they come from, for the message.

        Raises:
            IndexFileError: they are damaged or something else.
        """
        body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if not body.startswith(_MAGIC):
            raise IndexFileError(f"{source} is not an index of video hashes of this version")
        if hashlib.sha256(body).digest() != digest:
            raise IndexFileError(f"{source} is damaged: its checksum does not agree")
        start = len(_MAGIC) + 4
        end = start + int.from_bytes(body[start - 4 : start], "little")
        header = json.loads(body[start:end])
        videos = int(header["videos"])
        index = cls(int(header["code_bytes"]), str(header["fingerprint"]))
        numbers = np.frombuffer(body, dtype="<i8", count=videos, offset=end).astype(np.int64)
        codes = np.frombuffer(body, dtype=np.uint8, offset=end + 8 * videos).reshape(videos, index.code_bytes)
        index.add(numbers.tolist(), codes)
        return index

    def _replace(self, numbers: RowArray, codes: CodeArray) -> None:
        self._numbers, self._codes, self._faiss = numbers, np.ascontiguousarray(codes), None

    def _searchable(self) -> Any:
        if self._faiss is None:
            self._faiss = faiss.IndexBinaryFlat(8 * self.code_bytes)
            # Counts instead of a heap: equal distances, of which short codes have many, then stand in stored order.
            self._faiss.use_heap = False
            self._faiss.add(self._codes)
        return self._faiss
