from pathlib import Path

import pytest
from catalogue.samples import make_record

from vdup.catalogue.records import FileStamp
from vdup.errors import VideoOpenError


def test_the_stamp_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"12345")
    assert FileStamp.of(path, "hash") == FileStamp(path, 5, path.stat().st_mtime_ns, "hash")


def test_a_missing_file_has_no_stamp(tmp_path: Path) -> None:
    with pytest.raises(VideoOpenError, match="No such file"):
        FileStamp.of(tmp_path / "missing.mp4")


def test_a_record_knows_the_stamp_it_was_made_from() -> None:
    record = make_record("a")
    assert record.file == FileStamp(record.path, record.size_bytes, record.modified_ns, record.content_hash)
