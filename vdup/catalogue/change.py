"""Whether a video file has to be indexed again."""

from enum import Enum
from pathlib import Path

from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import FileStamp, VideoRecord, VideoState


class Change(Enum):
    """What a file is to the library."""

    new = "new"
    """The library holds nothing of it."""
    unchanged = "unchanged"
    """The library holds this very content, or left it out on purpose."""
    changed = "changed"
    """The library holds other content under this id."""


def decide(record: VideoRecord | None, path: Path) -> Change:
    """Compares a file with its record, reading its content only when size and time leave the question open.

    Same size and same time of change: unchanged. Another size: changed. Same size, another time: the content decides;
    when it is the same, the caller should store the new time (:meth:`LibraryFolder.touch`) so that the file is not read
    again. A file that was rewritten within one tick of the file system's clock, to the same size, goes unnoticed.

    A failed video counts as new even when its file is the same. The cause often lies outside the file (a time limit, a
    codec that was missing, memory that ran out, a decoder that has been mended since), a failure is quick to repeat,
    and skipping it for good would leave a hole in the library that nobody sees. A skipped video is not tried again: it
    was left out for what it contains.

    Args:
        record: What the catalogue holds under the video's id; None when nothing.
        path: The file.

    Raises:
        VideoOpenError: The file cannot be looked at or read.
    """
    stamp = FileStamp.of(path)
    if record is None or record.state is VideoState.failed:
        return Change.new
    if stamp.size_bytes != record.size_bytes:
        return Change.changed
    if stamp.modified_ns == record.modified_ns:
        return Change.unchanged
    if record.content_hash and hash_content(path) == record.content_hash:
        return Change.unchanged
    return Change.changed
