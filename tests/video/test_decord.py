import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from video_factory import damage, numbered_picture, read_number, regular_times, write_numbered, write_pictures

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


class PaddedDecoder(SlowDecoder):
    """decord's decoder on a processor for which rows are padded to a number of bytes that the width divides."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._channels = channels

    def asnumpy(self) -> NDArray[np.uint8]:
        picture = numbered_picture(self.position - 1)
        height, width = picture.shape[:2]
        row_bytes = width * self._channels
        rows = np.full((height, row_bytes), 201, dtype=np.uint8)
        rows[:, : width * 3] = picture.reshape(height, -1)[:, :row_bytes]
        return rows.reshape(height, width, self._channels)


class TestPaddedRows:
    @pytest.mark.parametrize("channels", [3, 4, 5, 96])
    def test_padding_is_left_out(self, plain: Path, channels: int) -> None:
        reader = TestSlowDecord.reader(plain, PaddedDecoder(channels))
        times, pictures = zip(*reader.frames_at(1), strict=True)
        assert len(times) == 3
        for number, picture in zip((0, 25, 50), pictures, strict=True):
            np.testing.assert_array_equal(picture, numbered_picture(number))

    @pytest.mark.parametrize("channels", [1, 2])
    def test_too_few_channels_are_an_error(self, plain: Path, channels: int) -> None:
        reader = TestSlowDecord.reader(plain, PaddedDecoder(channels))
        with pytest.raises(VideoDecodeError, match=rf"\[96, 160, {channels}\] of \[96, 160, 3\]"):
            next(reader.frames_at(1))


H264 = ("mp4", "libx264", {"preset": "ultrafast", "crf": "10"})
VP9 = ("webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "0"})
EVEN_SIZES = (
    (2, 2), (2, 40), (4, 20), (6, 18), (8, 8), (10, 30), (12, 32), (16, 34), (24, 50), (32, 18), (34, 50), (48, 36),
    (64, 64), (70, 40), (96, 72), (98, 40), (126, 40), (128, 34), (130, 44), (144, 96), (146, 40), (162, 30),
    (192, 40), (200, 50), (322, 40), (646, 20), (854, 18),
)  # fmt: skip
ODD_SIZES = ((3, 7), (5, 33), (17, 31), (33, 17), (65, 63), (97, 41), (127, 129), (129, 65), (255, 21), (321, 35))


def blocks(width: int, height: int, number: int) -> NDArray[np.uint8]:
    """Small blocks of any colour, RGB, uint8 [H, W, 3]: a row or a channel that is out of its place is far off."""
    small = np.random.default_rng([number, width, height]).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3))
    return np.kron(small, np.ones((4, 4, 1))).astype(np.uint8)[:height, :width]


class TestAgainstPyAV:
    """Whatever the processor's padding is: widths that are no multiple of it, and those that divide a multiple."""

    @pytest.mark.parametrize(
        ("width", "height", "kind"), [*((*size, H264) for size in EVEN_SIZES), *((*size, VP9) for size in ODD_SIZES)]
    )
    def test_same_pixels(self, tmp_path: Path, width: int, height: int, kind: tuple[str, str, dict[str, str]]) -> None:
        container, codec, options = kind
        path = tmp_path / f"x.{container}"
        pictures = [blocks(width, height, number) for number in range(3)]
        write_pictures(path, pictures, regular_times(3, 25), codec=codec, options=options)
        self.compare(path, 1000, (height, width, 3))

    @pytest.mark.parametrize("degrees", [90, 180, 270])
    @pytest.mark.parametrize(("width", "height"), [(2, 40), (96, 72), (72, 96), (70, 40)])
    def test_same_pixels_turned(self, tmp_path: Path, width: int, height: int, degrees: int) -> None:
        path = tmp_path / "x.mp4"
        pictures = [blocks(width, height, number) for number in range(3)]
        write_pictures(path, pictures, regular_times(3, 25), options=H264[2], rotation_degrees=degrees)
        self.compare(path, 1000, (height, width, 3))

    @pytest.mark.parametrize(("width", "height"), [(320, 200), (480, 160), (192, 128), (450, 100)])
    def test_same_pictures_scaled(self, tmp_path: Path, width: int, height: int) -> None:
        path = tmp_path / "x.mp4"
        write_numbered(path, regular_times(3, 25), width=width, height=height, options=H264[2])
        self.compare(path, 32, (32, 2 * round(width * 32 / height / 2), 3), most_levels=6, most_mean_levels=0.6)

    @staticmethod
    def compare(
        path: Path, short_side_pixels: int, shape: tuple[int, ...], most_levels: int = 2, most_mean_levels: float = 1.0
    ) -> None:
        careful = PyAVReader(path, short_side_pixels)
        expected = list(careful.frames_at(25))
        with DecordReader(path, careful.info, short_side_pixels) as reader:
            got = list(reader.frames_at(25))
        assert [time for time, _ in got] == pytest.approx([time for time, _ in expected])
        assert len(got) == 3
        for (_, picture), (_, wanted) in zip(got, expected, strict=True):
            assert picture.shape == wanted.shape == shape
            apart = np.abs(picture.astype(int) - wanted)
            assert apart.max() <= most_levels
            assert apart.mean() <= most_mean_levels


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
