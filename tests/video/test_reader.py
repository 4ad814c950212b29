import io
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest
from PIL import Image
from video_factory import (
    LAST_FRAME_LENGTH,
    Unseekable,
    cut_short,
    damage,
    numbered_picture,
    read_number,
    regular_times,
    write_numbered,
    write_sound_only,
)

from vdup.errors import NoVideoStreamError, VideoError, VideoOpenError
from vdup.video.pyav import PyAVReader
from vdup.video.reader import VideoReader, open_video

FAST = {"preset": "ultrafast", "crf": "18", "g": "12"}
B_FRAMES = {"preset": "veryfast", "crf": "18", "g": "20", "bf": "3"}
NTSC = Fraction(30_000, 1001)
VARIABLE = [
    Fraction(ms, 1000) for ms in np.cumsum([0, *([40] * 12), 700, 40, 10, 1500, *([33] * 20), 320, 40]).tolist()
]

Maker = Callable[[Path], list[Fraction]]


def made(name: str, times: list[Fraction], **settings: object) -> tuple[str, Maker]:
    def make(path: Path) -> list[Fraction]:
        write_numbered(path, times, **settings)  # type: ignore[arg-type]
        return times

    return name, make


def make_unseekable(path: Path) -> list[Fraction]:
    times = regular_times(60, 25)
    buffer = io.BytesIO()
    write_numbered(
        cast("BinaryIO", Unseekable(buffer)), times, codec="libvpx", container="webm",
        options={"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "1M"},
    )  # fmt: skip
    path.write_bytes(buffer.getvalue())
    return times


VP9 = {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"}


def x265(open_groups: int) -> dict[str, str]:
    parameters = f"log-level=none:keyint=20:bframes=3:open-gop={open_groups}"
    return {"preset": "ultrafast", "x265-params": parameters}


KINDS: dict[str, Maker] = dict(
    [
        made("plain.mp4", regular_times(70, 25), options=FAST),
        made("b_frames.mp4", regular_times(70, 25), options=B_FRAMES),
        made("ntsc.mp4", regular_times(95, NTSC), options=B_FRAMES),
        made("variable.mp4", VARIABLE, options=B_FRAMES),
        made("long_group.mp4", regular_times(80, 25), options={**B_FRAMES, "g": "1000"}),
        made("only_keys.mp4", regular_times(40, 25), options={**FAST, "g": "1"}),
        made("matroska.mkv", regular_times(70, 25), options=B_FRAMES),
        made("vp9.webm", regular_times(50, 25), codec="libvpx-vp9", options=VP9),
        made("turned_90.mp4", regular_times(30, 25), options=FAST, rotation_degrees=90),
        made("turned_180.mov", regular_times(30, 25), options=FAST, rotation_degrees=180),
        made("turned_270.mp4", regular_times(30, 25), options=FAST, rotation_degrees=270),
        made("late_start.mkv", [time + 5 for time in regular_times(50, 25)], options=B_FRAMES),
        made("one_frame.mp4", regular_times(1, 25), options=FAST),
        made("scaled.mp4", regular_times(30, 25), options=FAST, width=640, height=360),
        made("slow.mp4", regular_times(6, Fraction(1, 3)), options=FAST),
        made("stream.ts", regular_times(60, 25), options=B_FRAMES),
        made("mpeg4.avi", regular_times(60, 25), codec="mpeg4", options={"b": "2M"}, time_base=Fraction(1, 25)),
        made("open_hevc.mp4", regular_times(70, 25), codec="libx265", options=x265(1)),
        made("closed_hevc.mp4", regular_times(70, 25), codec="libx265", options=x265(0)),
        ("unseekable.webm", make_unseekable),
    ]
)  # fmt: skip

CASES = [
    *(pytest.param("pyav", name, id=f"pyav-{name}") for name in KINDS),
    *(
        pytest.param("open_video", name, id=f"open_video-{name}")
        for name in ("variable.mp4", "turned_90.mp4", "stream.ts")
    ),
]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, list[Fraction]]]:
    folder = tmp_path_factory.mktemp("videos")
    known: dict[str, tuple[Path, list[Fraction]]] = {}

    def get(name: str) -> tuple[Path, list[Fraction]]:
        if name not in known:
            path = folder / name
            times = KINDS[name](path)
            known[name] = path, [time - times[0] for time in times]
        return known[name]

    return get


