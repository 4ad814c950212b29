import os
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue.samples import make_record

from vdup.catalogue import change
from vdup.catalogue.change import Change, decide
from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import FileStamp, VideoRecord, VideoState
from vdup.errors import VideoOpenError


def _record(path: Path, state: VideoState = VideoState.indexed) -> VideoRecord:
    file = FileStamp.of(path, hash_content(path))
    return replace(
        make_record("video", 1, state),
        path=path,
        size_bytes=file.size_bytes,
        modified_ns=file.modified_ns,
        content_hash=file.content_hash,
    )


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"first content")
    return path


def _touch(path: Path) -> None:
    moment = path.stat().st_mtime_ns + 5_000_000_000
    os.utime(path, ns=(moment, moment))


def test_without_a_record_it_is_new(video: Path) -> None:
    assert decide(None, video) is Change.new


@pytest.mark.parametrize("state", [VideoState.indexed, VideoState.skipped])
def test_same_size_and_time_is_unchanged_without_reading(
    state: VideoState, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _record(video, state)
    monkeypatch.setattr(change, "hash_content", lambda path: pytest.fail("the file was read"))
    assert decide(record, video) is Change.unchanged


def test_a_touched_file_is_unchanged(video: Path) -> None:
    record = _record(video)
    _touch(video)
    assert decide(record, video) is Change.unchanged


def test_other_content_of_the_same_size_is_a_change(video: Path) -> None:
    record = _record(video)
    video.write_bytes(b"other content")
    _touch(video)
    assert decide(record, video) is Change.changed


def test_another_size_is_a_change_without_reading(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = _record(video)
    video.write_bytes(b"longer than before")
    os.utime(video, ns=(record.modified_ns, record.modified_ns))
    monkeypatch.setattr(change, "hash_content", lambda path: pytest.fail("the file was read"))
    assert decide(record, video) is Change.changed


def test_a_touched_file_whose_content_was_never_read_counts_as_changed(video: Path) -> None:
    record = replace(_record(video, VideoState.skipped), content_hash="")
    _touch(video)
    assert decide(record, video) is Change.changed


def test_a_failed_video_is_tried_again(video: Path) -> None:
    assert decide(_record(video, VideoState.failed), video) is Change.new


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(VideoOpenError, match="cannot be looked at"):
        decide(None, tmp_path / "missing.mp4")
