import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from folder_state import state_of
from numpy.typing import NDArray

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp
from vdup.errors import LibraryError, VideoError, VideoOpenError
from vdup.hashing.hasher import VideoHasher
from vdup.hashing.network import HashShape
from vdup.pipeline.hash_lookup import HashLookup
from vdup.types import CODE_BYTES, VideoCodes, VideoInfo

SHAPE = HashShape("mc3_18", 16, 2, 16)


class FileHasher(VideoHasher):
    """Codes from the bytes of the files, without a network."""

    def __init__(self, shape: HashShape) -> None:
        self._shape = shape
        self.fingerprint = hashlib.sha256(str(shape).encode()).hexdigest()

    @property
    def shape(self) -> HashShape:
        return self._shape

    def hash_videos(self, paths: Sequence[Path]) -> Iterator[tuple[Path, NDArray[np.uint8] | VideoError]]:
        for path in paths:
            try:
                digest = hashlib.sha256(path.read_bytes()).digest()[: self._shape.code_bytes]
            except OSError as error:
                yield path, VideoOpenError(path, str(error))
            else:
                yield path, np.frombuffer(digest, dtype=np.uint8)


def store(folder: LibraryFolder, path: Path) -> int:
    codes = VideoCodes(np.zeros((1, CODE_BYTES), np.uint8), np.zeros(1), np.zeros(1), np.ones(1, np.bool_), 1.0)
    stored = folder.add_video(
        path.name, FileStamp.of(path, path.name), VideoInfo(32, 32, 1.0, "mpeg4", 0), codes, frames_sampled=1
    )
    return stored.record.number


@pytest.fixture
def hasher() -> VideoHasher:
    return FileHasher(SHAPE)


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.avi" for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    return paths


@pytest.fixture
def folder(tmp_path: Path, videos: list[Path]) -> LibraryFolder:
    folder = LibraryFolder.open(tmp_path / "library", {"a": 1}, create=True)
    for path in videos:
        store(folder, path)
    return folder


def code_in_plain_loops(code: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(code, other, strict=True))


def test_videos_get_their_codes_and_are_found(folder: LibraryFolder, videos: list[Path], hasher: VideoHasher) -> None:
    with folder:
        lookup = HashLookup(folder, hasher)
        assert [record.id for record in lookup.missing()] == ["a.avi", "b.avi", "c.avi"]
        assert [video.error for video in lookup.fill()] == [None, None, None]
        assert lookup.missing() == []
        assert lookup.fill() == []
        again = HashLookup(folder, hasher)
        assert len(again) == 3
        codes = dict(hasher.hash_videos(videos))
        [result] = again.search_all([("query", videos[1])], 2)
        own = codes[videos[1]]
        assert not isinstance(own, VideoError)
        ranked = []
        for path in videos:
            code = codes[path]
            assert not isinstance(code, VideoError)
            ranked.append((code_in_plain_loops(own, code), path.name))
        assert [(match.distance_bits, match.reference_id) for match in result.matches] == sorted(ranked)[:2]
        assert result.query_id == "query"


def test_the_catalogue_decides(folder: LibraryFolder, videos: list[Path], hasher: VideoHasher) -> None:
    with folder:
        HashLookup(folder, hasher).fill()
        folder.remove(["b.avi"])
        videos[2].write_text("another version")
        store(folder, videos[2])  # takes the place of the older version, under another number
        lookup = HashLookup(folder, hasher)
        assert len(lookup) == 1
        assert [record.id for record in lookup.missing()] == ["c.avi"]
        lookup.fill()
        [result] = lookup.search_all([("c", videos[2])], 9)
        assert {match.reference_id for match in result.matches} == {"a.avi", "c.avi"}


def test_a_file_that_is_gone_is_passed_over(folder: LibraryFolder, videos: list[Path], hasher: VideoHasher) -> None:
    with folder:
        videos[0].unlink()
        lookup = HashLookup(folder, hasher)
        assert [(video.video_id, video.error is None) for video in lookup.fill()] == [
            ("a.avi", False),
            ("b.avi", True),
            ("c.avi", True),
        ]
        [result] = lookup.search_all([("gone", videos[0])], 1)
        assert result.error is not None
        assert result.matches == ()


def test_damaged_codes_are_made_anew(
    folder: LibraryFolder, hasher: VideoHasher, caplog: pytest.LogCaptureFixture
) -> None:
    with folder:
        lookup = HashLookup(folder, hasher)
        lookup.fill()
        data = bytearray(lookup.path.read_bytes())
        data[-40] ^= 1
        lookup.path.write_bytes(bytes(data))
        again = HashLookup(folder, hasher)
        assert "damaged" in caplog.text
        assert len(again.missing()) == 3


def test_another_network_has_a_file_of_its_own(folder: LibraryFolder, hasher: VideoHasher) -> None:
    with folder:
        HashLookup(folder, hasher).fill()
        other = FileHasher(replace(SHAPE, bits=32))
        lookup = HashLookup(folder, other)
        assert len(lookup.missing()) == 3
        assert lookup.bits == 32
        assert lookup.path != HashLookup(folder, hasher).path
        assert len(HashLookup(folder, hasher)) == 3


def test_a_library_that_is_only_read_gets_no_codes(folder: LibraryFolder, hasher: VideoHasher) -> None:
    with folder:
        HashLookup(folder, hasher).fill()
        folder.remove(["b.avi"])
    before = state_of(folder.path)
    with LibraryFolder.open(folder.path, {"a": 1}, create=False, read_only=True) as reading:
        lookup = HashLookup(reading, hasher)
        assert len(lookup) == 2
        for change in (lookup.fill, lookup.save):
            with pytest.raises(LibraryError, match="was opened for reading only"):
                change()
    assert state_of(folder.path) == before