def opened(reader: str, path: Path, short_side_pixels: int = 320) -> VideoReader:
    if reader == "pyav":
        return PyAVReader(path, short_side_pixels)
    return open_video(path, short_side_pixels)


def shown(times: list[Fraction], end: Fraction, fps: Fraction, start: Fraction = Fraction(0)) -> list[int]:
    """The naive rule: walk the ticks, look for the last frame that began, drop repeats."""
    numbers: list[int] = []
    tick = 0
    while Fraction(tick) / fps < end:
        moment = Fraction(tick) / fps
        tick += 1
        if moment < start:
            continue
        latest = max(number for number, time in enumerate(times) if time <= moment)
        if not numbers or numbers[-1] != latest:
            numbers.append(latest)
    return numbers


@pytest.mark.parametrize(("reader", "name"), CASES)
class TestEveryKindWithEveryReader:
    @pytest.mark.parametrize("fps", [1, 7, 240])
    def test_frames_are_those_on_screen_at_the_ticks(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], reader: str, name: str, fps: int
    ) -> None:
        path, times = video(name)
        expected = shown(times, times[-1] + LAST_FRAME_LENGTH, Fraction(fps))
        with opened(reader, path) as frames:
            got = list(frames.frames_at(fps))
        assert [read_number(picture) for _, picture in got] == expected
        assert [time for time, _ in got] == pytest.approx([float(times[n]) for n in expected], abs=1e-4)

    def test_start_leaves_earlier_ticks_out(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], reader: str, name: str
    ) -> None:
        path, times = video(name)
        expected = shown(times, times[-1] + LAST_FRAME_LENGTH, Fraction(3), Fraction(7, 10))
        with opened(reader, path) as frames:
            got = [read_number(picture) for _, picture in frames.frames_at(3, 0.7)]
        assert got == expected

    def test_reading_twice_gives_the_same_and_the_length(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], reader: str, name: str
    ) -> None:
        path, times = video(name)
        with opened(reader, path) as frames:
            first = [time for time, _ in frames.frames_at(2)]
            assert frames.duration_seconds == pytest.approx(float(times[-1] + LAST_FRAME_LENGTH), abs=0.011)
            assert [time for time, _ in frames.frames_at(2)] == first

    def test_pictures_are_upright_scaled_and_true(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], reader: str, name: str
    ) -> None:
        path, _ = video(name)
        with opened(reader, path, 90) as frames:
            _, picture = next(iter(frames.frames_at(1)))
        width, height = (640, 360) if name == "scaled.mp4" else (160, 96)
        assert (frames.info.width, frames.info.height) == (width, height)
        assert picture.dtype == np.uint8
        assert picture.shape == (90, 90 * width // height, 3)
        original = np.asarray(Image.fromarray(numbered_picture(0, width, height)).resize(picture.shape[1::-1]))
        assert np.abs(picture.astype(int) - original).mean() < 8  # compression and colour subsampling


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_told(video: Callable[[str], tuple[Path, list[Fraction]]], degrees: int) -> None:
    path, _ = video(f"turned_{degrees}.{'mov' if degrees == 180 else 'mp4'}")
    info = PyAVReader(path).info
    assert (info.rotation_degrees, info.width, info.height, info.codec) == (degrees, 160, 96, "h264")


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"", "is empty"),
            (b"this is a note, not a film\n" * 9, "holds text"),
            ("Grüße, 你好\n".encode() * 900, "holds text"),
            (bytes(5000), "zeros only"),
            (bytes(range(1, 256)) * 20, "not a video"),
        ],
    )
    def test_says_what_the_file_seems_to_be(self, tmp_path: Path, content: bytes, text: str) -> None:
        path = tmp_path / "x.mp4"
        path.write_bytes(content)
        with pytest.raises(VideoOpenError, match=text):
            open_video(path)

    @pytest.mark.parametrize("share", [0.2, 0.6])
    def test_missing_table_of_contents(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], tmp_path: Path, share: float
    ) -> None:
        cut_short(video("plain.mp4")[0], tmp_path / "cut.mp4", share)
        with pytest.raises(VideoOpenError, match=r"truncated: .*moov box.* is missing"):
            open_video(tmp_path / "cut.mp4")

    def test_missing_file_and_folder(self, tmp_path: Path) -> None:
        with pytest.raises(VideoOpenError, match="no such file"):
            open_video(tmp_path / "none.mp4")
        with pytest.raises(VideoOpenError, match="is a folder"):
            open_video(tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_forbidden_file(self, tmp_path: Path) -> None:
        path = tmp_path / "x.mp4"
        path.touch(mode=0o000)
        with pytest.raises(VideoOpenError, match="permission denied"):
            open_video(path)

    def test_sound_only(self, tmp_path: Path) -> None:
        write_sound_only(tmp_path / "sound.mp4")
        with pytest.raises(NoVideoStreamError, match="no video stream"):
            open_video(tmp_path / "sound.mp4")

    def test_damaged_middle_costs_only_the_frames_it_touches(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], tmp_path: Path
    ) -> None:
        source, _ = video("plain.mp4")
        damage(source, tmp_path / "hole.mp4", 0.5, 400)
        with open_video(tmp_path / "hole.mp4") as reader:
            numbers = {round(time * 25): read_number(picture) for time, picture in reader.frames_at(25)}
            [(start, end), *_] = reader.damaged_seconds
        assert set(range(12)) | set(range(60, 70)) <= set(numbers)
        assert 12 / 25 <= start <= end <= 60 / 25
        assert [numbers[number] for number in range(12)] == list(range(12))
        assert [numbers[number] for number in range(60, 70)] == list(range(60, 70))

    def test_cut_stream_gives_what_is_there(
        self, video: Callable[[str], tuple[Path, list[Fraction]]], tmp_path: Path
    ) -> None:
        cut_short(video("matroska.mkv")[0], tmp_path / "cut.mkv", 0.6)
        with open_video(tmp_path / "cut.mkv") as reader:
            numbers = [read_number(picture) for _, picture in reader.frames_at(25)]
            assert reader.duration_seconds < 2.4
        assert numbers[:20] == list(range(20))
        assert len(numbers) < 70

    def test_a_name_that_is_not_utf8(self, video: Callable[[str], tuple[Path, list[Fraction]]], tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"bad\xff.mp4")
        try:
            path.write_bytes(video("plain.mp4")[0].read_bytes())
        except OSError:
            pytest.skip("the file system takes names in UTF-8 only")
        with open_video(path) as reader:
            assert [read_number(picture) for _, picture in reader.frames_at(1)] == [0, 25, 50]

    def test_odd_names(self, video: Callable[[str], tuple[Path, list[Fraction]]], tmp_path: Path) -> None:
        for name in ("http:plain.mp4", "naïve ünïcode & 100%d 视频.mp4", "-i.mp4"):
            (tmp_path / name).write_bytes(video("plain.mp4")[0].read_bytes())
            with open_video(tmp_path / name) as reader:
                assert [read_number(picture) for _, picture in reader.frames_at(1)] == [0, 25, 50]


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("reader", ["pyav", "open_video"])
def test_impossible_rates_are_refused(
    video: Callable[[str], tuple[Path, list[Fraction]]], reader: str, fps: float
) -> None:
    with opened(reader, video("plain.mp4")[0]) as frames, pytest.raises(ValueError, match="positive number"):
        next(frames.frames_at(fps))


def odd_files() -> list[Path]:
    shared = os.environ.get("VDUP_SHARED")
    return sorted(Path(shared, "oddfiles").iterdir()) if shared else []


@pytest.mark.shared
@pytest.mark.skipif(not odd_files(), reason="VDUP_SHARED does not name a folder that holds oddfiles/")
@pytest.mark.parametrize("path", odd_files(), ids=lambda path: path.name)
def test_odd_files_give_frames_or_a_video_error(path: Path) -> None:
    try:
        with open_video(path) as reader:
            times = [time for time, _ in reader.frames_at(4)]
    except VideoError:
        return
    assert times[0] == 0
    assert all(np.diff(times) > 0)
    assert reader.duration_seconds >= times[-1]
