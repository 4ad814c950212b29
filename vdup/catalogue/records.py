"""What the catalogue knows of one video."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from vdup.errors import VideoOpenError
from vdup.types import USUAL_SHAPE


class VideoState(Enum):
    """What became of a video."""

    indexed = "indexed"
    """Its codes are in the library."""
    failed = "failed"
    """It could not be read or decoded; tried again by every run."""
    skipped = "skipped"
    """It was left out on purpose; looked at again when the file changes."""


@dataclass(frozen=True)
class FileStamp:
    """What tells one version of a file from another."""

    path: Path
    size_bytes: int
    modified_ns: int
    """Time of the last change, nanoseconds since 1970."""
    content_hash: str = ""
    """From :func:`~vdup.catalogue.content_hash.hash_content`; empty when the content was not read."""

    @classmethod
    def of(cls, path: Path, content_hash: str = "") -> "FileStamp":
        """Stamp of the file as it is now.

        Raises:
            VideoOpenError: The file cannot be found or looked at.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise VideoOpenError(path, f"cannot be looked at: {error.strerror or error}") from error
        return cls(path, status.st_size, status.st_mtime_ns, content_hash)


@dataclass(frozen=True, kw_only=True)
class VideoRecord:
    """One video of the catalogue. A video that was not indexed has no rows and unknown measures."""

    number: int = 0
    """Number in code rows, index and descriptors, from 1 on, never used twice; 0: not stored yet."""
    id: str
    """Name of the video for people; unique."""
    path: Path
    size_bytes: int
    modified_ns: int
    """Time of the file's last change, nanoseconds since 1970."""
    content_hash: str
    """Empty when the content was not read."""
    state: VideoState
    reason: str = ""
    """Why it failed or was skipped; empty for an indexed video."""
    duration_seconds: float | None = None
    """Length of the presentation; set for every indexed video."""
    width: int | None = None
    """Displayed width in pixels."""
    height: int | None = None
    """Displayed height in pixels."""
    codec: str = ""
    first_row: int = 0
    """First row of its codes; rows ``first_row`` to ``first_row + row_count`` are its own."""
    row_count: int = 0
    codes_crc32: int = 0
    """CRC-32 of its stored rows, see :func:`~vdup.catalogue.code_file.codes_checksum`."""
    frames_sampled: int = 0
    """Frames that were decoded for it; at least its rows, because a row stands for a run of equal frames."""
    indexed_at: str
    """When this record was made: UTC, ISO 8601 with seconds."""

    @property
    def shape(self) -> float:
        """Width over height of the frames; the usual one where that is not known."""
        return self.width / self.height if self.width and self.height else USUAL_SHAPE

    @property
    def file(self) -> FileStamp:
        """Stamp of the file that this record was made from."""
        return FileStamp(self.path, self.size_bytes, self.modified_ns, self.content_hash)


@dataclass(frozen=True)
class StoredVideo:
    """A record that was stored, and the older version that it took the place of."""

    record: VideoRecord
    replaced: VideoRecord | None
    """Older record of the same id. Its number is retired and its rows are dead: drop them from index and store."""
