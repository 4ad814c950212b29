import hashlib
from pathlib import Path

import pytest

from vdup.catalogue.content_hash import BLOCK_BYTES, hash_content
from vdup.errors import VideoOpenError


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 7])
def test_blocks_give_the_hash_of_the_whole(size: int, tmp_path: Path) -> None:
    data = bytes(index % 251 for index in range(997)) * (size // 997 + 1)
    path = tmp_path / "video.mp4"
    path.write_bytes(data[:size])
    assert hash_content(path) == hashlib.blake2b(data[:size], digest_size=32).hexdigest()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(VideoOpenError, match="cannot be read") as caught:
            hash_content(path)
        assert caught.value.path == str(path)
