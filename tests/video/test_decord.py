import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from video_factory import damage, numbered_picture, read_number, regular_times, write_numbered

from vdup.errors import VideoDecodeError
from vdup.video.decord import DecordReader
from vdup.video.pyav import PyAVReader

pytest.importorskip("decord", reason="decord2 is not installed here", exc_type=ImportError)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos") / "plain.mp4"
    write_numbered(path, regular_times(70, 25), options={"preset": "ultrafast", "g": "12"})
    return path


def test_long_files_are_kept_from_decord(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = PyAVReader(plain).info
    size = plain.stat().st_size
    for budget in (size - 1, size + 70 * 160 * 96 * 3 - 1):
        monkeypatch.setattr("vdup.video.decord.READ_AHEAD_BUDGET_BYTES", budget)
        with pytest.raises(VideoDecodeError, match="too long for decord"):
            DecordReader(plain, info)


class SlowDecoder:
    """decord's decoder as it behaves when decoding is slow: a skip may stop early and says nothing."""

    def __init__(self, stuck_at: int | None = None) -> None:
        self._stuck_at = stuck_at
        self._handle = self
        self.position = 0

    def seek_accurate(self, row: int) -> None:
        self.position = min(row, self.position + 4, row if self._stuck_at is None else self._stuck_at)

    def next(self) -> "SlowDecoder":
        self.position += 1
        return self

    def asnumpy(self) -> NDArray[np.uint8]:
        return numbered_picture(self.position - 1)

    def __len__(self) -> int:
        return 70


class TestSlowDecord:
    def test_short_skips_are_finished(self, plain: Path) -> None:
        reader = self.reader(plain, SlowDecoder())
        assert [read_number(picture) for _, picture in reader.frames_at(1)] == [0, 25, 50]

    def test_a_skip_that_never_ends_is_an_error(self, plain: Path) -> None:
        reader = self.reader(plain, SlowDecoder(stuck_at=31))
        frames = reader.frames_at(1)
        assert [read_number(next(frames)[1]) for _ in range(2)] == [0, 25]
        with pytest.raises(VideoDecodeError, match="does not get past frame 31"):
            next(frames)

    @staticmethod
    def reader(path: Path, decoder: SlowDecoder) -> DecordReader:
        reader = DecordReader(path, PyAVReader(path).info)
        reader._decoder = decoder
        reader._position_of = lambda handle: handle.position
        return reader


def test_import_leaves_no_trace_of_hidden_packages(plain: Path) -> None:
    DecordReader(plain, PyAVReader(plain).info).close()
    assert getattr(sys.modules.get("nvidia"), "__spec__", "absent") is not None


def test_damage_is_told_by_vdup_alone(plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damage(plain, tmp_path / "hole.mp4", 0.2, 400)
    with pytest.raises(VideoDecodeError), DecordReader(tmp_path / "hole.mp4", PyAVReader(plain).info) as reader:
        list(reader.frames_at(25))
    assert capfd.readouterr().err == ""


def test_closed_reader_says_so(plain: Path) -> None:
    reader = DecordReader(plain, PyAVReader(plain).info)
    reader.close()
    with pytest.raises(VideoDecodeError, match="was closed"):
        next(reader.frames_at(1))
