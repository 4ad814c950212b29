"""Hash of a file's content, to know a file again that was moved or touched."""

import hashlib
from pathlib import Path

from vdup.errors import VideoOpenError
from vdup.regular_file import open_regular

BLOCK_BYTES = 1 << 20
"""Bytes that are read at a time: 1 MiB."""


def hash_content(path: Path) -> str:
    """BLAKE2b of a file with a digest of 256 bits, in hex (64 digits).

    Args:
        path: File of any size; it is read in blocks.

    Raises:
        VideoOpenError: It is no regular file, or cannot be read to its end.
    """
    digest = hashlib.blake2b(digest_size=32)
    try:
        with open_regular(path, buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise VideoOpenError(path, f"cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()
